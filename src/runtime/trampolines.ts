/**
 * WebAssembly functions between a guest and host functions that may have it wait, see `host-wait.ts`. For each function, of type `P -> R`:
 *
 *   (func (export "0") (param P) (result R)
 *     try (result R)
 *       (call $fn0 (local.get ...))
 *     catch $tag
 *       (call $result0 (call $wait))
 *     end)
 *
 * That the pending state is an exception leaves `R` to the engine, which converts what `$fn0` or `$result0` returns: there is no value of a
 * non-nullable reference, say, that could stand for none.
 */
import type { FuncType } from '../wasm/types.ts'
import { instruction, Writer } from '../wasm/writer.ts'
import { WAITING } from './host-wait.ts'

type HostFunction = (...args: unknown[]) => unknown

const types = new WeakMap<object, FuncType>()

/** The type of a function that `instantiate` returned; undefined for any other. */
export function typeOfTrampoline(fn: object): FuncType | undefined {
  return types.get(fn)
}

/** Those of one module, for host functions of these types, none of which names a type of the module. */
export class Trampolines {
  readonly #types: readonly FuncType[]
  readonly #module: WebAssembly.Module

  constructor(types: readonly FuncType[]) {
    this.#types = types
    this.#module = new WebAssembly.Module(moduleOf(types))
  }

  /** Makes those of one instance, in the order of the types. */
  instantiate(fns: readonly HostFunction[]): WebAssembly.ExportValue[] {
    const { exports } = new WebAssembly.Instance(this.#module, { h: WAITING, f: Object.fromEntries(fns.entries()) as WebAssembly.ModuleImports })
    return this.#types.map((type, at) => {
      const fn = exports[at] as WebAssembly.ExportValue
      types.set(fn as object, type)
      return fn
    })
  }
}

/** Of each type of function there are three: its own, that of `$result` and that of the block. */
const FIRST_TYPE = 2

function moduleOf(types: readonly FuncType[]): Uint8Array<ArrayBuffer> {
  const distinct = [...new Set(types)]
  const typeIndex = new Map(distinct.map((type, at) => [type, FIRST_TYPE + 3 * at]))
  const indexOf = (type: FuncType) => typeIndex.get(type) as number
  const writer = new Writer()
  writer.header()
  writer.section(1, (section) => {
    section.u32(FIRST_TYPE + 3 * distinct.length)
    functionType(section, { params: [], results: [] })
    functionType(section, { params: [], results: ['i32'] })
    for (const { params, results } of distinct) {
      functionType(section, { params, results })
      functionType(section, { params: ['i32'], results })
      functionType(section, { params: [], results })
    }
  })
  writer.section(2, (section) => {
    section.u32(2 + 2 * types.length)
    imported(section, 'h', 'tag', [TAG, 0, 0])
    imported(section, 'h', 'wait', [FUNCTION, 1])
    for (const [at, type] of types.entries()) {
      imported(section, 'f', `${at}`, [FUNCTION, indexOf(type)])
      imported(section, 'h', 'result', [FUNCTION, indexOf(type) + 1])
    }
  })
  const firstOwn = 1 + 2 * types.length
  writer.section(3, (section) => section.vec(types, (type) => section.u32(indexOf(type))))
  writer.section(7, (section) =>
    section.vec([...types.keys()], (at) => {
      section.name(`${at}`)
      section.u8(FUNCTION)
      section.u32(firstOwn + at)
    }),
  )
  writer.section(10, (section) => section.vec([...types.entries()], ([at, type]) => section.sized((body) => trampoline(body, at, type, indexOf(type) + 2))))
  return writer.finish()
}

const FUNCTION = 0
const TAG = 4

function functionType(section: Writer, { params, results }: FuncType): void {
  section.u8(0x60)
  section.vec(params, (type) => section.valType(type))
  section.vec(results, (type) => section.valType(type))
}

/** @param type the kind of what is imported, and indices */
function imported(section: Writer, module: string, name: string, type: readonly number[]): void {
  section.name(module)
  section.name(name)
  for (const each of type) section.u32(each)
}

function trampoline(body: Writer, at: number, { params }: FuncType, block: number): void {
  body.u32(0) // no locals
  instruction(body, 'try', block)
  for (const index of params.keys()) instruction(body, 'local.get', index)
  instruction(body, 'call', 1 + 2 * at)
  instruction(body, 'catch', 0)
  instruction(body, 'call', 0)
  instruction(body, 'call', 2 + 2 * at)
  instruction(body, 'end')
  instruction(body, 'end')
}
