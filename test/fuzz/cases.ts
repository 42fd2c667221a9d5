/** Which case has which number: a pure function of the run's seed. */
import type { GeneratorName } from './generators/generate.ts'
import type { Variant } from './oracles/variants.ts'
import { mix } from './random.ts'

export interface FuzzCase {
  readonly number: number
  readonly generator: GeneratorName
  /** Of the module, and of what is done with it. */
  readonly seed: number
}

/** Binaryen's modules take the most time; in a fifth of the cases they take half of it. */
const TURNS: readonly GeneratorName[] = ['own', 'mutate', 'binaryen', 'own', 'mutate']

/** @param only generators to take */
export function caseOf(runSeed: number, number: number, only: readonly GeneratorName[]): FuzzCase {
  const turns = TURNS.filter((generator) => only.includes(generator))
  return { number, generator: turns[number % turns.length] as GeneratorName, seed: mix(runSeed, number) }
}

/** Each case is compared with one variant. */
export function variantOf({ seed }: Pick<FuzzCase, 'seed'>, variants: readonly Variant[]): Variant {
  return variants[mix(seed, 7) % variants.length] as Variant
}
