/**
 * Reads the binary format's basic forms from bytes. Every failure is a `LoadError` that says where what was expected;
 * nothing is allocated on the word of a count.
 */

import { LoadError } from '../errors.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The bytes do not decode. */
export function malformed(what: string, offset: number): LoadError {
  return new LoadError('malformed', what, { offset })
}

/** The bytes decode, but say something that cannot be. */
export function invalid(what: string, offset: number, figures: Readonly<Record<string, number>> = {}): LoadError {
  return new LoadError('invalid-module', what, { offset, figures })
}

/** An index is outside its space. `what` is as a reader is told: `a function index`. */
export function outside(what: string, index: number, size: number, offset: number): LoadError {
  return invalid(`${what.replace(/^an? /, '')} ${index} is outside its index space of ${size}`, offset, { index, size })
}

/** A byte as people write it: 0x0a. */
export function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}

export class Reader {
  readonly bytes: Uint8Array
  /** The next byte to read. */
  offset: number
  /** Where reading must stop. Whoever narrows it, to a section say, widens it again. */
  end: number

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  /** How many bytes are left. */
  get left(): number {
    return this.end - this.offset
  }

  /** @param at where, if not at the next byte */
  fail(expected: string, at: number = this.offset): never {
    const ending = this.end === this.bytes.length ? 'the input' : 'its section or function'
    throw malformed(at >= this.end ? `expected ${expected}, but ${ending} ends` : `expected ${expected}`, at)
  }

  u8(what: string): number {
    const offset = this.offset
    if (offset >= this.end) this.fail(what)
    this.offset = offset + 1
    return this.bytes[offset] as number
  }

  /** The next byte, left unread; -1 at the end. */
  peek(): number {
    return this.offset < this.end ? (this.bytes[this.offset] as number) : -1
  }

  u32(what: string): number {
    const offset = this.offset
    if (offset < this.end) {
      const byte = this.bytes[offset] as number
      if (byte < 0x80) {
        this.offset = offset + 1
        return byte
      }
    }
    return this.#longU32(what)
  }

  /** Puts words together only when they are needed. */
  #size(of: string, what: string): number {
    const byte = this.peek()
    if (byte < 0 || byte >= 0x80) return this.u32(`${of} ${what}`)
    this.offset++
    return byte
  }

  #longU32(what: string): number {
    const { bytes, end, offset: start } = this
    let value = 0
    for (let shift = 0, at = start; ; shift += 7, at++) {
      if (at >= end) this.fail(what, at)
      const byte = bytes[at] as number
      if (shift === 28) {
        if (byte > 0x0f) throw tooLong(what, 32, byte, start)
        this.offset = at + 1
        return (value | (byte << 28)) >>> 0
      }
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.offset = at + 1
        return value
      }
    }
  }

  s32(what: string): number {
    const { bytes, end, offset: start } = this
    let value = 0
    for (let shift = 0, at = start; ; shift += 7, at++) {
      if (at >= end) this.fail(what, at)
      const byte = bytes[at] as number
      if (shift === 28) {
        // 4 bits of value; the rest must repeat the sign
        if (byte > 0x07 && (byte < 0x78 || byte > 0x7f)) throw tooLong(what, 32, byte, start)
        this.offset = at + 1
        return value | (byte << 28)
      }
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.offset = at + 1
        return (value << (25 - shift)) >> (25 - shift)
      }
    }
  }

  /** What type indices share an encoding with types in: 33 bits, signed. */
  s33(what: string): number {
    const { bytes, end, offset: start } = this
    let value = 0
    for (let shift = 0, at = start; ; shift += 7, at++) {
      if (at >= end) this.fail(what, at)
      const byte = bytes[at] as number
      if (shift === 28) {
        if (byte > 0x0f && (byte < 0x70 || byte > 0x7f)) throw tooLong(what, 33, byte, start)
        this.offset = at + 1
        const low = (value | (byte << 28)) >>> 0
        return byte > 0x0f ? low - 0x1_0000_0000 : low
      }
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.offset = at + 1
        return (value << (25 - shift)) >> (25 - shift)
      }
    }
  }

  u64(what: string): bigint {
    const { bytes, offset: start } = this
    this.skipU64(what)
    let value = 0n
    for (let at = this.offset - 1; at >= start; at--) value = (value << 7n) | BigInt((bytes[at] as number) & 0x7f)
    return value
  }

  s64(what: string): bigint {
    const { bytes, offset: start } = this
    this.skipS64(what)
    let value = 0n
    for (let at = this.offset - 1; at >= start; at--) value = (value << 7n) | BigInt((bytes[at] as number) & 0x7f)
    return BigInt.asIntN(64, BigInt.asIntN(7 * (this.offset - start), value))
  }

  /** Checks a u64 and returns it as a number: exact up to 2^53, and above that still the right order of magnitude. */
  skipU64(what: string): number {
    const { bytes, end, offset: start } = this
    let value = 0
    let scale = 1
    for (let at = start; ; at++, scale *= 128) {
      if (at >= end) this.fail(what, at)
      const byte = bytes[at] as number
      if (at - start === 9 && byte > 0x01) throw tooLong(what, 64, byte, start)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.offset = at + 1
        return value
      }
    }
  }

  skipS64(what: string): void {
    const { bytes, end, offset: start } = this
    for (let at = start; ; at++) {
      if (at >= end) this.fail(what, at)
      const byte = bytes[at] as number
      if (at - start === 9 && byte !== 0x00 && byte !== 0x7f) throw tooLong(what, 64, byte, start)
      if (byte < 0x80) {
        this.offset = at + 1
        return
      }
    }
  }

  /** Steps over bytes that need no reading. */
  skip(count: number, what: string): void {
    if (count > this.end - this.offset) this.fail(`${what} of ${count} bytes, not the ${this.end - this.offset} left`)
    this.offset += count
  }

  /** How many items follow, each of which takes some bytes; more than the bytes left can hold are refused, and more than an engine takes. */
  count(what: string, minBytesEach = 1, limit = 0xffff_ffff): number {
    const at = this.offset
    const count = this.#size('the number of', what)
    if (count * minBytesEach > this.end - this.offset) {
      throw malformed(`expected ${count} ${what}, but only ${this.end - this.offset} bytes are left`, at)
    }
    if (count > limit) throw invalid(`${count} ${what} are more than the ${limit} that an engine takes`, at, { count, limit })
    return count
  }

  /** An index that must be below the size of its space. `what` has an article: `a function index`. */
  index(what: string, size: number): number {
    const at = this.offset
    const index = this.u32(what)
    this.check(index, what, size, at)
    return index
  }

  /** The same for an index that is not written out. */
  check(index: number, what: string, size: number, at: number = this.offset): void {
    if (index >= size) throw outside(what, index, size, at)
  }

  /** A string with its length before it, strictly UTF-8. */
  name(what: string): string {
    const length = this.#size('the length of', what)
    const start = this.offset
    this.skip(length, what)
    try {
      return decoder.decode(this.bytes.subarray(start, start + length))
    } catch {
      throw malformed(`expected ${what} in UTF-8`, start)
    }
  }
}

function tooLong(what: string, bits: number, byte: number, offset: number): LoadError {
  return malformed(`expected ${what} as a LEB128 of ${bits} bits, ${byte >= 0x80 ? 'but it goes on' : 'but more bits are set'}`, offset)
}
