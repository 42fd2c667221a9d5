/** All generators: each makes a module of a seed. */
import { FEATURES } from '../features.ts'
import { mix, Random } from '../random.ts'
import { binaryenCase, runBinaryen } from './binaryen.ts'
import { corpus } from './corpus.ts'
import { mutate } from './mutate.ts'
import { ownModule } from './own/module.ts'
import { padded } from './pad.ts'
import { WasmOpt } from './wasm-opt.ts'

export const GENERATORS = ['binaryen', 'own', 'mutate'] as const
export type GeneratorName = (typeof GENERATORS)[number]

export interface Generated {
  /** Undefined if nothing came of it. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined
  /** How it was made, or why not. */
  readonly note: string
}

const program = new WasmOpt()

/** A pure function of its arguments, of what V8 knows, and of the corpus. */
export async function generate(generator: GeneratorName, seed: number): Promise<Generated> {
  switch (generator) {
    case 'binaryen':
      return binaryen(seed)
    case 'own':
      return own(seed)
    case 'mutate':
      return mutant(seed)
  }
}

/** One in four with numbers in more bytes than they need. */
function own(seed: number): Generated {
  const bytes = ownModule(seed, FEATURES)
  const random = new Random(mix(seed, 8))
  return random.oneIn(4) ? { bytes: padded(random, bytes, random.pick([1, 4]), FEATURES), note: 'own, padded' } : { bytes, note: 'own' }
}

async function binaryen(seed: number): Promise<Generated> {
  if (program.needsStart) await program.start()
  const made = binaryenCase(seed, FEATURES)
  const { status, output, text } = runBinaryen(made, program)
  const options = made.args.filter((arg) => arg.startsWith('-') && !arg.startsWith('--disable-')).join(' ')
  return status === 0 && output !== undefined ? { bytes: output, note: options } : { bytes: undefined, note: `wasm-opt fails: ${firstError(text)}` }
}

function firstError(text: string): string {
  const line = text.split('\n').find((each) => each !== '' && !each.startsWith('warning:')) ?? ''
  return line.replace(/^.*Aborted\((.*?)[,)].*$/, '$1').slice(0, 80)
}

async function mutant(seed: number): Promise<Generated> {
  const random = new Random(mix(seed, 9))
  const bytes = await parent(random)
  const other = random.oneIn(2) ? bytes : await parent(random)
  return { bytes: mutate(random, bytes, other), note: 'mutant' }
}

async function parent(random: Random): Promise<Uint8Array<ArrayBuffer>> {
  const kind = random.below(20)
  if (kind === 0) {
    const { bytes } = await binaryen(random.u32())
    if (bytes !== undefined) return bytes
  }
  return kind < 8 ? ownModule(random.u32(), FEATURES) : random.pick(corpus())
}
