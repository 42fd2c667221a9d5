/**
 * What is in a file in memory, in pieces: so that no read, write or change of size takes longer for a large file than for a small one, and
 * what was never written takes no memory.
 */
import { WasiError } from './errno.ts'
import type { Quota } from './quota.ts'

/** A power of two. */
const PIECE = 64 * 1024
const SMALLEST = 256

interface Piece {
  /** Of at most `PIECE` bytes; what it lacks is zeros. */
  readonly bytes: Uint8Array
  /** Others have it too: it is copied before it is written to. */
  readonly isShared: boolean
}

export class Contents {
  readonly #quota: Quota
  readonly #pieces = new Map<number, Piece>()
  #size = 0

  constructor(quota: Quota) {
    this.#quota = quota
  }

  get size(): number {
    return this.#size
  }

  /** Begins with these bytes, which nobody changes, and which are paid for. */
  begin(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += PIECE) this.#pieces.set(at / PIECE, { bytes: bytes.subarray(at, at + PIECE), isShared: true })
    this.#size = bytes.length
  }

  read(into: Uint8Array, position: number): number {
    const length = Math.min(into.length, this.#size - position)
    if (length <= 0) return 0
    forEachPiece(position, length, (index, offset, from, count) => {
      const target = into.subarray(from, from + count)
      const there = this.#pieces.get(index)?.bytes.subarray(offset, offset + count)
      if (there !== undefined) target.set(there)
      target.fill(0, there?.length ?? 0)
    })
    return length
  }

  /** @returns so many were written: fewer, if there is no room for all. @throws WasiError `nospc`, `fbig` */
  write(bytes: Uint8Array, position: number): number {
    if (bytes.length === 0) return 0
    this.#checkSize(position + bytes.length)
    let written = 0
    try {
      forEachPiece(position, bytes.length, (index, offset, from, count) => {
        this.#writable(index, offset + count).set(bytes.subarray(from, from + count), offset)
        written += count
      })
    } catch (error) {
      if (written === 0) throw error
    }
    this.#size = Math.max(this.#size, position + written)
    return written
  }

  /** @throws WasiError `fbig` */
  resize(size: number): void {
    this.#checkSize(size)
    if (size < this.#size) this.#cut(size)
    this.#size = size
  }

  /** Lets go of everything. */
  clear(): void {
    this.#cut(0)
    this.#size = 0
  }

  /** A copy. */
  get bytes(): Uint8Array {
    const all = new Uint8Array(this.#size)
    this.read(all, 0)
    return all
  }

  #checkSize(size: number): void {
    if (size > this.#quota.mostBytes) throw new WasiError('fbig')
  }

  /** A piece of its own, with room up to `end`. @throws WasiError `nospc` */
  #writable(index: number, end: number): Uint8Array {
    const former = this.#pieces.get(index)
    const length = former?.bytes.length ?? 0
    if (former !== undefined && !former.isShared && length >= end) return former.bytes
    let room = Math.max(SMALLEST, length)
    while (room < end) room *= 2
    room = Math.min(room, PIECE)
    this.#quota.takeBytes(room - length)
    const bytes = new Uint8Array(room)
    if (former !== undefined) bytes.set(former.bytes)
    this.#pieces.set(index, { bytes, isShared: false })
    return bytes
  }

  #cut(size: number): void {
    const last = Math.floor(size / PIECE)
    for (const [index, piece] of this.#pieces) {
      if (index < last) continue
      const kept = index === last ? Math.min(size % PIECE, piece.bytes.length) : 0
      this.#quota.giveBytes(piece.bytes.length - kept)
      if (kept === 0) this.#pieces.delete(index)
      else this.#pieces.set(index, { bytes: piece.bytes.slice(0, kept), isShared: false })
    }
  }
}

/** The pieces that a range touches: which, where in it, where in the range, and how many bytes. */
function forEachPiece(position: number, length: number, visit: (index: number, offset: number, from: number, count: number) => void): void {
  for (let from = 0; from < length; ) {
    const offset = (position + from) % PIECE
    const count = Math.min(PIECE - offset, length - from)
    visit(Math.floor((position + from) / PIECE), offset, from, count)
    from += count
  }
}
