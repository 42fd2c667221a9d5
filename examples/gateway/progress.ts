/** One line on the terminal that is written again and again, at most some times a second. Nothing where nobody watches. */
const INTERVAL = 100

export class Progress {
  readonly #label: string
  readonly #stream: NodeJS.WriteStream
  #next = 0

  constructor(label: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#label = label
    this.#stream = stream
  }

  show(done: number, of: number): void {
    if (!this.#stream.isTTY) return
    const now = performance.now()
    if (now < this.#next && done < of) return
    this.#next = now + INTERVAL
    this.#stream.write(`\r\x1b[K${this.#label}: ${done} of ${of}`)
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K')
  }
}
