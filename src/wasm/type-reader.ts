/** Reads the types that sections and instructions share: value types, heap types, limits and what is made of them. */

import { hex, invalid, type Reader } from './reader.ts'
import {
  type AddressType,
  type GlobalType,
  HEAP_OF_BYTE,
  type HeapType,
  type Limits,
  type MemoryType,
  REF_BYTE,
  REF_NULL_BYTE,
  type RefType,
  refType,
  type TableType,
  TYPE_OF_BYTE,
  type ValType,
} from './types.ts'

/** @param typeCount how many types may be referred to */
export function readHeapType(reader: Reader, typeCount: number): HeapType {
  const byte = reader.peek()
  // One byte of 7 bits with the sign set stands for an abstract type; a negative number of more bytes for nothing.
  if (byte >= 0x40 && byte < 0x80) {
    const heap = HEAP_OF_BYTE[byte]
    if (heap === undefined) reader.fail(`a heap type, not ${hex(byte)}`)
    reader.offset++
    return heap
  }
  const at = reader.offset
  const index = reader.s33('a heap type')
  if (index < 0) reader.fail('a heap type in one byte', at)
  reader.offset = at
  return reader.index('a type index', typeCount)
}

/** A value type, whose first byte was already read. */
export function readValTypeAfter(reader: Reader, byte: number, typeCount: number): ValType {
  const type = TYPE_OF_BYTE[byte]
  if (type !== undefined) return type
  if (byte !== REF_NULL_BYTE && byte !== REF_BYTE) reader.fail(`a value type, not ${hex(byte)}`, reader.offset - 1)
  return refType(byte === REF_NULL_BYTE, readHeapType(reader, typeCount))
}

export function readValType(reader: Reader, typeCount: number): ValType {
  return readValTypeAfter(reader, reader.u8('a value type'), typeCount)
}

export function readRefType(reader: Reader, typeCount: number): RefType {
  const at = reader.offset
  const type = readValType(reader, typeCount)
  if (typeof type === 'string') reader.fail(`a reference type, not ${type}`, at)
  return type
}

export function readGlobalType(reader: Reader, typeCount: number): GlobalType {
  const type = readValType(reader, typeCount)
  const mutable = reader.u8('a mutability')
  if (mutable > 1) reader.fail(`a mutability of 0 or 1, not ${hex(mutable)}`, reader.offset - 1)
  return { type, mutable: mutable === 1 }
}

const HAS_MAXIMUM = 1
const SHARED = 2
const ADDRESS_64 = 4

const MEMORY_PAGES: Record<AddressType, bigint> = { i32: 1n << 16n, i64: 1n << 48n }
const TABLE_ELEMENTS: Record<AddressType, bigint> = { i32: (1n << 32n) - 1n, i64: (1n << 64n) - 1n }

export function readTableType(reader: Reader, typeCount: number): TableType {
  const element = readRefType(reader, typeCount)
  return { element, limits: readLimits(reader, 'a table', HAS_MAXIMUM | ADDRESS_64, TABLE_ELEMENTS) }
}

export function readMemoryType(reader: Reader): MemoryType {
  const at = reader.offset
  const limits = readLimits(reader, 'a memory', HAS_MAXIMUM | SHARED | ADDRESS_64, MEMORY_PAGES)
  if (limits.shared && limits.maximum === undefined) throw invalid('a shared memory has no maximum', at)
  return { limits }
}

function readLimits(reader: Reader, of: string, allowed: number, range: Record<AddressType, bigint>): Limits {
  const at = reader.offset
  const flags = reader.u8(`the limits of ${of}`)
  if ((flags & ~allowed) !== 0) reader.fail(`limits of ${of}, not flags ${hex(flags)}`, at)
  const address: AddressType = (flags & ADDRESS_64) === 0 ? 'i32' : 'i64'
  const minimum = readLimit(reader, 'a minimum', address)
  const maximum = (flags & HAS_MAXIMUM) === 0 ? undefined : readLimit(reader, 'a maximum', address)
  const largest = range[address]
  if (minimum > largest || (maximum !== undefined && maximum > largest)) throw invalid(`${of} has a limit above ${largest}`, at)
  if (maximum !== undefined && minimum > maximum) throw invalid(`${of} has a minimum of ${minimum} above its maximum of ${maximum}`, at)
  return { minimum, maximum, shared: (flags & SHARED) !== 0, address }
}

function readLimit(reader: Reader, what: string, address: AddressType): bigint {
  return address === 'i64' ? reader.u64(what) : BigInt(reader.u32(what))
}
