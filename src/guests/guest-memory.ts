/** The memory of a guest, as a host function sees it that the guest has called. */
import { type CurfewError, callError, optionError, show } from '../errors.ts'

const ENCODER = new TextEncoder()
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

type Address = number | bigint

/**
 * One memory of the guest that calls a host function. It is always the memory as it is now, also after it has grown. Addresses are bytes from its
 * start, not negative: a pointer that came as an i32 is `pointer >>> 0`. What a guest may have given as pointer or length is checked here.
 * Numbers are little-endian, as WebAssembly's are.
 */
export abstract class GuestMemory {
  /** Name of the module. */
  protected readonly module: string

  /** @internal */
  protected constructor(module: string) {
    this.module = module
  }

  /** Bytes. @throws UsageError `stale` */
  abstract get size(): number

  /**
   * All of it, not a copy: to be used at once, before the guest runs again or is called, since growing detaches it.
   * @throws UsageError `stale`; `unsupported` with `threads`
   */
  abstract get bytes(): Uint8Array<ArrayBuffer>

  /** A copy of `length` bytes. @throws UsageError `out-of-bounds`, `stale` */
  abstract read(address: Address, length: number): Uint8Array<ArrayBuffer>

  /** @throws UsageError `out-of-bounds`, `stale`; CurfewError `invalid-option` for what is no Uint8Array */
  abstract write(address: Address, bytes: Uint8Array): void

  /** The text that so many bytes of UTF-8 are. @throws UsageError `not-text` if they are none; `out-of-bounds`, `stale` */
  readText(address: Address, length: number): string {
    const bytes = this.range(address, length)
    try {
      return STRICT.decode(bytes)
    } catch {
      const what = `${length} bytes at address ${address} are not UTF-8`
      throw callError('not-text', what, { module: this.module, figures: { address: Number(address), length } })
    }
  }

  /** Writes a text as UTF-8, without a zero at the end. @returns how many bytes that is. @throws UsageError `out-of-bounds`, `stale` */
  writeText(address: Address, text: string): number {
    const bytes = ENCODER.encode(text)
    this.write(address, bytes)
    return bytes.length
  }

  getInt8(address: Address): number {
    return this.view(address, 1).getInt8(0)
  }
  getUint8(address: Address): number {
    return this.view(address, 1).getUint8(0)
  }
  getInt16(address: Address): number {
    return this.view(address, 2).getInt16(0, true)
  }
  getUint16(address: Address): number {
    return this.view(address, 2).getUint16(0, true)
  }
  getInt32(address: Address): number {
    return this.view(address, 4).getInt32(0, true)
  }
  getUint32(address: Address): number {
    return this.view(address, 4).getUint32(0, true)
  }
  getBigInt64(address: Address): bigint {
    return this.view(address, 8).getBigInt64(0, true)
  }
  getBigUint64(address: Address): bigint {
    return this.view(address, 8).getBigUint64(0, true)
  }
  getFloat32(address: Address): number {
    return this.view(address, 4).getFloat32(0, true)
  }
  getFloat64(address: Address): number {
    return this.view(address, 8).getFloat64(0, true)
  }

  setInt8(address: Address, value: number): void {
    this.change(address, 1, (view) => view.setInt8(0, value))
  }
  setUint8(address: Address, value: number): void {
    this.change(address, 1, (view) => view.setUint8(0, value))
  }
  setInt16(address: Address, value: number): void {
    this.change(address, 2, (view) => view.setInt16(0, value, true))
  }
  setUint16(address: Address, value: number): void {
    this.change(address, 2, (view) => view.setUint16(0, value, true))
  }
  setInt32(address: Address, value: number): void {
    this.change(address, 4, (view) => view.setInt32(0, value, true))
  }
  setUint32(address: Address, value: number): void {
    this.change(address, 4, (view) => view.setUint32(0, value, true))
  }
  setBigInt64(address: Address, value: bigint): void {
    this.change(address, 8, (view) => view.setBigInt64(0, value, true))
  }
  setBigUint64(address: Address, value: bigint): void {
    this.change(address, 8, (view) => view.setBigUint64(0, value, true))
  }
  setFloat32(address: Address, value: number): void {
    this.change(address, 4, (view) => view.setFloat32(0, value, true))
  }
  setFloat64(address: Address, value: number): void {
    this.change(address, 8, (view) => view.setFloat64(0, value, true))
  }

  /** These bytes, or a copy. @throws UsageError `out-of-bounds`, `stale` */
  protected abstract range(address: Address, length: number): Uint8Array<ArrayBuffer>
  /** Of these bytes, or of a copy. @throws UsageError `out-of-bounds`, `stale` */
  protected abstract view(address: Address, length: number): DataView
  /** Changes these bytes. @throws UsageError `out-of-bounds`, `stale` */
  protected abstract change(address: Address, length: number, set: (view: DataView) => void): void
}

/**
 * Is this a place in a memory of so many bytes?
 * @throws UsageError `out-of-bounds` with what was asked for and what there is
 */
export function checkRange(module: string, address: Address, length: number, size: number): void {
  const from = typeof address === 'bigint' ? Number(address) : address
  if (isWhole(from) && isWhole(length) && from + length <= size) return
  const what =
    isWhole(from) && isWhole(length)
      ? `bytes ${address} to ${from + length} are outside the guest's memory of ${size} bytes`
      : `address ${show(address)} and length ${show(length)} are no place in a memory${from < 0 || length < 0 ? ': what came as an i32 is unsigned, so pass `pointer >>> 0`' : ''}`
  throw callError('out-of-bounds', what, { module, figures: { address: from, length: Number(length), size } })
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** @throws UsageError `out-of-bounds` */
export function memoryAt(memories: readonly WebAssembly.Memory[], index: number, module: string): WebAssembly.Memory {
  const memory = memories[index]
  if (memory === undefined) throw noMemory(module, index)
  return memory
}

export function noMemory(module: string, index: number): CurfewError {
  return callError('out-of-bounds', `the guest has no memory ${show(index)}`, { module, figures: { memory: index } })
}

export function checkBytes(bytes: unknown): void {
  if (!(bytes instanceof Uint8Array)) throw optionError('bytes', 'a Uint8Array', bytes)
}

/** The memory of an instance of this thread. */
export class InstanceMemory extends GuestMemory {
  readonly #memory: () => WebAssembly.Memory

  /** @param memory gives it, or says why it cannot be had now */
  constructor(module: string, memory: () => WebAssembly.Memory) {
    super(module)
    this.#memory = memory
  }

  get size(): number {
    return this.#memory().buffer.byteLength
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory().buffer)
  }

  read(address: Address, length: number): Uint8Array<ArrayBuffer> {
    return this.range(address, length).slice()
  }

  write(address: Address, bytes: Uint8Array): void {
    checkBytes(bytes)
    this.range(address, bytes.length).set(bytes)
  }

  protected view(address: Address, length: number): DataView {
    const { buffer } = this.#memory()
    checkRange(this.module, address, length, buffer.byteLength)
    return new DataView(buffer, Number(address), length)
  }

  protected change(address: Address, length: number, set: (view: DataView) => void): void {
    set(this.view(address, length))
  }

  protected range(address: Address, length: number): Uint8Array<ArrayBuffer> {
    const { buffer } = this.#memory()
    checkRange(this.module, address, length, buffer.byteLength)
    return new Uint8Array(buffer, Number(address), length)
  }
}
