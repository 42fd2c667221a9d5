/** WebAssembly's values on the JavaScript side: making them for a type, and writing them down so that two runs can be compared. */
import type { ModuleInfo } from '../../../src/wasm/module.ts'
import type { HeapType, RefType, ValType } from '../../../src/wasm/types.ts'
import type { Random } from '../random.ts'
import { someF32, someF64, someI32, someI64 } from '../values.ts'

/** What `make` answers where no value of JavaScript would do. */
export const NONE = Symbol('no value')

/** Things for `externref`, the same for all instances of this process. */
const OBJECTS: readonly unknown[] = [{ host: 0 }, { host: 1 }, Symbol.for('host'), 'text', 12.5, -1, 2 ** 40, true, undefined]
const OBJECT_NAMES = new Map(OBJECTS.map((object, index) => [object, `host object ${index}`]))

/** What JavaScript throws into a guest. */
export const THROWN: readonly unknown[] = [new Error('of the host'), { thrown: true }, 'thrown text', 17]
const THROWN_NAMES = new Map(THROWN.map((object, index) => [object, `host error ${index}`]))

const I31_LIMIT = 2 ** 30

/** Makes and describes the values of one instance. */
export class Values {
  readonly #module: ModuleInfo
  /** Functions that the instance exports, by index. */
  readonly #functions = new Map<number, unknown>()
  /** References that came out of the instance, to be passed in again. */
  readonly #kept: unknown[] = []
  /** Objects in the order they were first seen: what they are called. */
  readonly #names = new Map<unknown, string>()

  constructor(module: ModuleInfo) {
    this.#module = module
  }

  /** To be called with the exports of the instance, once it has them. */
  learn(exports: WebAssembly.Exports): void {
    for (const { kind, name, index } of this.#module.exports) if (kind === 'function') this.#functions.set(index, exports[name])
  }

  make(type: ValType, random: Random): unknown {
    switch (type) {
      case 'i32':
        return someI32(random)
      case 'i64':
        return someI64(random)
      case 'f32':
        return someF32(random)
      case 'f64':
        return someF64(random)
      case 'v128':
        return NONE
      default:
        return this.#reference(type, random)
    }
  }

  /** One of each type, or `NONE` if one of them cannot be made. */
  list(types: readonly ValType[], random: Random): unknown[] | typeof NONE {
    const values = types.map((type) => this.make(type, random))
    return values.includes(NONE) ? NONE : values
  }

  #reference({ nullable, heap }: RefType, random: Random): unknown {
    if (heap === 'exn' || heap === 'noexn') return NONE
    const candidates = this.#candidates(heap, random)
    if (nullable && (candidates.length === 0 || random.oneIn(4))) return null
    return candidates.length === 0 ? NONE : random.pick(candidates)
  }

  #candidates(heap: HeapType, random: Random): readonly unknown[] {
    const small = someI32(random) % I31_LIMIT
    switch (heap) {
      case 'extern':
        return [...OBJECTS, ...this.#kept]
      case 'func':
        return [...this.#functions.values()]
      case 'any':
      case 'eq':
        return [small, ...this.#kept]
      case 'i31':
        return [small]
      case 'struct':
      case 'array':
        return this.#kept
      case 'none':
      case 'nofunc':
      case 'noextern':
      case 'noexn':
      case 'exn':
        return []
      default:
        // Objects that were kept may be of another type: a TypeError, raw and guarded alike
        return this.#module.types[heap]?.kind === 'func' ? this.#functionsOf(heap) : this.#kept
    }
  }

  #functionsOf(typeIndex: number): unknown[] {
    return [...this.#functions].filter(([index]) => this.#module.functions[index] === typeIndex).map(([, fn]) => fn)
  }

  describe(value: unknown): string {
    switch (typeof value) {
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value)
      case 'bigint':
        return `${value}n`
      case 'function':
        // V8 names an exported function by its index
        return `function ${value.name}`
      default:
        return value === null ? 'null' : this.#named(value)
    }
  }

  #named(value: unknown): string {
    const known = OBJECT_NAMES.get(value) ?? THROWN_NAMES.get(value) ?? this.#names.get(value)
    if (known !== undefined) return known
    if (typeof value !== 'object') return `${typeof value} ${String(value)}`
    const name = `object ${this.#names.size}`
    this.#names.set(value, name)
    if (!(value instanceof Error)) this.#kept.push(value)
    return name
  }

  describeAll(values: readonly unknown[]): string {
    return values.map((value) => this.describe(value)).join(', ')
  }
}

export function describeThrown(value: unknown): string | undefined {
  return THROWN_NAMES.get(value)
}
