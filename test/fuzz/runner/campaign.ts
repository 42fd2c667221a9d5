/** A run: worker processes one after another, each watched, until there was enough; failing cases written out and minimised. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { caseOf, variantOf } from '../cases.ts'
import { type GeneratorName, generate } from '../generators/generate.ts'
import { swept } from '../minimise/broom.ts'
import { minimise } from '../minimise/minimise.ts'
import type { Failure } from '../oracles/failure.ts'
import type { Variant } from '../oracles/variants.ts'
import { writeFailure, writeMinimised } from './failures.ts'
import type { Found, FromWorker } from './messages.ts'
import { OWN_VARIANTS, RemoteJudge } from './remote-judge.ts'
import { add, countNote, emptyTally, type Tally } from './tally.ts'
import { type Ended, watch } from './watch.ts'
import type { Task } from './worker.ts'

const WORKER = new URL('./worker.ts', import.meta.url)
/** Cases of one worker: a new one starts with an empty heap. */
const CASES_OF_A_WORKER = 3_000
/** A case takes milliseconds. The machine may be busy, and the process may be at its first steps. */
const PATIENCE = 30_000
/** How long one candidate may take, a hundred times what it needs. */
const CANDIDATE = 3_000
/** A failure that comes up all the time is minimised a few times only. */
const MOST_ALIKE = 3

export interface Campaign {
  readonly seed: number
  readonly only: readonly GeneratorName[]
  /** The number of cases, or for how long, in ms. */
  readonly count: number
  readonly time: number
  /** How long a failing case may be minimised, ms; 0 for not at all. */
  readonly minimising: number
  /** For tests: a module that exports `VARIANTS`, where to write failing cases to, and how long one case may take, ms. */
  readonly variants?: URL
  readonly folder?: string
  readonly patience?: number
  readonly onProgress: (tally: Tally, cases: number) => void
  readonly onFailure: (found: Found, path: string) => void
}

export interface Outcome {
  readonly tally: Tally
  readonly cases: number
  /** Folders of the cases that failed. */
  readonly failed: readonly string[]
}

export async function campaign(options: Campaign): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-fuzz-'))
  try {
    return await new Run(options, join(folder, 'status')).run()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

class Run {
  readonly #options: Campaign
  readonly #status: string
  readonly #tally = emptyTally()
  readonly #failed: string[] = []
  readonly #alike = new Map<string, number>()
  #next = 0

  constructor(options: Campaign, status: string) {
    this.#options = options
    this.#status = status
  }

  async run(): Promise<Outcome> {
    const { count, time } = this.#options
    // Whatever lasts too long is killed when the time is up, in the middle of a case
    const signal = Number.isFinite(time) ? AbortSignal.timeout(time) : undefined
    const until = performance.now() + time
    while (this.#next < count && performance.now() < until) {
      const founds: Found[] = []
      const ended = await this.#work(founds, signal)
      if (ended.how === 'hangs' || ended.how === 'crashes') founds.push(...(await this.#brokenOff(ended)))
      for (const found of founds) await this.#failure(found)
    }
    return { tally: this.#tally, cases: this.#next, failed: this.#failed }
  }

  #work(founds: Found[], signal: AbortSignal | undefined): Promise<Ended> {
    const { seed, only, count, onProgress } = this.#options
    const variants = (this.#options.variants ?? OWN_VARIANTS).href
    const task: Task = { seed, only, from: this.#next, to: Math.min(count, this.#next + CASES_OF_A_WORKER), status: this.#status, variants }
    const onMessage = (message: unknown) => {
      const said = message as FromWorker
      if (said.kind === 'found') founds.push(said.found)
      else {
        add(this.#tally, said.tally)
        this.#next = said.next
        onProgress(this.#tally, this.#next)
      }
    }
    return watch({
      script: WORKER,
      argument: JSON.stringify(task),
      status: this.#status,
      patience: this.#options.patience ?? PATIENCE,
      onMessage,
      ...(signal ? { signal } : {}),
    })
  }

  /** The worker did not come back from a case. The next one starts behind it. */
  async #brokenOff({ how, where, output }: Ended): Promise<Found[]> {
    if (where === undefined || how === 'done' || how === 'stopped') throw new Error(`a worker does not start:\n${output}`)
    const fuzzCase = caseOf(this.#options.seed, where.number, this.#options.only)
    this.#next = where.number + 1
    if (where.phase === 'generating') throw new Error(`the generator ${how} in case ${where.number}:\n${output}`)
    const { bytes, note } = await generate(fuzzCase.generator, fuzzCase.seed)
    if (bytes === undefined) return []
    const { VARIANTS } = (await import((this.#options.variants ?? OWN_VARIANTS).href)) as { VARIANTS: readonly Variant[] }
    const variant = variantOf(fuzzCase, VARIANTS).name
    if (how === 'crashes' && (await crashesRaw(bytes, fuzzCase.seed))) {
      countNote(this.#tally, `V8 itself crashes (case ${where.number})`)
      return []
    }
    const failure: Failure = { kind: how, variant, details: [`while ${where.phase}`, ...output.split('\n').slice(-20)] }
    this.#tally.generators[fuzzCase.generator].failures++
    return [{ case: fuzzCase, note, bytes, failures: [failure] }]
  }

  async #failure(found: Found): Promise<void> {
    const { minimising, variants, folder } = this.#options
    const path = writeFailure(found, folder)
    this.#failed.push(path)
    this.#options.onFailure(found, path)
    const [first] = found.failures
    if (first === undefined || minimising === 0) return
    const alike = this.#alike.get(first.kind) ?? 0
    this.#alike.set(first.kind, alike + 1)
    if (alike < MOST_ALIKE)
      writeMinimised(path, await minimised(found.bytes, found.case.seed, first, { within: minimising, ...(variants ? { variants } : {}) }))
  }
}

async function crashesRaw(bytes: Uint8Array<ArrayBuffer>, seed: number): Promise<boolean> {
  const judge = new RemoteJudge(PATIENCE)
  try {
    return (await judge.crashesRaw(bytes, seed)) === true
  } finally {
    judge.close()
  }
}

/** In another process, so that a candidate that hangs can be one that fails. */
export async function minimised(
  bytes: Uint8Array<ArrayBuffer>,
  seed: number,
  { kind, variant }: Failure,
  { within, candidate: limit = CANDIDATE, variants }: { within: number; candidate?: number; variants?: URL },
): Promise<Uint8Array<ArrayBuffer>> {
  const judge = new RemoteJudge(limit, variants)
  const fails = async (candidate: Uint8Array<ArrayBuffer>) => {
    const { failures } = await judge.ask({ bytes: candidate, seed, variants: [variant] })
    return failures.some((failure) => failure.kind === kind)
  }
  try {
    let best = await minimise(bytes, { fails, within })
    const clean = await swept(best)
    if (clean !== undefined && clean.length < best.length && WebAssembly.validate(clean) && (await fails(clean)))
      best = await minimise(clean, { fails, within: within / 2 })
    return best
  } finally {
    judge.close()
  }
}
