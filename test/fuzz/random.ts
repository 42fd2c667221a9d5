/** Pseudo-random numbers: the same seed gives the same ones everywhere. (sfc32: fast, and its low bits are as good as its high ones.) */
export class Random {
  #a: number
  #b: number
  #c: number
  #count = 1

  constructor(seed: number) {
    this.#a = mix(seed, 0x9e3779b9)
    this.#b = mix(seed, 0x243f6a88)
    this.#c = mix(seed, 0xb7e15162)
    for (let warm = 0; warm < 12; warm++) this.u32()
  }

  u32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32())
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.u32() / 2 ** 32) * limit)
  }

  /** Both ends included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** Small numbers as often as large ones: a number of so many bits. */
  spread(most: number): number {
    return Math.min(most, this.below(2 ** this.between(0, Math.ceil(Math.log2(most + 1)))))
  }

  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** One by its weight. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T {
    let at = this.below(items.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, item] of items) {
      if (at < weight) return item
      at -= weight
    }
    throw new RangeError('nothing to choose from')
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.u32() >>> 24)
  }
}

/** A number of 32 bits that depends on all bits of both. */
export function mix(a: number, b: number): number {
  let state = (a ^ Math.imul(b, 0x85ebca6b)) | 0
  for (const factor of [0x7feb352d, 0x846ca68b]) state = Math.imul(state ^ (state >>> 15), factor)
  return (state ^ (state >>> 16)) >>> 0
}
