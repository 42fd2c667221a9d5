/** The descriptors of an instance: what a guest has open, and what it may do with that. */
import { type Directory, type Entry, FILE_TYPE, type FileType, type OpenFile } from './directory.ts'
import { WasiError } from './errno.ts'
import { directoryRights, FILE_RIGHTS, OUTPUT_RIGHTS, RIGHT, type Right, STDIN_RIGHTS } from './rights.ts'

/** As preview 1 numbers them. */
export const FD_FLAG = { append: 1, dsync: 2, nonblock: 4, rsync: 8, sync: 16 } as const

abstract class Descriptor {
  abstract readonly type: FileType
  base: number
  inheriting: number
  flags = 0

  constructor(base: number, inheriting = 0) {
    this.base = base
    this.inheriting = inheriting
  }

  has(flag: keyof typeof FD_FLAG): boolean {
    return (this.flags & FD_FLAG[flag]) !== 0
  }

  abstract close(): void
}

/** One of the three that a guest begins with. Where it leads is the run's business, not the instance's. */
export class StdioDescriptor extends Descriptor {
  readonly type = FILE_TYPE.unknown
  readonly stream: 'stdin' | 'stdout' | 'stderr'

  constructor(stream: 'stdin' | 'stdout' | 'stderr') {
    super(stream === 'stdin' ? STDIN_RIGHTS : OUTPUT_RIGHTS)
    this.stream = stream
  }

  close(): void {
    // The next run has it again
  }
}

export class FileDescriptor extends Descriptor {
  readonly type = FILE_TYPE.file
  readonly file: OpenFile
  position = 0

  constructor(file: OpenFile, base: number, inheriting: number) {
    super(base & FILE_RIGHTS, inheriting)
    this.file = file
  }

  close(): void {
    this.file.close()
  }
}

export class DirectoryDescriptor extends Descriptor {
  readonly type = FILE_TYPE.directory
  readonly directory: Directory
  /** What a guest sees a directory under that it begins with. */
  readonly preopened: string | undefined
  #listing: Listing | undefined

  constructor(directory: Directory, base: number, inheriting: number, preopened?: string) {
    super(base, inheriting)
    this.directory = directory
    this.preopened = preopened
  }

  /** The entries, as far as this descriptor has come with them. */
  get listing(): Listing {
    this.#listing ??= new Listing(this.directory)
    return this.#listing
  }

  close(): void {
    this.#listing?.close()
    this.directory.close()
  }
}

/** Entries by number. Only the last one is kept: a guest may list many large directories at a time. */
export class Listing {
  readonly #directory: Directory
  #entries: Iterator<Entry>
  #last: Entry | undefined
  /** Of the entry to come. */
  #next = 0

  constructor(directory: Directory) {
    this.#directory = directory
    this.#entries = entriesOf(directory)
  }

  /** From its beginning, as it is now. */
  rewind(): void {
    this.close()
    this.#entries = entriesOf(this.#directory)
    this.#next = 0
    this.#last = undefined
  }

  /** Looks at one entry. @returns the one of that number, `undefined` if it comes later, `null` if there is none */
  step(number: number): Entry | undefined | null {
    if (number === this.#next - 1) return this.#last
    if (number < this.#next) this.rewind()
    const { done, value } = this.#entries.next()
    if (done === true) return null
    this.#last = value
    return number === this.#next++ ? value : undefined
  }

  close(): void {
    this.#entries.return?.()
  }
}

function* entriesOf(directory: Directory): Generator<Entry, void> {
  yield { name: '.', type: FILE_TYPE.directory, inode: directory.stat().inode }
  yield { name: '..', type: FILE_TYPE.directory, inode: 0n }
  yield* directory.list()
}

export type AnyDescriptor = StdioDescriptor | FileDescriptor | DirectoryDescriptor

export interface Preopen {
  readonly path: string
  readonly directory: Directory
  readonly readOnly: boolean
}

export class Descriptors {
  readonly #table = new Map<number, AnyDescriptor>()
  readonly #most: number

  constructor(preopens: readonly Preopen[], most: number) {
    this.#most = Math.max(most, preopens.length + 3)
    for (const stream of ['stdin', 'stdout', 'stderr'] as const) this.add(new StdioDescriptor(stream))
    for (const { path, directory, readOnly } of preopens) {
      const { base, inheriting } = directoryRights(readOnly)
      this.add(new DirectoryDescriptor(directory, base, inheriting, path))
    }
  }

  /** @throws WasiError `badf`, `notcapable` */
  get(number: number, ...rights: Right[]): AnyDescriptor {
    const found = this.#table.get(number)
    if (found === undefined) throw new WasiError('badf')
    if (rights.some((right) => (found.base & RIGHT[right]) === 0)) throw new WasiError('notcapable')
    return found
  }

  /** @throws WasiError `badf`, `notdir`, `notcapable` */
  directory(number: number, ...rights: Right[]): DirectoryDescriptor {
    const found = this.get(number)
    if (!(found instanceof DirectoryDescriptor)) throw new WasiError('notdir')
    this.get(number, ...rights)
    return found
  }

  /** @throws WasiError `badf`, `isdir`, `spipe`, `notcapable` */
  file(number: number, ...rights: Right[]): FileDescriptor {
    const found = this.get(number)
    if (found instanceof DirectoryDescriptor) throw new WasiError('isdir')
    if (found instanceof StdioDescriptor) throw new WasiError('spipe')
    this.get(number, ...rights)
    return found
  }

  /** Before anything is opened that would have no place. @throws WasiError `mfile` */
  checkRoom(): void {
    if (this.#table.size >= this.#most) throw new WasiError('mfile')
  }

  /** @returns the lowest free number. @throws WasiError `mfile` */
  add(descriptor: AnyDescriptor): number {
    this.checkRoom()
    let number = 0
    while (this.#table.has(number)) number++
    this.#table.set(number, descriptor)
    return number
  }

  close(number: number): void {
    const found = this.get(number)
    this.#table.delete(number)
    found.close()
  }

  /** `from` becomes `to`, which is closed. */
  renumber(from: number, to: number): void {
    const moved = this.get(from)
    if (from === to) return
    this.close(to)
    this.#table.delete(from)
    this.#table.set(to, moved)
  }

  /** When the instance is gone. */
  closeAll(): void {
    for (const descriptor of this.#table.values()) {
      try {
        descriptor.close()
      } catch {
        // The others are closed all the same, and nobody is left to be told
      }
    }
    this.#table.clear()
  }
}
