/** Functions of a guest that it returns as values: wrapped, so that calling one is a call like any other, and unwrapped on their way back. */
import { callError } from '../errors.ts'
import type { GuestFunction, Instance } from '../runtime/instance.ts'
import { typeOfTrampoline } from '../runtime/trampolines.ts'
import type { FunctionTypes } from '../wasm/module-type.ts'
import { checkArguments, type Signature, signature } from './signature.ts'

/** How a wrapped function is called: through the module's queue, under its allowance. */
export type CallFunction = (signature: Signature, instance: Instance, fn: GuestFunction, args: readonly unknown[]) => Promise<unknown[]>

interface Origin {
  readonly instance: Instance
  readonly fn: GuestFunction
}

const origins = new WeakMap<object, Origin>()

export class GuestFunctions {
  readonly #module: string
  readonly #call: CallFunction
  readonly #types: FunctionTypes | undefined
  /** Made when there is one: few modules return functions. By instance, since imports that it returns are those of all. */
  #wrappers: WeakMap<Instance, WeakMap<GuestFunction, GuestFunction>> | undefined

  constructor(module: string, call: CallFunction, types: FunctionTypes | undefined) {
    this.#module = module
    this.#call = call
    this.#types = types
  }

  /** Results as they go out. */
  wrap(instance: Instance, of: Signature, results: unknown[]): unknown[] {
    if (!of.returnsFunctions) return results
    return results.map((value) => (typeof value === 'function' ? this.#wrapped(instance, value as GuestFunction) : value))
  }

  /** Arguments as they go in. @throws UsageError `bad-argument` for a function that is not one of this instance */
  unwrap(instance: Instance, of: Signature, args: readonly unknown[]): readonly unknown[] {
    return args.map((value, at) => {
      const type = of.params[at]
      if (typeof value !== 'function' || typeof type !== 'object' || type.heap === 'extern' || type.heap === 'any') return value
      const origin = origins.get(value)
      if (origin?.instance === instance) return origin.fn
      const what = origin === undefined ? 'is not a function that the module returned' : 'belongs to another instance'
      throw callError(origin === undefined ? 'bad-argument' : 'stale', `argument ${at + 1} ${what}`, { module: this.#module, function: of.name })
    })
  }

  #wrapped(instance: Instance, fn: GuestFunction): GuestFunction {
    this.#wrappers ??= new WeakMap()
    const wrappers = this.#wrappers.get(instance) ?? new WeakMap()
    this.#wrappers.set(instance, wrappers)
    const known = wrappers.get(fn)
    if (known !== undefined) return known
    // The engine calls an exported function by its index in the module that has it
    const type = typeOfTrampoline(fn) ?? this.#types?.types[this.#types.typeIndices[Number(fn.name)] ?? -1] ?? { params: [], results: [] }
    const called = signature(`function ${fn.name}`, type)
    const wrapper = async (...args: unknown[]) => {
      checkArguments(called, args, this.#module)
      return this.#call(called, instance, fn, args)
    }
    wrappers.set(fn, wrapper)
    origins.set(wrapper, { instance, fn })
    return wrapper
  }
}
