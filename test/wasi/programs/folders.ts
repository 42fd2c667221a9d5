/** Folders of the host, made for a program and read when it is done. */

import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Folder, Link, type Tree } from './cases.ts'

export type Folders = Readonly<Record<string, Folder>>

/** What is around a folder is listed as `folder/..`. */
export type Trees = Readonly<Record<string, Tree>>

/** A temporary folder, where each of `folders` is called `box` in one of its own. */
export class HostFolders implements Disposable {
  readonly root: string = mkdtempSync(join(tmpdir(), 'curfew-programs-'))
  /** By the path that the program knows it by. */
  readonly paths: Readonly<Record<string, string>>
  readonly #folders: Folders

  constructor(folders: Folders) {
    this.#folders = folders
    this.paths = Object.fromEntries(
      Object.entries(folders).map(([guest, { files, around }], index) => {
        make(join(this.root, `${index}`), { ...around, box: files })
        return [guest, join(this.root, `${index}`, 'box')]
      }),
    )
  }

  read(): Trees {
    return Object.fromEntries(
      Object.entries(this.paths).flatMap(([guest, path]) => {
        const { box, ...around } = read(join(path, '..'))
        const inside: [string, Tree] = [guest, box as Tree]
        return this.#folders[guest]?.around === undefined ? [inside] : [inside, [`${guest}/..`.replace('//', '/'), around]]
      }),
    )
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

function make(path: string, tree: Tree): void {
  mkdirSync(path)
  for (const [name, entry] of Object.entries(tree)) {
    if (typeof entry === 'string') writeFileSync(join(path, name), entry)
    else if (entry instanceof Link) symlinkSync(entry.target, join(path, name))
    else make(join(path, name), entry)
  }
}

function read(path: string): Tree {
  const entries = readdirSync(path).map((name): [string, string | Tree | Link] => {
    const at = join(path, name)
    const about = lstatSync(at)
    if (about.isSymbolicLink()) return [name, new Link(readlinkSync(at))]
    return [name, about.isDirectory() ? read(at) : readFileSync(at, 'utf8')]
  })
  return Object.fromEntries(entries)
}
