import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Candidate, Operation, Plugin } from './candidate.ts'
import { plainPlugin } from './plugin.ts'

const FOLDER = join(import.meta.dirname, '../wazero')
/** What the program is written for. */
const LEAST = [1, 22] as const

/** A program of its own, in another language: it is told what to do on its standard input, and says what it took. */
export const wazero: Candidate = {
  id: 'wazero',
  name: 'Wazero (Go)',
  what: 'another runtime, in a process of its own: `WithCloseOnContextDone` and a context with a timeout',
  missing,
  async start({ timeout }) {
    const program = built()
    const running: WazeroProcess[] = []
    return {
      async plugin(number) {
        const process = new WazeroProcess(program, plainPlugin(number), timeout)
        running.push(process)
        return process.plugin
      },
      close() {
        for (const process of running) process.end()
      },
    }
  },
}

function missing(): string | undefined {
  try {
    const [, major, minor] = /go(\d+)\.(\d+)/.exec(go('version')) ?? []
    if (Number(major) < LEAST[0] || (Number(major) === LEAST[0] && Number(minor) < LEAST[1])) return `Go ${LEAST.join('.')} or later is needed`
    built()
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no Go toolchain' : `go build failed: ${(error as Error).message.split('\n').at(1) ?? ''}`
  }
}

let program: string | undefined

/** By the user's own Go environment: proxy, cache, flags. */
function built(): string {
  if (program !== undefined) return program
  const folder = mkdtempSync(join(tmpdir(), 'curfew-wazero-'))
  // A copy, so that what Go adds to it is not left in this repository
  copyFileSync(join(FOLDER, 'go.mod'), join(folder, 'go.mod'))
  const output = join(folder, 'wazero')
  go('build', '-mod=mod', `-modfile=${join(folder, 'go.mod')}`, '-o', output, '.')
  program = output
  return output
}

function go(...args: string[]): string {
  return execFileSync('go', args, { cwd: FOLDER, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 })
}

/** One question, one line of answer, in order. */
class WazeroProcess {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface
  readonly #timeout: number

  constructor(program: string, bytes: Uint8Array, timeout: number) {
    const file = join(mkdtempSync(join(tmpdir(), 'curfew-wazero-')), 'plugin.wasm')
    writeFileSync(file, bytes)
    this.#timeout = timeout
    this.#process = spawn(program, [file, String(timeout)])
    this.#reader = createInterface({ input: this.#process.stdout })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  get plugin(): Plugin {
    return {
      upper: (text) => this.#ask('upper', 1, text),
      compute: async () => Number(await this.#ask('compute', 1)),
      hang: async () => Number(await this.#ask('hang', 1)) / 1e6 - this.#timeout,
      many: (operation: Operation, times: number, text: string) => this.#ask(operation, times, text),
      close: () => this.end(),
    }
  }

  end(): void {
    this.#reader.close()
    this.#process.kill()
  }

  /** @returns the result of the last of so many calls; of `hang`, nanoseconds. */
  async #ask(operation: Operation | 'hang', times: number, text = ''): Promise<string> {
    this.#process.stdin.write(`${JSON.stringify({ operation, times, text })}\n`)
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the program has ended')
    const { result, error } = JSON.parse(value) as { result: string; error: string }
    if (error !== '') throw new Error(error)
    return result
  }
}
