/** Memory of live plugins, by how many there are: each candidate in a process of its own. */
import type { Candidate } from '../candidates/candidate.ts'
import { CANDIDATES } from '../candidates/index.ts'
import { inChild } from '../child.ts'
import type { Figure, Settings, Subject } from '../figures.ts'
import { spread } from '../statistics.ts'
import { available, Failures, figureOf, notes, REFERENCE } from './contenders.ts'
import { growth, MEMORY } from './growth.ts'

const COUNTS = [10, 100, 1_000]
const MANY = 10_000
/** Of those that take a thread for each plugin. */
const THREADS = 10
/** These have no plugins of their own that live, or cannot say what they hold. */
const OTHERS = ['curfew-sync', 'vm', 'piscina', ...(process.platform === 'linux' ? [] : ['wazero'])]
const CANDIDATES_HERE = CANDIDATES.filter(({ id }) => !OTHERS.includes(id))
const MOST_ROUNDS = 3
/** Processes: what they hold does not depend on how busy the machine is. */
const AT_ONCE = 2
const KB = 1_000
/** V8 takes its memory in pages of this size: what all plugins together do not take one of may as well be room that another had left, bytes. */
const RESOLUTION = 262_144

export const density: Subject = {
  id: 'density',
  title: 'What the process holds for each live plugin, called once',
  async measure(settings) {
    const { present, note } = available(CANDIDATES_HERE)
    const failures = new Failures()
    const figures: Figure[] = []
    const unseen: string[] = []
    for (const size of counts(settings)) {
      const able = present.filter(({ most }) => most === undefined || size <= (settings.full ? most : THREADS))
      const values = new Map<Candidate, readonly number[]>()
      for (let from = 0; from < able.length; from += AT_ONCE) {
        const now = able.slice(from, from + AT_ONCE)
        settings.step?.(`${size} plugins of ${now.map(({ name }) => name).join(' and of ')}`)
        const found = await Promise.all(now.map((candidate) => failures.attempt(candidate, () => measured(candidate.id, size, rounds(settings)))))
        for (const [index, candidate] of now.entries()) if (found[index] !== undefined) values.set(candidate, found[index])
      }
      for (const [candidate, each] of values) {
        if (visible(each, size)) continue
        values.delete(candidate)
        unseen.push(`${size} of ${candidate.name}`)
      }
      const reference = [...values].find(([{ id }]) => id === REFERENCE)?.[1]
      const comparison = { id: `each-${size}`, row: `memory of each of ${size.toLocaleString('en')}`, unit: 'KB', size }
      for (const [candidate, each] of values) figures.push(figureOf(comparison, candidate, each, reference))
    }
    const few = unseen.length === 0 ? undefined : `too little to be seen, less than ${Math.round(RESOLUTION / KB)} KB in all: ${unseen.join(', ')}`
    return { figures: [...figures, ...growth(figures, MEMORY)], ...notes(note, few), ...failures.summary }
  },
}

function counts({ quick, full }: Settings): number[] {
  if (quick) return [2, 5]
  return full ? [...COUNTS, MANY] : COUNTS
}

/** Have so many plugins taken enough for a figure? @param each KB, round by round */
export const visible = (each: readonly number[], size: number) => spread(each).median * size * KB >= RESOLUTION

const rounds = ({ quick, full, rounds }: Settings) => (quick || !full ? 1 : Math.min(rounds, MOST_ROUNDS))

async function measured(candidate: string, size: number, rounds: number): Promise<number[]> {
  const values: number[] = []
  for (let round = 0; round < rounds; round++) values.push((await inChild<{ each: number }>('density.ts', candidate, size)).each / KB)
  return values
}
