/** Measured values, and what to say about them. */
export class Samples {
  #values: number[] = []
  #sorted = true

  add(value: number): void {
    this.#values.push(value)
    this.#sorted = false
  }

  get count(): number {
    return this.#values.length
  }

  /** The smallest value that at least this share of all values does not exceed; 0 if there are none. */
  percentile(share: number): number {
    const { length } = this.#values
    if (!this.#sorted) this.#values.sort((a, b) => a - b)
    this.#sorted = true
    return this.#values[Math.min(length - 1, Math.max(0, Math.ceil(share * length) - 1))] ?? 0
  }

  get min(): number {
    return this.percentile(0)
  }

  get median(): number {
    return this.percentile(0.5)
  }

  get max(): number {
    return this.percentile(1)
  }

  get summary(): Summary {
    return { count: this.count, p50: this.median, p99: this.percentile(0.99), max: this.max }
  }
}

export interface Summary {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}
