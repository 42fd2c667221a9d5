/** The part of `node:fs` that Emscripten's glue uses, with files in memory. */
import { constants } from 'node:fs'

interface MemoryFile {
  bytes: Uint8Array<ArrayBuffer>
  size: number
}

/** The descriptors below are those of the terminal. */
const FIRST_DESCRIPTOR = 3

export class MemoryFiles {
  readonly #files = new Map<string, MemoryFile>()
  readonly #open = new Map<number, MemoryFile>()
  #next = FIRST_DESCRIPTOR
  /** What was written to the terminal. */
  printed = ''

  clear(): void {
    this.#files.clear()
    this.#open.clear()
    this.#next = FIRST_DESCRIPTOR
    this.printed = ''
  }

  write(path: string, bytes: Uint8Array): void {
    this.#files.set(path, { bytes: new Uint8Array(bytes), size: bytes.length })
  }

  read(path: string): Uint8Array<ArrayBuffer> | undefined {
    const file = this.#files.get(path)
    return file?.bytes.slice(0, file.size)
  }

  readonly fs = {
    constants,
    openSync: (path: string, flags: number): number => {
      if ((flags & constants.O_TRUNC) !== 0) this.write(path, new Uint8Array())
      this.#open.set(this.#next, this.#at(path))
      return this.#next++
    },
    closeSync: (descriptor: number): void => {
      this.#open.delete(descriptor)
    },
    fstatSync: (descriptor: number) => stat(this.#opened(descriptor)),
    lstatSync: (path: string) => stat(this.#at(path)),
    readSync: (descriptor: number, into: Uint8Array, offset: number, length: number, position: number): number => {
      const { bytes, size } = this.#opened(descriptor)
      const part = bytes.subarray(position, Math.min(size, position + length))
      into.set(part, offset)
      return part.length
    },
    writeSync: (descriptor: number, from: Uint8Array, offset: number, length: number, position?: number): number => {
      const part = from.subarray(offset, offset + length)
      if (descriptor < FIRST_DESCRIPTOR) this.printed += Buffer.from(part).toString()
      else append(this.#opened(descriptor), part, position)
      return length
    },
  }

  #at(path: string): MemoryFile {
    const file = this.#files.get(path)
    if (file === undefined) throw Object.assign(new Error(`no file ${path}`), { code: 'ENOENT' })
    return file
  }

  #opened(descriptor: number): MemoryFile {
    const file = this.#open.get(descriptor)
    if (file === undefined) throw Object.assign(new Error(`no open file ${descriptor}`), { code: 'EBADF' })
    return file
  }
}

function append(file: MemoryFile, part: Uint8Array, position = file.size): void {
  const size = Math.max(file.size, position + part.length)
  if (size > file.bytes.length) {
    const larger = new Uint8Array(2 * size)
    larger.set(file.bytes.subarray(0, file.size))
    file.bytes = larger
  }
  file.bytes.set(part, position)
  file.size = size
}

function stat({ size }: MemoryFile): object {
  const never = new Date(0)
  return { ino: 1, dev: 1, mode: constants.S_IFREG | 0o644, size, nlink: 1, uid: 0, gid: 0, rdev: 0, blksize: 4096, blocks: 1, ...dates(never) }
}

function dates(date: Date): object {
  return { atime: date, mtime: date, ctime: date }
}
