import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

interface Answer {
  readonly id: number
  readonly value: unknown
  /** Nanoseconds. */
  readonly took: number
  readonly error: string
}

export interface Answered {
  readonly value: unknown
  /** By the program's own clock. */
  readonly ms: number
}

interface Waiting {
  resolve(answered: Answered): void
  reject(error: Error): void
}

/** A program that answers questions, each a line of JSON, in whatever order it has done them. */
export class Conversation {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #waiting = new Map<number, Waiting>()
  #asked = 0
  /** Why nothing can be asked any more. */
  #over: Error | undefined
  #complaint = ''

  constructor(program: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#process = spawn(program, args, { env: { ...process.env, ...environment } })
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#answered(JSON.parse(line) as Answer))
    this.#process.stderr.on('data', (text) => {
      this.#complaint += text
    })
    // What is asked of one that has ended is rejected below
    this.#process.stdin.on('error', () => undefined)
    this.#process.on('error', (error) => this.#ended(error))
    this.#process.on('close', () => this.#ended(new Error(`the program has ended: ${this.#complaint.trim()}`)))
  }

  /** @throws Error what the program says of it */
  ask(operation: string, { bytes, ...rest }: { readonly bytes?: Uint8Array; readonly [name: string]: unknown } = {}): Promise<Answered> {
    const id = this.#asked++
    if (this.#over !== undefined) return Promise.reject(this.#over)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      const question = { ...rest, id, operation, ...(bytes === undefined ? {} : { bytes: Buffer.from(bytes).toString('base64') }) }
      this.#process.stdin.write(`${JSON.stringify(question)}\n`)
    })
  }

  end(): void {
    this.#process.kill()
  }

  #answered({ id, value, took, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === '') waiting?.resolve({ value, ms: took / 1e6 })
    else waiting?.reject(new Error(error))
  }

  #ended(error: Error): void {
    this.#over ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
