/** The address space that this thread's memories take: each reserves 8 to 16 GiB of it, however small it is. */
import type { addressSpace, Share } from './kernel.ts'

/** Most that a memory reserves, bytes: 8 GiB with 32-bit addresses (10 on Node 22), 16 with 64-bit ones. */
const RESERVATION = 16 * 1024 ** 3
/** Left to what is not ours. */
const RESERVED = 1 / 16
/** So many parts of what is left must all be taken before it is used up: one may be before the kernel is asked again. */
const PARTS = 8

export class AddressBudget {
  readonly #kernel: typeof addressSpace
  #parts = PARTS
  /** Memories that may be made before the kernel is asked. */
  #unasked = 0

  constructor(kernel: typeof addressSpace) {
    this.#kernel = kernel
  }

  /** So many threads make memories: together they must not take more than there is before each asks again. */
  share(threads: number): void {
    this.#parts = PARTS * threads
    this.#unasked = 0
  }

  /** Takes room for memories. @returns why there is none: bytes used, of the limit, and needed at most */
  take(memories: number): (Share & { readonly needed: number }) | undefined {
    if (this.#unasked >= memories) {
      this.#unasked -= memories
      return undefined
    }
    const { usage } = this
    if (usage === undefined) return undefined
    const needed = memories * RESERVATION
    const left = usage.limit - usage.used
    if (needed > left) return { ...usage, needed }
    this.#unasked = Math.max(0, Math.floor(left / RESERVATION / this.#parts) - memories)
    return undefined
  }

  get usage(): Share | undefined {
    if (this.#kernel === undefined) return undefined
    const { used, limit } = this.#kernel()
    return { used, limit: Math.floor(limit * (1 - RESERVED)) }
  }
}
