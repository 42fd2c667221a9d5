/** What will be done with a module: the same for each of its instances, raw or guarded. */
import { type ModuleInfo, parseModule } from '../../../src/wasm/module.ts'
import type { FuncType } from '../../../src/wasm/types.ts'
import { mix, Random } from '../random.ts'

export interface CallStep {
  readonly kind: 'call'
  readonly name: string
  readonly type: FuncType
  /** Of the arguments. */
  readonly seed: number
}

export interface SetStep {
  readonly kind: 'set'
  readonly name: string
  readonly type: 'i32' | 'i64' | 'f32' | 'f64'
  readonly seed: number
}

export type Step = CallStep | SetStep

export interface Plan {
  readonly module: ModuleInfo
  readonly seed: number
  /** After instantiation. */
  readonly steps: readonly Step[]
}

const MOST_STEPS = 30

/** @throws LoadError if the module cannot be read */
export function plan(bytes: Uint8Array, seed: number): Plan {
  const module = parseModule(bytes)
  const random = new Random(mix(seed, 1))
  const calls = module.exports.filter(({ kind }) => kind === 'function')
  const globals = module.exports.filter(({ kind, index }) => kind === 'global' && module.globals[index]?.mutable && isNumber(module.globals[index]?.type))
  const steps: Step[] = []
  while (calls.length > MOST_STEPS) calls.splice(random.below(calls.length), 1)
  for (const { name, index } of calls) {
    const type = module.types[module.functions[index] as number]
    if (type?.kind === 'func') steps.push({ kind: 'call', name, type: type.type, seed: random.u32() })
  }
  // All once in order, then some of them again, when what they work on is no longer new
  const once = steps.length
  while (once > 0 && steps.length < Math.min(MOST_STEPS, once + 6)) {
    const again = steps[random.below(once)] as CallStep
    if (globals.length > 0 && random.oneIn(3)) {
      const { name, index } = random.pick(globals)
      steps.push({ kind: 'set', name, type: module.globals[index]?.type as SetStep['type'], seed: random.u32() })
    }
    steps.push({ ...again, seed: random.u32() })
  }
  return { module, seed, steps }
}

function isNumber(type: unknown): boolean {
  return type === 'i32' || type === 'i64' || type === 'f32' || type === 'f64'
}
