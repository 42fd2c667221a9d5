/** Puts the guarded module together: sections copied, or written anew with what the guard adds at their ends. */
import { ABI_SECTION, ABI_VERSION, type Abi, RESERVED } from '../abi.ts'
import { LoadError } from '../errors.ts'
import type { ModuleInfo, Section } from '../wasm/module.ts'
import { Reader } from '../wasm/reader.ts'
import type { FuncType, Limits } from '../wasm/types.ts'
import { Writer } from '../wasm/writer.ts'
import { globalCount, writeGlobals, writeHooks } from './additions.ts'
import { addedTypes, type CodeOptions, type CodeSection, writeCode } from './code-section.ts'
import type { Maxima } from './growth.ts'
import { heapOf, NO_CALLS } from './heap.ts'

/** Ids of the sections that are not only copied, and the order in which sections stand. */
const ID = { custom: 0, type: 1, import: 2, function: 3, table: 4, memory: 5, global: 6, export: 7, start: 8, code: 10 } as const
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]

/** V8's own limits, which a valid module may pass by being guarded. */
const V8 = { types: 1_000_000, functions: 1_000_000, globals: 1_000_000, exports: 1_000_000, tables: 100_000 } as const

export interface Rewritten {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly abi: Abi
  /** Of a module with code. */
  readonly code: CodeSection | undefined
}

export function rewrite(module: ModuleInfo, options: CodeOptions): Rewritten {
  const code = module.bodyStarts.length > 0 ? writeCode(module, options) : undefined
  if (code !== undefined) checkEngineLimits(module, code)
  return new Rewriter(module, options.maxima, code).rewrite()
}

class Rewriter {
  readonly #module: ModuleInfo
  readonly #maxima: Maxima
  readonly #code: CodeSection | undefined
  /** What the module consists of, in order. */
  readonly #parts: Uint8Array[] = []
  readonly #abi: Abi
  readonly #exports: readonly (readonly [name: string, kind: number, index: number])[]

  constructor(module: ModuleInfo, maxima: Maxima, code: CodeSection | undefined) {
    const ownNames = new Set(module.exports.map((entry) => entry.name))
    this.#module = module
    this.#maxima = maxima
    this.#code = code
    this.#abi = abiOf(module, code, ownNames)
    this.#exports = exportsOf(this.#abi, module, code, ownNames)
  }

  rewrite(): Rewritten {
    this.#write((w) => w.header())
    let next = 0
    for (const section of this.#module.sections) {
      if (section.id !== ID.custom) next = this.#addMissing(next, ORDER.indexOf(section.id)) + 1
      this.#section(section)
    }
    this.#addMissing(next, ORDER.length)
    if (this.#exports.length > 0) this.#abiSection()
    return { bytes: joined(this.#parts), abi: this.#abi, code: this.#code }
  }

  /** Sections that the module does not have but the guard needs, up to a place in the order; returns that place. */
  #addMissing(from: number, to: number): number {
    for (let place = from; place < to; place++) {
      const id = ORDER[place] as number
      const isNeeded = id === ID.export ? this.#exports.length > 0 : this.#code !== undefined && (id === ID.table || id === ID.global)
      if (isNeeded) this.#section({ id, start: 0, payload: 0, end: 0, name: undefined })
    }
    return Math.max(from, to)
  }

  #section(section: Section): void {
    const code = this.#code
    switch (section.id) {
      case ID.custom:
        // Code has moved: hints about its offsets would speak of other instructions
        if (section.name?.startsWith('metadata.code.') || section.name === ABI_SECTION) return
        return this.#copy(section)
      case ID.import:
        return this.#imports(section)
      case ID.table:
        return this.#tables(section)
      case ID.memory:
        return this.#memories()
      case ID.export:
        return this.#extended(section, this.#exports.length, (w) => this.#writeExports(w))
      case ID.start:
        return // exported instead, so that it runs under a budget
    }
    if (code === undefined) return this.#copy(section)
    switch (section.id) {
      case ID.type:
        return this.#extended(section, addedTypes(code).length, (w) => writeTypes(w, addedTypes(code)))
      case ID.function:
        return this.#extended(section, code.functionTypes.length, (w) => {
          for (let at = 0; at < code.functionTypes.length; at++) w.u32(this.#module.types.length + at)
        })
      case ID.global:
        return this.#extended(section, globalCount(code.added), (w) => writeGlobals(w, code.added))
      case ID.code:
        return this.#codeSection(code)
      default:
        return this.#copy(section)
    }
  }

  #copy({ start, end }: Section): void {
    this.#parts.push(this.#module.bytes.subarray(start, end))
  }

  #write(contents: (writer: Writer) => void): void {
    const writer = new Writer()
    contents(writer)
    this.#parts.push(writer.written)
  }

  #writeSection(id: number, contents: (writer: Writer) => void): void {
    this.#write((w) => w.section(id, contents))
  }

  /** A section of a vector, with entries added at its end. A section that is missing has none so far. */
  #extended({ id, payload, end }: Section, more: number, write: (writer: Writer) => void): void {
    const reader = new Reader(this.#module.bytes, payload, end)
    const count = payload === end ? 0 : reader.u32('count')
    this.#writeSection(id, (w) => {
      w.u32(count + more)
      w.bytes(this.#module.bytes, reader.offset, end)
      write(w)
    })
  }

  #imports(section: Section): void {
    const { imports, bytes } = this.#module
    this.#writeSection(section.id, (w) => {
      w.u32(imports.length)
      for (const [at, entry] of imports.entries()) {
        if (entry.kind !== 'memory' && entry.kind !== 'table') {
          w.bytes(bytes, entry.offset, imports[at + 1]?.offset ?? section.end)
          continue
        }
        w.name(entry.module)
        w.name(entry.name)
        w.u8(entry.kind === 'table' ? 1 : 2)
        if (entry.kind === 'table') w.valType(entry.type.element)
        writeLimits(w, entry.type.limits, this.#maxima[entry.kind === 'table' ? 'tables' : 'memories'][entry.index] as bigint)
      }
    })
  }

  #tables(section: Section): void {
    const { tables, importedTables, tableInitialisers, bytes } = this.#module
    const code = this.#code
    this.#writeSection(section.id, (w) => {
      w.u32(tables.length - importedTables + (code === undefined ? 0 : 1))
      for (let index = importedTables; index < tables.length; index++) {
        const table = tables[index] as (typeof tables)[number]
        const initialiser = tableInitialisers[index - importedTables]
        if (initialiser !== undefined) {
          w.u8(0x40)
          w.u8(0x00)
        }
        w.valType(table.element)
        writeLimits(w, table.limits, this.#maxima.tables[index] as bigint)
        if (initialiser !== undefined) w.bytes(bytes, initialiser.start, initialiser.end)
      }
      if (code !== undefined) writeHooks(w, code.added)
    })
  }

  #memories(): void {
    const { memories, importedMemories } = this.#module
    this.#writeSection(ID.memory, (w) => {
      w.u32(memories.length - importedMemories)
      for (let index = importedMemories; index < memories.length; index++) {
        const memory = memories[index] as (typeof memories)[number]
        writeLimits(w, memory.limits, this.#maxima.memories[index] as bigint)
      }
    })
  }

  #writeExports(w: Writer): void {
    for (const [name, kind, index] of this.#exports) {
      w.name(name)
      w.u8(kind)
      w.u32(index)
    }
  }

  #codeSection({ contents, hints }: CodeSection): void {
    this.#write((w) => {
      hints.write(w)
      w.u8(ID.code)
      w.u32(contents.length)
    })
    this.#parts.push(contents.written)
  }

  #abiSection(): void {
    this.#writeSection(ID.custom, (w) => {
      w.name(ABI_SECTION)
      w.bytes(new TextEncoder().encode(JSON.stringify(this.#abi)))
    })
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Export names that the module does not use, and those of its memories and tables that it exports itself. */
function abiOf(module: ModuleInfo, code: CodeSection | undefined, used: ReadonlySet<string>): Abi {
  const free = (name: string): string => {
    let candidate = `${RESERVED}${name}`
    for (let n = 1; used.has(candidate); n++) candidate = `${RESERVED}${name}.${n}`
    return candidate
  }
  const exported = (kind: 'memory' | 'table', count: number): string[] =>
    Array.from({ length: count }, (_, index) => module.exports.find((entry) => entry.kind === kind && entry.index === index)?.name ?? free(`${kind}${index}`))
  const memories = exported('memory', module.memories.length)
  const tables = exported('table', module.tables.length)
  return {
    version: ABI_VERSION,
    ...(code !== undefined ? { counter: free('counter'), hooks: free('hooks') } : {}),
    ...(code?.added.fuel !== undefined ? { fuel: free('fuel'), depth: free('depth') } : {}),
    ...(module.start !== undefined ? { start: free('start') } : {}),
    ...(memories.length > 0 ? { memories } : {}),
    ...(tables.length > 0 ? { tables } : {}),
    heap: heapOf(module, code ?? NO_CALLS),
  }
}

const KIND = { function: 0, table: 1, memory: 2, global: 3 } as const

function exportsOf(
  { counter, hooks, fuel, depth, start, memories = [], tables = [] }: Abi,
  module: ModuleInfo,
  code: CodeSection | undefined,
  used: ReadonlySet<string>,
) {
  const entries: [name: string | undefined, kind: number, index: number | undefined][] = [
    [counter, KIND.global, code?.added.counter],
    [hooks, KIND.table, code?.added.hooks],
    [fuel, KIND.global, code?.added.fuel],
    [depth, KIND.global, code?.added.depth],
    [start, KIND.function, module.start],
    ...memories.map((name, index): [string | undefined, number, number] => [used.has(name) ? undefined : name, KIND.memory, index]),
    ...tables.map((name, index): [string | undefined, number, number] => [used.has(name) ? undefined : name, KIND.table, index]),
  ]
  return entries.filter((entry): entry is [string, number, number] => entry[0] !== undefined && entry[2] !== undefined)
}

function writeTypes(w: Writer, types: readonly FuncType[]): void {
  for (const { params, results } of types) {
    w.u8(0x60)
    w.vec(params, (type) => w.valType(type))
    w.vec(results, (type) => w.valType(type))
  }
}

function writeLimits(w: Writer, { minimum, shared, address }: Limits, maximum: bigint): void {
  w.u8(0x01 | (shared ? 0x02 : 0) | (address === 'i64' ? 0x04 : 0))
  w.u64(minimum)
  w.u64(maximum)
}

function checkEngineLimits(module: ModuleInfo, code: CodeSection): void {
  const { types, functions, globals, exports, tables, memories } = module
  const counts = {
    types: types.length + addedTypes(code).length,
    functions: functions.length + code.functionTypes.length,
    globals: globals.length + globalCount(code.added),
    exports: exports.length + 5 + memories.length + tables.length,
    tables: tables.length + 1,
  }
  for (const [what, found] of Object.entries(counts)) {
    const limit = V8[what as keyof typeof counts]
    if (found > limit)
      throw new LoadError('limit-exceeded', `the module has ${found} ${what} once guarded, above V8's limit of ${limit}`, { figures: { found, limit } })
  }
}
