/** Preview 1 as a guest calls it, without a guest: the functions on a memory of the test's own, with a caller that the test controls. */
import assert from 'node:assert/strict'
import type { Caller } from '../../src/guests/caller.ts'
import { InstanceMemory } from '../../src/guests/guest-memory.ts'
import type { Preopen } from '../../src/wasi/descriptors.ts'
import { ERRNO, type Errno } from '../../src/wasi/errno.ts'
import { type FileTree, filesOf } from '../../src/wasi/file-tree.ts'
import type { WasiSettings } from '../../src/wasi/guest.ts'
import { HostDirectory } from '../../src/wasi/host-directory.ts'
import { Quota } from '../../src/wasi/quota.ts'
import { type RunSettings, WasiRun } from '../../src/wasi/run.ts'
import type { WasiName } from '../../src/wasi/signatures.ts'
import { VirtualDirectory } from '../../src/wasi/virtual-directory.ts'
import { wasiImports } from '../../src/wasi/wasi.ts'

type Functions = Record<WasiName, (...args: (number | bigint)[]) => number | Promise<number>>

/** What `caller.end` throws in place of a trap. */
export class Ended extends Error {
  readonly end: unknown

  constructor(end: unknown) {
    super('ended')
    this.end = end
  }
}

export interface AbiOptions extends Partial<Omit<WasiSettings, 'preopens'>> {
  readonly preopens?: readonly Preopen[]
  readonly run?: Partial<RunSettings>
  readonly canSuspend?: boolean
  readonly timeLeft?: number
}

/** All that toolchains know of. */
export const ALL_RIGHTS = (1n << 30n) - 1n
export const OFLAG = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const
export const FOLLOW = 1
/** The first directory that a guest begins with. */
export const ROOT = 3
const PAGE = 65_536
const PAGES = 8

export class Abi {
  readonly memory = new WebAssembly.Memory({ initial: PAGES })
  readonly wasi: Functions
  readonly run: WasiRun
  readonly ended = new AbortController()
  readonly gone = new AbortController()
  canSuspend: boolean
  timeLeft: number
  #free = 1024

  constructor(options: AbiOptions = {}) {
    const { preopens = [], run, canSuspend = true, timeLeft = Number.POSITIVE_INFINITY, ...settings } = options
    this.canSuspend = canSuspend
    this.timeLeft = timeLeft
    this.run = new WasiRun({ args: ['test'], env: {}, stdin: '', stdout: undefined, stderr: undefined, outputLimit: undefined, ...run })
    const abi = this
    const caller = {
      module: 'test',
      memory: new InstanceMemory('test', () => this.memory),
      signal: this.ended.signal,
      gone: this.gone.signal,
      get timeLeft() {
        return abi.timeLeft
      },
      context: undefined,
      run: this.run,
      get canSuspend() {
        return abi.canSuspend
      },
      end(cause: unknown): never {
        throw new Ended(cause)
      },
    }
    const all = { clock: 0, random: 0, descriptors: 256, standing: () => this.run, preopens: () => preopens, ...settings } as const
    this.wasi = wasiImports(all)(caller as unknown as Caller) as unknown as Functions
  }

  get view(): DataView {
    return new DataView(this.memory.buffer)
  }

  /** Room in memory. */
  room(size: number): number {
    const at = this.#free
    this.#free += (size + 7) & ~7
    assert.ok(this.#free < PAGE * PAGES, 'the memory of the test is large enough')
    return at
  }

  put(bytes: string | Uint8Array): { at: number; length: number } {
    const encoded = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
    const at = this.room(encoded.length)
    new Uint8Array(this.memory.buffer).set(encoded, at)
    return { at, length: encoded.length }
  }

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length).slice()
  }

  text(at: number, length: number): string {
    return new TextDecoder().decode(this.bytes(at, length))
  }

  /** The list of one buffer. */
  vector(at: number, length: number): number {
    const vector = this.room(8)
    this.view.setUint32(vector, at, true)
    this.view.setUint32(vector + 4, length, true)
    return vector
  }

  /** A function's errno by name, which is to be at hand. */
  errno(name: WasiName, ...args: (number | bigint)[]): Errno {
    const answer = this.wasi[name](...args)
    assert.equal(typeof answer, 'number', `${name} answers at once`)
    return nameOf(answer as number)
  }

  /** Calls what has a path as its arguments after those `before`. */
  path(name: WasiName, before: readonly number[], path: string | Uint8Array, ...after: (number | bigint)[]): Errno {
    const { at, length } = this.put(path)
    return this.errno(name, ...before, at, length, ...after)
  }

  /** @returns the descriptor, or the errno */
  open(
    path: string,
    { create = false, exclusive = false, truncate = false, directory = false, follow = true, rights = ALL_RIGHTS, from = ROOT, flags = 0 } = {},
  ): number | Errno {
    const result = this.room(4)
    const oflags = (create ? OFLAG.create : 0) | (exclusive ? OFLAG.exclusive : 0) | (truncate ? OFLAG.truncate : 0) | (directory ? OFLAG.directory : 0)
    const errno = this.path('path_open', [from, follow ? FOLLOW : 0], path, oflags, rights, ALL_RIGHTS, flags, result)
    return errno === 'success' ? this.view.getUint32(result, true) : errno
  }

  write(descriptor: number, text: string): Errno {
    const { at, length } = this.put(text)
    return this.errno('fd_write', descriptor, this.vector(at, length), 1, this.room(4))
  }

  /** What is read, at most so much; or the errno. */
  read(descriptor: number, length = 1000): string {
    const [at, count] = [this.room(length), this.room(4)]
    const errno = this.errno('fd_read', descriptor, this.vector(at, length), 1, count)
    return errno === 'success' ? this.text(at, this.view.getUint32(count, true)) : errno
  }

  /** A whole file by its path, or the errno. */
  contents(path: string, from = ROOT): string {
    const opened = this.open(path, { rights: READ, from })
    if (typeof opened === 'string') return opened
    const read = this.read(opened)
    this.errno('fd_close', opened)
    return read
  }

  /** Writes a file from its beginning. */
  save(path: string, text: string): Errno {
    const opened = this.open(path, { create: true, truncate: true, rights: WRITE })
    if (typeof opened === 'string') return opened
    const written = this.write(opened, text)
    this.errno('fd_close', opened)
    return written
  }

  /** Names in a directory, `.` and `..` left out, with their types. */
  list(path = '.', bufferSize = 4096): Record<string, number> | Errno {
    const opened = this.open(path, { directory: true, rights: ALL_RIGHTS & ~WRITE })
    if (typeof opened === 'string') return opened
    const entries: Record<string, number> = {}
    const [buffer, used] = [this.room(bufferSize), this.room(4)]
    for (let cookie = 0n; ; ) {
      assert.equal(this.errno('fd_readdir', opened, buffer, bufferSize, cookie, used), 'success')
      const end = buffer + this.view.getUint32(used, true)
      let at = buffer
      while (at + 24 <= end) {
        const length = this.view.getUint32(at + 16, true)
        if (at + 24 + length > end) break
        cookie = this.view.getBigUint64(at, true)
        const name = this.text(at + 24, length)
        if (!/^\.\.?$/.test(name)) entries[name] = this.view.getUint8(at + 20)
        at += 24 + length
      }
      if (end < buffer + bufferSize) break
    }
    this.errno('fd_close', opened)
    return Object.fromEntries(Object.entries(entries).sort())
  }

  stat(path: string, follow = true): { type: number; size: number; links: number; accessed: bigint; modified: bigint } | Errno {
    const result = this.room(64)
    const errno = this.path('path_filestat_get', [ROOT, follow ? FOLLOW : 0], path, result)
    if (errno !== 'success') return errno
    const { view } = this
    return {
      type: view.getUint8(result + 16),
      links: Number(view.getBigUint64(result + 24, true)),
      size: Number(view.getBigUint64(result + 32, true)),
      accessed: view.getBigUint64(result + 40, true),
      modified: view.getBigUint64(result + 48, true),
    }
  }

  symlink(target: string, path: string): Errno {
    const to = this.put(target)
    return this.path('path_symlink', [to.at, to.length, ROOT], path)
  }

  link(path: string, newPath: string, { from = ROOT, to = ROOT, follow = false } = {}): Errno {
    const there = this.put(newPath)
    return this.path('path_link', [from, follow ? FOLLOW : 0], path, to, there.at, there.length)
  }

  rename(path: string, newPath: string, { from = ROOT, to = ROOT } = {}): Errno {
    const there = this.put(newPath)
    return this.path('path_rename', [from], path, to, there.at, there.length)
  }
}

/** Rights of a file that is read, or written. */
export const READ = 0b10_0000_0000_0000_0010_0110n | (1n << 21n)
export const WRITE = (1n << 6n) | (1n << 8n) | (1n << 22n)

export function nameOf(errno: number): Errno {
  const found = Object.entries(ERRNO).find(([, number]) => number === errno)
  assert.ok(found !== undefined, `${errno} is an errno`)
  return found[0] as Errno
}

export const LIMITS = { bytes: 1024 * 1024, files: 100 }

export function inMemory(files: FileTree, readOnly = false, most = LIMITS.files, now = () => 0): Preopen {
  return { path: '/', directory: VirtualDirectory.root(filesOf('files', files), new Quota(LIMITS.bytes, most), now), readOnly }
}

export function onDisk(path: string, readOnly = false): Preopen {
  return { path: '/', directory: HostDirectory.chosen(path)(), readOnly }
}
