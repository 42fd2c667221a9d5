/** From bytes to what can be called, by size of the module. */
import { inTurn } from '../alternate.ts'
import type { Engine } from '../candidates/candidate.ts'
import { CANDIDATES } from '../candidates/index.ts'
import type { Figure, Settings, Subject } from '../figures.ts'
import { plainModule } from '../generated.ts'
import { file, HOW_TO_INSTALL, installed } from '../real/packages.ts'
import { PATIENCE, within } from '../within.ts'
import { type Contender, type Failures, figureOf, notes, PATIENT, REFERENCE, withContenders } from './contenders.ts'
import { growth, LOADING } from './growth.ts'

const SIZES = [1_000, 10_000, 100_000, 1_000_000]
const LARGE = 10_000_000
/** These load as another candidate does. */
const SAME = ['curfew-sync', 'vm']
/** Packages' modules that import nothing, so that anybody can load them. */
const REAL = [
  { name: 'gofmt', path: '@wasm-fmt/gofmt/gofmt.wasm' },
  { name: 'harfbuzz', path: 'harfbuzzjs/dist/harfbuzz-subset.wasm' },
  { name: 'dprint', path: '@dprint/typescript/plugin.wasm' },
] as const
/** Loads of each, at most: each takes up to a second. */
const MOST_ROUNDS = 7

export const loading: Subject = {
  id: 'loading',
  title: 'Loading a module: from bytes to an instance',
  async measure(settings) {
    const candidates = CANDIDATES.filter(({ id }) => !SAME.includes(id))
    const measured = await withContenders({ timeout: PATIENT, candidates }, async (contenders, failures) => {
      const figures: Figure[] = []
      for (const size of sizes(settings)) {
        figures.push(...(await loads({ id: `load-${size}`, row: `load, ${label(size)}`, size }, fresh(plainModule(size)), contenders, settings, failures)))
      }
      figures.push(...growth(figures, LOADING))
      const [small, large] = [SIZES[2] as number, SIZES[3] as number]
      for (const size of settings.quick ? [small] : [small, large]) figures.push(...(await again(size, contenders, settings, failures)))
      if (!installed || settings.quick) return figures
      for (const { name, path } of REAL) {
        const bytes = file(path)
        figures.push(...(await loads({ id: `load-${name}`, row: `load, ${name}, ${label(bytes.length)}` }, fresh(bytes), contenders, settings, failures)))
      }
      return figures
    })
    return { ...measured, ...notes(measured.note, settings.quick ? undefined : leftOut(installed)) }
  },
}

/** What is to be known of a run without the packages. */
export function leftOut(there: boolean): string | undefined {
  const names = REAL.map(({ name }) => name).join(', ')
  return there ? undefined : `${names}: not installed; to install them (600 MB): ${HOW_TO_INSTALL}`
}

function sizes({ quick, full }: Settings): number[] {
  if (quick) return SIZES.slice(0, 2)
  return full ? [...SIZES, LARGE] : SIZES
}

const label = (bytes: number) => (bytes < 1e6 ? `${Math.round(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1).replace('.0', '')} MB`)

let loaded = 0

async function loads(
  what: { readonly id: string; readonly row: string; readonly size?: number },
  next: () => Uint8Array<ArrayBuffer>,
  contenders: readonly Contender[],
  { rounds, step }: Settings,
  failures: Failures,
): Promise<Figure[]> {
  const times = new Map<Contender, number[]>()
  step?.(what.row)
  for (const contender of failures.without(contenders)) if ((contender.engine.there ?? contender.engine).load !== undefined) times.set(contender, [])
  // The first is not counted: code is cold
  for (let round = -1; round < Math.min(rounds, MOST_ROUNDS); round++) {
    for (const [contender, each] of inTurn([...times], round)) {
      try {
        const took = await within(PATIENCE, loadTime(contender.engine, next()))
        if (round >= 0) each.push(took)
      } catch (error) {
        failures.add(contender.candidate, error)
        times.delete(contender)
      }
    }
  }
  const reference = [...times].find(([{ candidate }]) => candidate.id === REFERENCE)?.[1]
  return [...times].map(([{ candidate }, each]) => figureOf({ ...what, unit: 'ms' }, candidate, each, reference))
}

/** The same bytes, of which a module lives: for another tenant, say. */
async function again(size: number, contenders: readonly Contender[], settings: Settings, failures: Failures): Promise<Figure[]> {
  const bytes = distinct(plainModule(size), loaded++)
  const living = new Map<Contender, () => unknown>()
  for (const contender of contenders) {
    const { engine, candidate } = contender
    const keep = async () => (engine.there === undefined ? engine.load?.(bytes) : engine.there.keep(bytes))
    const release = await failures.attempt(candidate, () => within(PATIENCE, keep()))
    if (release !== undefined) living.set(contender, release)
  }
  const figures = await loads({ id: `again-${size}`, row: `load again, ${label(size)}` }, () => bytes, [...living.keys()], settings, failures)
  for (const [{ candidate }, release] of living) await failures.attempt(candidate, () => within(PATIENCE, Promise.resolve(release())))
  return figures
}

/** ms, and it is let go of */
async function loadTime(engine: Engine, bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  if (engine.there !== undefined) return (await engine.there.load(bytes)).ms
  const began = performance.now()
  const release = await engine.load?.(bytes)
  const took = performance.now() - began
  await release?.()
  return took
}

/** Others each time: V8 compiles the same bytes only once, and so does Curfew. */
const fresh = (bytes: Uint8Array) => () => distinct(bytes, loaded++)

/** By a section that nobody reads. */
function distinct(bytes: Uint8Array, number: number): Uint8Array<ArrayBuffer> {
  const section = [0, 6, 1, 0x6e, number & 0xff, (number >> 8) & 0xff, (number >> 16) & 0xff, (number >> 24) & 0xff]
  const all = new Uint8Array(bytes.length + section.length)
  all.set(bytes)
  all.set(section, bytes.length)
  return all
}
