/** The memory of a guest on another thread: each operation is one message there and back, for which this thread waits. */
import { callError } from '../errors.ts'
import { checkBytes, checkRange, GuestMemory } from '../guests/guest-memory.ts'
import type { RemoteThread } from './remote-thread.ts'

type Address = number | bigint

export class RemoteMemory extends GuestMemory {
  readonly #instance: number
  readonly #index: number
  readonly #thread: () => RemoteThread

  /** @param thread gives it, or says why it cannot be had now */
  constructor(module: string, instance: number, index: number, thread: () => RemoteThread) {
    super(module)
    this.#instance = instance
    this.#index = index
    this.#thread = thread
  }

  get size(): number {
    const thread = this.#thread()
    const order = { verb: 'size' as const, id: thread.id(), instance: this.#instance, memory: this.#index }
    return thread.askNow(order, { module: this.module }, undefined, ({ value }) => value as number)
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    throw callError('unsupported', 'the memory of a guest on another thread can be read and written, but not viewed', { module: this.module })
  }

  read(address: Address, length: number): Uint8Array<ArrayBuffer> {
    const thread = this.#thread()
    this.#check(address, length)
    const order = { verb: 'peek' as const, id: thread.id(), ...this.#place(address), length }
    return thread.askNow(order, { module: this.module }, undefined, ({ value }) => value as Uint8Array<ArrayBuffer>)
  }

  write(address: Address, bytes: Uint8Array): void {
    const thread = this.#thread()
    checkBytes(bytes)
    this.#check(address, bytes.length)
    // A copy, and not of the whole buffer that they may be a part of
    const order = { verb: 'poke' as const, id: thread.id(), ...this.#place(address), bytes: new Uint8Array(bytes) }
    thread.askNow(order, { module: this.module }, undefined, () => undefined)
  }

  protected range(address: Address, length: number): Uint8Array<ArrayBuffer> {
    return this.read(address, length)
  }

  protected view(address: Address, length: number): DataView {
    const { buffer, byteOffset } = this.read(address, length)
    return new DataView(buffer, byteOffset, length)
  }

  protected change(address: Address, length: number, set: (view: DataView) => void): void {
    const bytes = new Uint8Array(length)
    set(new DataView(bytes.buffer))
    this.write(address, bytes)
  }

  #place(address: Address): { instance: number; memory: number; address: Address } {
    return { instance: this.#instance, memory: this.#index, address }
  }

  /** Is that an address at all? How large the memory is, its own thread knows. */
  #check(address: Address, length: number): void {
    checkRange(this.module, address, length, Number.POSITIVE_INFINITY)
  }
}
