/**
 * Which accesses to memory are close to one just before: at another offset from the same value of the same local. The first may miss every
 * cache and the translation buffer; the others hardly, and none of them has to wait for the one before it.
 */
import { NEAR, NEAR_WEIGHT } from './costs.ts'

/** What lies higher on the operand stack is not followed. */
const HEIGHTS = 4_096

export class Places {
  /** By local: the number of the value that it has now, that of the value an access was seen from, and at which offset. */
  #values = new Int32Array(64)
  #seen = new Int32Array(64)
  #offsets = new Float64Array(64)
  /** By height of the operand stack: whose value is there, and its number; 0 for what is not a local's. */
  readonly #locals = new Int32Array(HEIGHTS)
  readonly numbers = new Int32Array(HEIGHTS)
  #count = 0
  /** Numbers below are of values that locals had before control came from elsewhere. */
  #since = 0

  /** Another function begins. */
  reset(locals: number): void {
    if (locals > this.#values.length) {
      this.#values = new Int32Array(2 * locals)
      this.#seen = new Int32Array(2 * locals)
      this.#offsets = new Float64Array(2 * locals)
    }
    this.forget()
  }

  /** Control may come from elsewhere, where locals have other values. */
  forget(): void {
    this.#since = ++this.#count
  }

  /** A local is written. */
  set(local: number): void {
    this.#values[local] = ++this.#count
  }

  /** A local's value is put on the stack. */
  get(local: number, height: number): void {
    if (height < 0 || height >= HEIGHTS) return
    let value = this.#values[local] as number
    if (value < this.#since) {
      value = ++this.#count
      this.#values[local] = value
    }
    this.#locals[height] = local
    this.numbers[height] = value
  }

  /** Something else is put on the stack. */
  push(height: number): void {
    if (height >= 0 && height < HEIGHTS) this.numbers[height] = 0
  }

  /** The weight of an access whose address is at a height of the stack, where a far one has the weight given. */
  weigh(height: number, memory: number, offset: number, far: number): number {
    const number = height < 0 || height >= HEIGHTS ? 0 : (this.numbers[height] as number)
    if (number < this.#since) return far
    const local = this.#locals[height] as number
    const place = memory * 2 ** 40 + offset
    const isNear = this.#seen[local] === number && Math.abs(place - (this.#offsets[local] as number)) < NEAR
    this.#seen[local] = number
    this.#offsets[local] = place
    return isNear ? NEAR_WEIGHT : far
  }
}
