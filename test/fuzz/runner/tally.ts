/** What was done and found, for each generator; tallies of parts of a run add up. */
import { GENERATORS, type GeneratorName } from '../generators/generate.ts'
import type { Incomparable } from '../harness/session.ts'
import type { Judgement } from '../oracles/judge.ts'

export interface Figures {
  /** Modules that the generator made, and cases in which it made none. */
  modules: number
  nothing: number
  valid: number
  compared: number
  calls: number
  hostCalls: number
  traps: number
  exceptions: number
  polls: number
  stops: number
  left: Record<Incomparable, number>
  failures: number
  generateMs: number
  judgeMs: number
  /** The longest time between two polls, and in which case. */
  longestGap: number
  longestGapIn: number
}

export interface Tally {
  readonly generators: Record<GeneratorName, Figures>
  /** How often something was refused, or not done, by why. */
  readonly notes: Record<string, number>
}

const ADDED = ['calls', 'hostCalls', 'traps', 'exceptions', 'polls', 'stops'] as const

function noFigures(): Figures {
  return {
    modules: 0,
    nothing: 0,
    valid: 0,
    compared: 0,
    calls: 0,
    hostCalls: 0,
    traps: 0,
    exceptions: 0,
    polls: 0,
    stops: 0,
    left: { stopped: 0, 'stack overflow': 0, 'out of memory': 0 },
    failures: 0,
    generateMs: 0,
    judgeMs: 0,
    longestGap: 0,
    longestGapIn: 0,
  }
}

export function emptyTally(): Tally {
  return { generators: Object.fromEntries(GENERATORS.map((name) => [name, noFigures()])) as Record<GeneratorName, Figures>, notes: {} }
}

export function count(tally: Tally, generator: GeneratorName, number: number, judgement: Judgement): void {
  const figures = tally.generators[generator]
  figures.modules++
  if (judgement.valid) figures.valid++
  if (judgement.compared) figures.compared++
  figures.failures += judgement.failures.length
  for (const name of ADDED) figures[name] += judgement.counts[name]
  for (const [why, times] of Object.entries(judgement.counts.left)) figures.left[why as Incomparable] += times
  if (judgement.longestGap > figures.longestGap) {
    figures.longestGap = judgement.longestGap
    figures.longestGapIn = number
  }
  // Why V8 refuses a mutant is of no interest; other generators should make valid modules
  for (const note of judgement.notes) countNote(tally, generator === 'mutate' ? note.replace(/^(refused by V8).*/s, '$1 (mutants)') : note)
}

export function countNote({ notes }: Tally, note: string, times = 1): void {
  notes[note] = (notes[note] ?? 0) + times
}

/** Adds another tally to the first. */
export function add(tally: Tally, more: Tally): void {
  for (const name of GENERATORS) {
    const [to, from] = [tally.generators[name], more.generators[name]]
    for (const key of ['modules', 'nothing', 'valid', 'compared', 'failures', 'generateMs', 'judgeMs', ...ADDED] as const) to[key] += from[key]
    for (const why of Object.keys(to.left) as Incomparable[]) to.left[why] += from.left[why]
    if (from.longestGap > to.longestGap) [to.longestGap, to.longestGapIn] = [from.longestGap, from.longestGapIn]
  }
  for (const [note, times] of Object.entries(more.notes)) countNote(tally, note, times)
}
