/** What is first of many, by a number that each has; and any of them can be taken out. */
export interface Keyed {
  /** The least is first. To be changed by `Heap.rekey` alone. */
  key: number
  /** Among equals: who came first. */
  readonly order: number
  /** Where the heap has it; -1: it is in none. */
  place: number
}

export class Heap<T extends Keyed> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  get first(): T | undefined {
    return this.#items[0]
  }

  add(item: T): void {
    this.#rise(item, this.#items.length)
  }

  remove(item: T): void {
    const { place } = item
    item.place = -1
    const last = this.#items.pop() as T
    if (last === item) return
    this.#settle(last, place)
  }

  rekey(item: T, key: number): void {
    item.key = key
    this.#settle(item, item.place)
  }

  #settle(item: T, place: number): void {
    const parent = this.#items[(place - 1) >> 1]
    if (place > 0 && parent !== undefined && isBefore(item, parent)) this.#rise(item, place)
    else this.#sink(item, place)
  }

  #rise(item: T, from: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#items[above] as T
      if (!isBefore(item, parent)) break
      this.#put(parent, place)
      place = above
    }
    this.#put(item, place)
  }

  #sink(item: T, from: number): void {
    let place = from
    for (;;) {
      const left = this.#items[2 * place + 1]
      if (left === undefined) break
      const right = this.#items[2 * place + 2]
      const child = right !== undefined && isBefore(right, left) ? right : left
      if (!isBefore(child, item)) break
      const below = child.place
      this.#put(child, place)
      place = below
    }
    this.#put(item, place)
  }

  #put(item: T, place: number): void {
    this.#items[place] = item
    item.place = place
  }
}

function isBefore(a: Keyed, b: Keyed): boolean {
  return a.key < b.key || (a.key === b.key && a.order < b.order)
}
