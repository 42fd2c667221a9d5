/** What a WASI function answers, and what becomes of errors of Node's file system and of pointers that point nowhere. */
import { CurfewError } from '../errors.ts'

/** Those of preview 1 that are used here. */
export const ERRNO = {
  success: 0,
  '2big': 1,
  acces: 2,
  again: 6,
  badf: 8,
  busy: 10,
  exist: 20,
  fault: 21,
  fbig: 22,
  ilseq: 25,
  inval: 28,
  io: 29,
  isdir: 31,
  loop: 32,
  mfile: 33,
  mlink: 34,
  nametoolong: 37,
  nfile: 41,
  nodev: 43,
  noent: 44,
  nomem: 48,
  nospc: 51,
  nosys: 52,
  notdir: 54,
  notempty: 55,
  notsock: 57,
  notsup: 58,
  nxio: 60,
  overflow: 61,
  perm: 63,
  rofs: 69,
  spipe: 70,
  txtbsy: 74,
  xdev: 75,
  notcapable: 76,
} as const

export type Errno = keyof typeof ERRNO

/** A WASI function fails with it: the guest is told. */
export class WasiError extends Error {
  readonly errno: Errno

  constructor(errno: Errno) {
    super(errno)
    this.errno = errno
  }
}

/** What to tell the guest of an error. @throws the error itself, if it is none of the guest's business */
export function errnoOf(error: unknown): number {
  if (error instanceof WasiError) return ERRNO[error.errno]
  if (error instanceof CurfewError && error.code === 'out-of-bounds') return ERRNO.fault
  const errno = systemErrno(error)
  if (errno === undefined) throw error
  return errno
}

/** `ENOENT` and its like; those that WASI has not under another name here are told as `EIO`. */
function systemErrno(error: unknown): number | undefined {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown }
  if (typeof code !== 'string' || syscall === undefined) return undefined
  const name = code.replace(/^E/, '').toLowerCase()
  return Object.hasOwn(ERRNO, name) ? ERRNO[name as Errno] : ERRNO.io
}
