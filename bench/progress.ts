/** How far a run is, for whoever watches: one line that is written again and again. */
const WIDTH = 24

export class Progress {
  readonly #out: NodeJS.WriteStream
  readonly #total: number
  #done = 0
  #title = ''

  constructor(out: NodeJS.WriteStream, total: number) {
    this.#out = out
    this.#total = total
  }

  begin(title: string): void {
    this.#title = title
    this.step('')
  }

  step(what: string): void {
    const filled = Math.round((this.#done / this.#total) * WIDTH)
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`
    this.#write(`${bar} ${this.#done}/${this.#total} ${this.#title}${what === '' ? '' : `: ${what}`}`.slice(0, (this.#out.columns ?? 80) - 1))
  }

  end(): void {
    this.#done++
    if (this.#done === this.#total) this.#write('')
  }

  #write(text: string): void {
    if (this.#out.isTTY) this.#out.write(`\r\x1b[K${text}`)
  }
}
