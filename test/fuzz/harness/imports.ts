/** Imports of every kind, made from what a module says it wants. */
import type { ImportInfo, ModuleInfo } from '../../../src/wasm/module.ts'
import type { Limits, ValType } from '../../../src/wasm/types.ts'
import { formatValType } from '../../../src/wasm/types.ts'
import { mix, Random } from '../random.ts'
import { NONE, type Values } from './values.ts'

/** Room that an imported memory or table has to grow where the module sets no maximum. */
const ROOM = 4n

/** What is shared by JavaScript and one instance. */
export interface Imported {
  readonly object: WebAssembly.Imports
  readonly memories: readonly WebAssembly.Memory[]
  readonly tables: readonly WebAssembly.Table[]
  readonly globals: readonly WebAssembly.Global[]
  readonly tags: ReadonlyMap<string, WebAssembly.Tag>
}

export type HostFunction = (index: number, args: readonly unknown[]) => unknown

export function makeImports(module: ModuleInfo, seed: number, values: Values, host: HostFunction): Imported {
  const object: Record<string, Record<string, unknown>> = Object.create(null)
  const made: { memories: WebAssembly.Memory[]; tables: WebAssembly.Table[]; globals: WebAssembly.Global[]; tags: Map<string, WebAssembly.Tag> } = {
    memories: [],
    tables: [],
    globals: [],
    tags: new Map(),
  }
  for (const [at, entry] of module.imports.entries()) {
    object[entry.module] ??= Object.create(null)
    const names = object[entry.module] as Record<string, unknown>
    // The same name twice is one thing twice; where the types differ, nothing links
    names[entry.name] ??= make(entry, module, new Random(mix(seed, at)), values, host)
    const value = names[entry.name]
    if (value instanceof WebAssembly.Memory) made.memories.push(value)
    else if (value instanceof WebAssembly.Table) made.tables.push(value)
    else if (value instanceof WebAssembly.Global) made.globals.push(value)
    else if (value instanceof WebAssembly.Tag) made.tags.set(`imported ${entry.index}`, value)
  }
  return { object: object as WebAssembly.Imports, ...made }
}

function make(entry: ImportInfo, module: ModuleInfo, random: Random, values: Values, host: HostFunction): unknown {
  switch (entry.kind) {
    case 'function':
      return (...args: unknown[]) => host(entry.index, args)
    case 'memory':
      return attempt(() => new WebAssembly.Memory({ ...limits(entry.type.limits), shared: entry.type.limits.shared } as WebAssembly.MemoryDescriptor))
    case 'table':
      return attempt(() => new WebAssembly.Table({ ...limits(entry.type.limits), element: elementName(entry.type.element) } as WebAssembly.TableDescriptor))
    case 'global':
      return makeGlobal(entry.type.type, entry.type.mutable, random, values)
    case 'tag':
      return makeTag(entry, module)
  }
}

/** Of what is not made here the module is told nothing, and does not link: raw and guarded alike. */
function attempt<T>(construct: () => T): T | undefined {
  try {
    return construct()
  } catch {
    return undefined
  }
}

function limits({ minimum, maximum, address }: Limits): object {
  const most = least(maximum ?? minimum + ROOM, minimum + ROOM)
  return address === 'i64' ? { address: 'i64', initial: minimum, maximum: most } : { initial: Number(minimum), maximum: Number(most) }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function makeGlobal(type: ValType, mutable: boolean, random: Random, values: Values): unknown {
  const value = values.make(type, random)
  // An immutable one may be given as its value
  if (!mutable && value !== NONE) return value
  return attempt(() => {
    const descriptor = { value: elementName(type), mutable } as unknown as WebAssembly.GlobalDescriptor
    return value === NONE ? new WebAssembly.Global(descriptor) : new WebAssembly.Global(descriptor, value as never)
  })
}

function makeTag(entry: ImportInfo & { kind: 'tag' }, module: ModuleInfo): unknown {
  const type = module.types[entry.type.typeIndex]
  if (type?.kind !== 'func') return undefined
  const { JSTag } = WebAssembly as { JSTag?: unknown }
  if (entry.name === 'jstag' && JSTag !== undefined) return JSTag
  return attempt(() => new WebAssembly.Tag({ parameters: type.type.params.map(elementName) as WebAssembly.ValueType[] }))
}

/** The name of a type in descriptors of JavaScript. */
function elementName(type: ValType): string {
  const name = formatValType(type)
  return name === 'funcref' ? 'anyfunc' : name
}
