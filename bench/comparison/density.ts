/** Memory of live plugins, by how many there are: each candidate in a process of its own. */
import { CANDIDATES } from '../candidates/index.ts'
import { inChild } from '../child.ts'
import type { Figure, Settings, Subject } from '../figures.ts'
import { line, type Point } from '../statistics.ts'
import { available, Failures, figureOf, REFERENCE } from './contenders.ts'

const COUNTS = [10, 100, 1_000]
const MANY = 10_000
/** Of those that take a thread for each plugin. */
const THREADS = 10
/** These have no plugins of their own that live, or cannot say what they hold. */
const OTHERS = ['curfew-sync', 'vm', 'piscina', ...(process.platform === 'linux' ? [] : ['wazero'])]
const CANDIDATES_HERE = CANDIDATES.filter(({ id }) => !OTHERS.includes(id))
const MOST_ROUNDS = 3
const KB = 1_000

export const density: Subject = {
  id: 'density',
  title: 'What the process holds for each live plugin, called once',
  async measure(settings) {
    const { present, ...note } = available(CANDIDATES_HERE)
    const failures = new Failures()
    const figures: Figure[] = []
    const values = new Map<string, number[]>()
    for (const size of counts(settings)) {
      for (const candidate of present) {
        if (candidate.most !== undefined && size > (settings.full ? candidate.most : THREADS)) continue
        settings.step?.(`${size} plugins of ${candidate.name}`)
        const each = await failures.attempt(candidate, () => measured(candidate.id, size, rounds(settings)))
        if (each === undefined) continue
        values.set(`${candidate.id} ${size}`, each)
        const comparison = { id: `each-${size}`, row: `memory of each of ${size.toLocaleString('en')}`, unit: 'KB', size }
        figures.push(figureOf(comparison, candidate, each, values.get(`${REFERENCE} ${size}`)))
      }
    }
    return { figures: [...figures, ...further(figures)], ...note, ...failures.summary }
  },
}

function counts({ quick, full }: Settings): number[] {
  if (quick) return [2, 5]
  return full ? [...COUNTS, MANY] : COUNTS
}

const rounds = ({ quick, full, rounds }: Settings) => (quick || !full ? 1 : Math.min(rounds, MOST_ROUNDS))

async function measured(candidate: string, size: number, rounds: number): Promise<number[]> {
  const values: number[] = []
  // At least a byte: what is too little to be seen has no ratio
  for (let round = 0; round < rounds; round++) values.push(Math.max(1, (await inChild<{ each: number }>('density.ts', candidate, size)).each) / KB)
  return values
}

/** A line through all numbers of plugins: what one more of them costs. */
function further(figures: readonly Figure[]): Figure[] {
  return CANDIDATES_HERE.flatMap(({ id, name }): Figure[] => {
    const points = figures.flatMap(({ candidate, size, value }): Point[] => (candidate === id && size !== undefined ? [[size, size * value]] : []))
    if (points.length < 2) return []
    return [{ id: `further-${id}`, label: `${name}: one more`, row: 'memory of one more', candidate: id, value: line(points).slope, unit: 'KB' }]
  })
}
