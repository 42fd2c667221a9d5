/** Judges modules in another process, which is killed when it takes too long; so that a module that hangs or kills it is judged too. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Failure } from '../oracles/failure.ts'
import type { Answer, Question } from './judge-server.ts'
import { readStatus } from './status.ts'

const SERVER = new URL('./judge-server.ts', import.meta.url)
export const OWN_VARIANTS = new URL('../oracles/variants.ts', import.meta.url)

export class RemoteJudge {
  readonly #limit: number
  readonly #variants: URL
  readonly #folder = mkdtempSync(join(tmpdir(), 'curfew-fuzz-'))
  #child: ChildProcess | undefined

  /**
   * @param limit how long one module may take, ms
   * @param variants a module that exports `VARIANTS`
   */
  constructor(limit: number, variants: URL = OWN_VARIANTS) {
    this.#limit = limit
    this.#variants = variants
  }

  async ask(question: Question): Promise<Answer> {
    const child = await this.#started()
    return new Promise((done) => {
      const finish = (answer: Answer) => {
        clearTimeout(timer)
        child.off('message', finish)
        child.off('close', died)
        done(answer)
      }
      const died = () => finish(this.#ended('crashes', question))
      const timer = setTimeout(() => {
        const answer = this.#ended('hangs', question)
        child.kill('SIGKILL')
        finish(answer)
      }, this.#limit)
      child.on('message', finish)
      child.on('close', died)
      child.send(question)
    })
  }

  /** Is the module by itself, without any guard, too much for the engine? Undefined if it does not end. */
  async crashesRaw(bytes: Uint8Array<ArrayBuffer>, seed: number): Promise<boolean | undefined> {
    const { failures } = await this.ask({ bytes, seed, variants: [] })
    return failures.some(({ kind }) => kind === 'hangs') ? undefined : failures.length > 0
  }

  close(): void {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #status(): string {
    return join(this.#folder, 'status')
  }

  #ended(kind: 'hangs' | 'crashes', { variants }: Question): Answer {
    this.#child = undefined
    const phase = readStatus(this.#status)?.phase ?? 'starting'
    return { failures: [{ kind, variant: variants[0] ?? 'as it is', details: [`while ${phase}`] } satisfies Failure], notes: [] }
  }

  async #started(): Promise<ChildProcess> {
    if (this.#child !== undefined) return this.#child
    const child = fork(SERVER, [this.#variants.href, this.#status], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    this.#child = child
    await new Promise((ready, failed) => {
      child.once('message', ready)
      child.once('close', () => failed(new Error('the process that judges does not start')))
    })
    child.removeAllListeners('close')
    return child
  }
}
