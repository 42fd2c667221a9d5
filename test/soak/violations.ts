/** What must not happen, and did. The first of them are told in full. */
const KEPT = 50

export class Violations {
  readonly list: string[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  add(text: string): void {
    this.#count++
    if (this.list.length < KEPT) this.list.push(text)
  }
}
