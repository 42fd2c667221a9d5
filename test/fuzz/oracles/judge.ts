/** All oracles on one module. */
import { LoadError } from '../../../src/errors.ts'
import { type Guarded, guard } from '../../../src/guard/guard.ts'
import { bounded, isHeavy } from '../generators/bound.ts'
import { type Plan, plan } from '../harness/plan.ts'
import { run } from '../harness/run.ts'
import type { Incomparable } from '../harness/session.ts'
import { type Instruction, readBodies } from '../pieces.ts'
import { mix, Random } from '../random.ts'
import type { Failure } from './failure.ts'
import { sameFuel } from './fuel.ts'
import { boundedGaps } from './gaps.ts'
import { same } from './same.ts'
import { stops } from './stops.ts'
import { type Guarding, guarding, reason } from './validity.ts'
import type { Prepared, Variant } from './variants.ts'
import { boundedWork, counting } from './work.ts'

export interface Judgement {
  readonly failures: readonly Failure[]
  /** Did V8 accept the module as it is? */
  readonly valid: boolean
  /** Was it compared with the guarded one? */
  readonly compared: boolean
  /** Codes of LoadErrors, and other reasons why something was not done. */
  readonly notes: readonly string[]
  readonly counts: Counts
  /** The longest time between two polls, ms. */
  readonly longestGap: number
}

export interface Counts {
  readonly calls: number
  readonly hostCalls: number
  readonly traps: number
  readonly exceptions: number
  readonly polls: number
  readonly stops: number
  readonly left: Readonly<Record<Incomparable, number>>
}

export type Phase = (name: string) => void

const NO_PHASE: Phase = () => undefined

/** With its own limits and refusals, as users have it. */
const DEFAULTS: Pick<Variant, 'name' | 'prepare'> = {
  name: 'default options',
  prepare: (bytes) => ({ bytes: guard(bytes).bytes, attach: () => undefined }),
}

/**
 * @param seed of everything that is not in the bytes
 * @param variants those to compare with
 * @param phase is told what is about to be done
 */
export function judge(bytes: Uint8Array<ArrayBuffer>, seed: number, variants: readonly Variant[], phase: Phase = NO_PHASE): Judgement {
  phase('validating raw')
  const valid = WebAssembly.validate(bytes)
  const collected = new Collected(valid)
  if (!valid) collected.notes.push(`refused by V8: ${general(reason(bytes))}`)
  phase('guarding')
  const byDefault = guarding(bytes, valid, DEFAULTS, true)
  collected.add(byDefault)
  for (const variant of variants) {
    phase('guarding')
    // What is run below is changed a little. What is accepted as it is by default needs no second look
    if (!valid || byDefault.refused !== undefined) collected.add(guarding(bytes, valid, variant))
    if (valid) judgeBehaviour(bytes, seed, variant, collected, phase)
  }
  return collected
}

function judgeBehaviour(bytes: Uint8Array<ArrayBuffer>, seed: number, variant: Variant, collected: Collected, phase: Phase): void {
  // What is run is a module that JavaScript sees more of; one in four stays as it is
  const runnable = bounded(bytes, mix(seed, 5) % 4 !== 0)
  if (runnable === undefined || !WebAssembly.validate(runnable)) return void collected.notes.push('not run: cannot be bounded')
  const { prepared, failure, refused } = guarding(runnable, true, variant, true)
  if (failure !== undefined) collected.failures.push(failure)
  if (refused !== undefined) collected.notes.push(`not run: ${refused}`)
  if (prepared !== undefined) runBoth(runnable, prepared, seed, variant, collected, phase)
}

function runBoth(bytes: Uint8Array<ArrayBuffer>, prepared: Prepared, seed: number, variant: Variant, collected: Collected, phase: Phase): void {
  const what = planOf(bytes, seed)
  if (what === undefined) return
  const why = whyNotRun(what, bytes)
  if (why !== undefined) return void collected.notes.push(`not run: ${why}`)
  phase('compiling')
  const raw = { module: new WebAssembly.Module(variant.reference?.(bytes, what.module.globals.length) ?? bytes) }
  const guarded = { module: new WebAssembly.Module(prepared.bytes), attach: prepared.attach }
  const comparison = same(what, raw, guarded, variant.patience, phase)
  collected.compare(what, comparison, variant.name)
  if (variant.boundsWork && mix(seed, 6) % 2 === 0) judgeWork(what, bytes, variant, collected, phase)
  if (prepared.guarded !== undefined && mix(seed, 6) % 2 === 1) judgeBound(what, prepared, prepared.guarded, variant, collected, phase)
  if (variant.fuel && mix(seed, 7) % 2 === 0) judgeFuel(what, bytes, seed, variant, collected, phase)
  const { steps, guarded: session, failure } = comparison
  if (failure !== undefined || steps === undefined || session.polls === 0) return
  phase('stopping')
  const failed = stops(what, guarded, steps, new Random(mix(seed, 4)).below(session.polls), session.polls)
  collected.stops++
  if (failed !== undefined) collected.failures.push({ ...failed, variant: variant.name })
}

function judgeWork(what: Plan, bytes: Uint8Array<ArrayBuffer>, variant: Variant, collected: Collected, phase: Phase): void {
  phase('compiling, counting')
  const counted = counting(bytes, what.module.globals.length)
  if (counted === undefined || !WebAssembly.validate(counted)) return
  const { prepared, failure } = guarding(counted, true, variant)
  if (failure !== undefined) collected.failures.push(failure)
  if (prepared === undefined) return
  phase('running guarded, counting')
  const failed = boundedWork(what, { module: new WebAssembly.Module(prepared.bytes), attach: prepared.attach }, variant.patience)
  if (failed !== undefined) collected.failures.push({ ...failed, variant: variant.name })
}

function judgeBound(what: Plan, { attach }: Prepared, guarded: Guarded, { name, patience }: Variant, collected: Collected, phase: Phase): void {
  phase('counting what is paid for')
  const failed = boundedGaps(what, guarded, attach, patience)
  if (failed !== undefined) collected.failures.push({ ...failed, variant: name })
}

function judgeFuel(what: Plan, bytes: Uint8Array, seed: number, { name }: Variant, collected: Collected, phase: Phase): void {
  phase('comparing fuel')
  const failed = sameFuel(what, bytes, seed)
  if (failed !== undefined) collected.failures.push({ ...failed, variant: name })
}

/** Does all steps with the module as it is. May never end. */
export function runRaw(bytes: Uint8Array<ArrayBuffer>, seed: number): void {
  const what = planOf(bytes, seed)
  if (what === undefined || !WebAssembly.validate(bytes)) return
  run(
    what,
    { module: new WebAssembly.Module(bytes) },
    Number.POSITIVE_INFINITY,
    what.steps.map((_, index) => index),
  )
}

function whyNotRun({ module }: Plan, bytes: Uint8Array): string | undefined {
  if (isHeavy(module)) return 'large at the start'
  // On a shared memory they block the thread, for ever if they like
  const waits = module.memories.some(({ limits }) => limits.shared) && readBodies(bytes)?.some(({ instructions }) => instructions.some(isWait))
  return waits ? 'waits on a shared memory' : undefined
}

function isWait({ name }: Instruction): boolean {
  return name.startsWith('memory.atomic.wait')
}

function planOf(bytes: Uint8Array, seed: number): Plan | undefined {
  try {
    return plan(bytes, seed)
  } catch (error) {
    if (error instanceof LoadError) return undefined
    throw error
  }
}

/** A message of V8 without what differs from module to module. */
export function general(message: string): string {
  return message
    .replace(/^WebAssembly\.Module\(\): /, '')
    .replace(/Compiling function #\d+(:"[^"]*")? failed: /, '')
    .replace(/ @\+\d+.*$/s, '')
    .replace(/"[^"]*"/g, '…')
    .replace(/0x[0-9a-f]+|\d+/g, 'N')
    .slice(0, 80)
}

class Collected implements Judgement {
  readonly failures: Failure[] = []
  readonly notes: string[] = []
  readonly valid: boolean
  compared = false
  longestGap = 0
  stops = 0
  readonly #counts = { calls: 0, hostCalls: 0, traps: 0, exceptions: 0, polls: 0 }
  readonly #left: Record<Incomparable, number> = { stopped: 0, 'stack overflow': 0, 'out of memory': 0 }

  constructor(valid: boolean) {
    this.valid = valid
  }

  get counts(): Counts {
    return { ...this.#counts, stops: this.stops, left: this.#left }
  }

  add({ refused, failure }: Guarding): void {
    if (refused !== undefined && this.valid) this.notes.push(`refused by the guard: ${refused}`)
    if (failure !== undefined) this.failures.push(failure)
  }

  compare(what: Plan, { failure, left, steps, guarded }: ReturnType<typeof same>, variant: string): void {
    if (failure !== undefined) this.failures.push({ ...failure, variant })
    for (const why of left) this.#left[why]++
    this.compared ||= steps !== undefined
    this.longestGap = Math.max(this.longestGap, guarded.longestGap)
    this.#counts.calls += (steps ?? []).filter((step) => what.steps[step]?.kind === 'call').length
    this.#counts.hostCalls += guarded.hostCalls
    this.#counts.polls += guarded.polls
    this.#counts.traps += guarded.trace.filter((line) => line.includes(': trap: ')).length
    this.#counts.exceptions += guarded.trace.filter((line) => line.includes(': exception ')).length
  }
}
