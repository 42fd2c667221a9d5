/** What the programs of this folder are run with. What has to come of it is in `expected/`. */

/** What is in a folder: text for a file, a tree for a folder, `{ link }` for a symbolic link. */
export interface Tree {
  readonly [name: string]: string | Tree | Link
}

export class Link {
  readonly target: string
  constructor(target: string) {
    this.target = target
  }
}

export interface Case {
  /** Also the name of the file in `expected/`. */
  readonly name: string
  /** The file without its ending, relative to this folder: `c/hello`. */
  readonly program: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** By the path that the program knows it by: `{ '/': {} }`. */
  readonly folders?: Readonly<Record<string, Folder>>
  /** A folder in memory begins without links. */
  readonly onHostOnly?: boolean
  /** Lines that `node:wasi` has otherwise, or why it is no reference here. */
  readonly nodeDiffers?: Readonly<Record<string, string>> | string
}

export interface Folder {
  readonly files: Tree
  readonly readOnly?: boolean
  /** What is around it, where the program must not get to: the folder itself is `box` in there. Only for folders of the host. */
  readonly around?: Tree
}

const NONE: Readonly<Record<string, Folder>> = { '/': { files: {} } }

export const CASES: readonly Case[] = [
  { name: 'hello', program: 'c/hello' },
  { name: 'arguments', program: 'c/arguments', args: ['', 'two words', 'Öl', '--x=1'], env: { HOME: '/home/guest', EMPTY: '', LIST: 'a=b' } },
  { name: 'no-arguments', program: 'c/arguments' },
  { name: 'cat', program: 'c/cat', stdin: 'some\ntext\0with zeros\n' },
  { name: 'cat-nothing', program: 'c/cat' },
  { name: 'cat-much', program: 'c/cat', stdin: 'much '.repeat(20_000) },
  { name: 'cat-files', program: 'c/cat', args: ['a.txt', 'b/c.txt'], folders: { '/': { files: { 'a.txt': 'one\n', b: { 'c.txt': 'two\n' } } } } },
  {
    name: 'cat-links',
    program: 'c/cat',
    args: ['up.txt', 'b/up.txt', 'around/a.txt'],
    folders: { '/': { files: { 'a.txt': 'one\n', 'up.txt': new Link('b/up.txt'), b: { 'up.txt': new Link('../a.txt') }, around: new Link('b/..') } } },
    onHostOnly: true,
  },
  { name: 'cat-missing', program: 'c/cat', args: ['a.txt'], folders: NONE },
  { name: 'cat-without-folders', program: 'c/cat', args: ['/etc/passwd'] },
  ...['return', 'exit', 'at-once'].map((how): Case => ({ name: `ends-by-${how}`, program: 'c/ends', args: [how, '3'] })),
  ...['abort', 'trap'].map((how): Case => ({ name: `ends-by-${how}`, program: 'c/ends', args: [how] })),
  { name: 'exit-code-255', program: 'c/ends', args: ['exit', '255'] },
  { name: 'files', program: 'c/files', folders: NONE },
  {
    name: 'folders',
    program: 'c/folders',
    folders: NONE,
    nodeDiffers: { 'read a folder as a file: Is a directory': 'read a folder as a file: Bad file descriptor' },
  },
  {
    name: 'links',
    program: 'c/links',
    folders: NONE,
    nodeDiffers: {
      'not followed: Symbolic link loop': 'not followed: done',
      'read part of it: 4\n  <belo>': 'read part of it: No buffer space available\n  <>',
    },
  },
  { name: 'time', program: 'c/time', folders: NONE, nodeDiffers: { '1000000000.500': '1000000000.000' } },
  { name: 'sleep-until', program: 'c/sleep_until', nodeDiffers: 'it takes a point in time for a length of time, and sleeps for years' },
  { name: 'random', program: 'c/random' },
  { name: 'poll', program: 'c/poll', stdin: 'something to read' },
  { name: 'large', program: 'c/large', args: ['300001'] },
  { name: 'many', program: 'c/many', folders: NONE },
  {
    name: 'descriptors',
    program: 'c/descriptors',
    folders: NONE,
    nodeDiffers: {
      'append: set': 'append: NOT SET',
      'shut down a file: Not a socket': 'shut down a file: Not supported',
      'accept from a file: Not a socket': 'accept from a file: Capabilities insufficient',
    },
  },
  { name: 'errors', program: 'c/errors', folders: { '/': { files: { 'file.txt': 'text', folder: { 'within.txt': 'within' } } } } },
  {
    name: 'escape',
    program: 'c/escape',
    folders: {
      '/': {
        files: {
          'host-link': new Link('../secret'),
          'host-parent': new Link('..'),
          'host-chain': new Link('host-link'),
          'host-dangling': new Link('../created'),
        },
        around: { secret: 'nobody may read this', empty: {} },
      },
    },
    nodeDiffers: 'it lets programs out by way of links, as its documentation says',
  },
  {
    name: 'read-only',
    program: 'c/read_only',
    folders: { '/given': { files: { 'file.txt': 'given', empty: {} }, readOnly: true }, '/work': { files: { 'mine.txt': 'mine' } } },
    nodeDiffers: 'it has no folders that are read-only',
  },
  { name: 'sort', program: 'c/sort', stdin: 'pear\napple\nfig\n' },
  {
    name: 'sort-files',
    program: 'c/sort',
    args: ['-r', '/in/from.txt', '/out/to.txt'],
    folders: { '/in': { files: { 'from.txt': 'b\nc\na\n' } }, '/out': { files: {} } },
  },
  {
    name: 'rust',
    program: 'rust/tool',
    args: ['--flag'],
    env: { LANG: 'C' },
    stdin: 'to be or not to be\nTo do is to be',
    folders: { '/': { files: { out: {} }, around: { secret: 'nobody may read this' } } },
  },
  { name: 'rust-panic', program: 'rust/panic' },
  { name: 'cpp', program: 'cpp/words', stdin: 'b a c b a b', folders: NONE },
  { name: 'assemblyscript', program: 'assembly/tool', args: ['--flag', 'Öl'], env: { NAME: 'curfew' }, stdin: '40\n-2\n4\n' },
  { name: 'assemblyscript-abort', program: 'assembly/abort' },
  {
    name: 'zig',
    program: 'zig/tool',
    args: ['--flag'],
    env: { NAME: 'curfew' },
    stdin: '40\n-2\n4\n',
    folders: NONE,
    nodeDiffers: 'it refuses a folder to who asks for more rights than there are, as Zig does',
  },
]
