/** How many of the objects that were made are still there: what nobody holds any more must be collected. */
export class Lives {
  #made = 0
  #collected = 0
  readonly #registry = new FinalizationRegistry<undefined>(() => {
    this.#collected++
  })

  /** Counts an object, without holding it. */
  watch(object: object): void {
    this.#made++
    this.#registry.register(object, undefined)
  }

  get made(): number {
    return this.#made
  }

  /** Made and not collected yet. */
  get alive(): number {
    return this.#made - this.#collected
  }
}
