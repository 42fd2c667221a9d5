/** Puts the guarded module together: sections copied, or written anew with what the guard adds at their ends. */
import { ABI_SECTION, ABI_VERSION, type Abi } from '../abi.ts'
import { LoadError } from '../errors.ts'
import type { Caps } from '../limits.ts'
import { InstructionReader } from '../wasm/instructions.ts'
import { readLocals } from '../wasm/locals.ts'
import type { ModuleInfo, Section } from '../wasm/module.ts'
import { Reader } from '../wasm/reader.ts'
import type { FuncType, Limits } from '../wasm/types.ts'
import { Writer } from '../wasm/writer.ts'
import { type Added, BodyWriter, type Checks, writeHelpers } from './body.ts'
import type { Maxima } from './growth.ts'
import { Plan } from './plan.ts'
import { refuseExceptionLocal } from './refuse.ts'

/** Ids of the sections that are not only copied, and the order in which sections stand. */
const ID = { custom: 0, type: 1, import: 2, function: 3, table: 4, memory: 5, global: 6, export: 7, start: 8, code: 10 } as const
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]

/** V8's own limits, which a valid module may pass by being guarded. */
const V8 = { types: 1_000_000, functions: 1_000_000, globals: 1_000_000, exports: 1_000_000, tables: 100_000, body: 7_654_321, locals: 50_000 } as const

export interface Rewritten {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly abi: Abi
  readonly checks: Checks
}

export class Rewriter {
  readonly #module: ModuleInfo
  readonly #maxima: Maxima
  readonly #caps: Caps
  readonly #keepExceptionLocals: boolean
  readonly #out: Writer
  readonly #added: Added | undefined
  readonly #abi: Abi
  readonly #ownNames: ReadonlySet<string>
  #checks: Checks = { entry: 0, loop: 0, handler: 0, afterCall: 0, straight: 0, bulk: 0, grow: 0 }

  constructor(module: ModuleInfo, maxima: Maxima, caps: Caps, keepExceptionLocals: boolean) {
    this.#module = module
    this.#maxima = maxima
    this.#caps = caps
    this.#keepExceptionLocals = keepExceptionLocals
    this.#out = new Writer(module.bytes.length + (module.bytes.length >> 1) + 512)
    const hasCode = module.bodyStarts.length > 0
    this.#added = hasCode ? additions(module) : undefined
    this.#ownNames = new Set(module.exports.map((entry) => entry.name))
    this.#abi = abiOf(module, hasCode, this.#ownNames)
    if (hasCode) this.#checkEngineLimits()
  }

  rewrite(): Rewritten {
    const { sections } = this.#module
    this.#out.header()
    let next = 0
    for (const section of sections) {
      if (section.id !== ID.custom) {
        next = this.#addMissing(next, ORDER.indexOf(section.id))
        next++
      }
      this.#section(section)
    }
    this.#addMissing(next, ORDER.length)
    if (this.#exportEntries().length > 0) this.#abiSection()
    return { bytes: this.#out.finish(), abi: this.#abi, checks: this.#checks }
  }

  /** Sections that the module does not have but the guard needs, up to a place in the order; returns that place. */
  #addMissing(from: number, to: number): number {
    for (let place = from; place < to; place++) {
      const id = ORDER[place] as number
      if (this.#added !== undefined && (id === ID.table || id === ID.global)) this.#section({ id, start: 0, payload: 0, end: 0, name: undefined })
      if (id === ID.export && this.#exportEntries().length > 0) this.#section({ id, start: 0, payload: 0, end: 0, name: undefined })
    }
    return Math.max(from, to)
  }

  #section(section: Section): void {
    switch (section.id) {
      case ID.custom:
        // Code has moved: hints about its offsets would speak of other instructions
        if (section.name?.startsWith('metadata.code.') || section.name === ABI_SECTION) return
        return this.#copy(section)
      case ID.type:
        return this.#added ? this.#extended(section, 4, (w) => writeTypes(w)) : this.#copy(section)
      case ID.import:
        return this.#imports(section)
      case ID.function:
        return this.#added ? this.#extended(section, 3, (w) => writeFunctions(w, this.#added as Added)) : this.#copy(section)
      case ID.table:
        return this.#tables(section)
      case ID.memory:
        return this.#memories()
      case ID.global:
        return this.#added ? this.#extended(section, 1, writeCounter) : this.#copy(section)
      case ID.export:
        return this.#exports(section)
      case ID.start:
        return // exported instead, so that it runs under a budget
      case ID.code:
        return this.#code()
      default:
        return this.#copy(section)
    }
  }

  #copy({ start, end }: Section): void {
    this.#out.bytes(this.#module.bytes, start, end)
  }

  /** A section of a vector, with entries added at its end. A section that is missing has none so far. */
  #extended({ id, payload, end }: Section, more: number, write: (writer: Writer) => void): void {
    const reader = new Reader(this.#module.bytes, payload, end)
    const count = payload === end ? 0 : reader.u32('count')
    this.#out.section(id, (w) => {
      w.u32(count + more)
      w.bytes(this.#module.bytes, reader.offset, end)
      write(w)
    })
  }

  #imports(section: Section): void {
    const { imports, bytes } = this.#module
    this.#out.section(section.id, (w) => {
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
    this.#out.section(section.id, (w) => {
      w.u32(tables.length - importedTables + (this.#added ? 1 : 0))
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
      if (this.#added !== undefined) w.bytes(HOOKS_TABLE)
    })
  }

  #memories(): void {
    const { memories, importedMemories } = this.#module
    this.#out.section(ID.memory, (w) => {
      w.u32(memories.length - importedMemories)
      for (let index = importedMemories; index < memories.length; index++) {
        const memory = memories[index] as (typeof memories)[number]
        writeLimits(w, memory.limits, this.#maxima.memories[index] as bigint)
      }
    })
  }

  #exports(section: Section): void {
    const entries = this.#exportEntries()
    this.#extended(section, entries.length, (w) => {
      for (const [name, kind, index] of entries) {
        w.name(name)
        w.u8(kind)
        w.u32(index)
      }
    })
  }

  #exportEntries(): [name: string, kind: number, index: number][] {
    const { counter, hooks, start, memories } = this.#abi
    const entries: [name: string, kind: number, index: number][] = []
    if (this.#added !== undefined) entries.push([counter as string, 3, this.#added.counter], [hooks as string, 1, this.#added.hooks])
    if (start !== undefined) entries.push([start, 0, this.#module.start as number])
    for (const [index, name] of (memories ?? []).entries()) if (name.startsWith(RESERVED) && !this.#ownNames.has(name)) entries.push([name, 2, index])
    return entries
  }

  #code(): void {
    const added = this.#added
    const module = this.#module
    if (added === undefined) return this.#out.section(ID.code, (w) => w.u32(0))
    const code = new Writer(module.bytes.length + (module.bytes.length >> 1))
    const reader = new InstructionReader(module)
    const plan = new Plan(module, this.#caps, reader)
    const bodies = new BodyWriter(code, module.bytes, added)
    code.u32(module.bodyStarts.length + 3)
    for (let at = 0; at < module.bodyStarts.length; at++) this.#function(at, reader, plan, bodies)
    writeHelpers(code, added)
    this.#checks = bodies.checks
    this.#out.u8(ID.code)
    this.#out.u32(code.length)
    this.#out.append(code)
  }

  #function(at: number, reader: InstructionReader, plan: Plan, bodies: BodyWriter): void {
    const module = this.#module
    const index = module.importedFunctions + at
    const start = module.bodyStarts[at] as number
    const end = module.bodyEnds[at] as number
    const { groups, codeStart, total } = readLocals(module, start, end)
    if (!this.#keepExceptionLocals) for (const group of groups) refuseExceptionLocal(group.type, start)
    const type = module.types[module.functions[index] as number]
    const signature = type?.kind === 'func' ? type.type : NO_SIGNATURE
    const locals = total + signature.params.length
    reader.reset(codeStart, end, locals)
    plan.make(codeStart, end, locals, signature)
    const where = { offset: start }
    if (locals + 2 > V8.locals)
      throw new LoadError('limit-exceeded', `function ${index} has ${locals} locals; with those of the guard that is above V8's limit of ${V8.locals}`, where)
    if (plan.complexity > this.#caps.functionComplexity) {
      const figures = { found: plan.complexity, limit: this.#caps.functionComplexity }
      const what = `function ${index} would hold the thread while V8 compiles it: locals and operands times branches come to ${plan.complexity}`
      throw new LoadError('limit-exceeded', `${what}, above \`caps.functionComplexity\` of ${figures.limit}`, { ...where, figures })
    }
    const size = bodies.write(plan, groups, codeStart, end, locals)
    const limit = Math.min(this.#caps.functionSize, V8.body)
    if (size > limit) {
      const which = limit === V8.body ? "V8's limit" : '`caps.functionSize`'
      throw new LoadError('limit-exceeded', `function ${index} has ${size} bytes once guarded, above ${which} of ${limit}`, {
        ...where,
        figures: { found: size, limit },
      })
    }
  }

  #checkEngineLimits(): void {
    const { types, functions, globals, exports, tables } = this.#module
    const counts = {
      types: types.length + 4,
      functions: functions.length + 3,
      globals: globals.length + 1,
      exports: exports.length + 3 + this.#module.memories.length,
      tables: tables.length + 1,
    }
    for (const [what, found] of Object.entries(counts)) {
      const limit = V8[what as keyof typeof counts]
      if (found > limit)
        throw new LoadError('limit-exceeded', `the module has ${found} ${what} once guarded, above V8's limit of ${limit}`, { figures: { found, limit } })
    }
  }

  #abiSection(): void {
    this.#out.section(ID.custom, (w) => {
      w.name(ABI_SECTION)
      w.bytes(new TextEncoder().encode(JSON.stringify(this.#abi)))
    })
  }
}

function additions({ types, functions, globals, tables }: ModuleInfo): Added {
  const [type, fn] = [types.length, functions.length]
  return {
    counter: globals.length,
    hooks: tables.length,
    types: { slow: type, hook: type + 1, bulk: type + 2, bulk64: type + 3 },
    functions: { slow: fn, bulk: fn + 1, bulk64: fn + 2 },
  }
}

const RESERVED = 'curfew.'

/** Export names that the module does not use, and those of its memories that it exports itself. */
function abiOf(module: ModuleInfo, hasCode: boolean, used: ReadonlySet<string>): Abi {
  const free = (name: string): string => {
    let candidate = `${RESERVED}${name}`
    for (let n = 1; used.has(candidate); n++) candidate = `${RESERVED}${name}.${n}`
    return candidate
  }
  const memories = module.memories.map(
    (_, index) => module.exports.find((entry) => entry.kind === 'memory' && entry.index === index)?.name ?? free(`memory${index}`),
  )
  return {
    version: ABI_VERSION,
    ...(hasCode ? { counter: free('counter'), hooks: free('hooks') } : {}),
    ...(module.start !== undefined ? { start: free('start') } : {}),
    ...(memories.length > 0 ? { memories } : {}),
  }
}

/** Of a function whose type is not one of a function: the engine refuses that. */
const NO_SIGNATURE: FuncType = { params: [], results: [] }
const HOOKS_TABLE = new Uint8Array([0x70, 0x01, 0x01, 0x01])

function writeTypes(w: Writer): void {
  const signatures: readonly (readonly [params: readonly number[], results: readonly number[]])[] = [
    [[], []],
    [[], [0x7f]],
    [[0x7f, 0x7f], []],
    [[0x7e, 0x7f], []],
  ]
  for (const [params, results] of signatures) {
    w.u8(0x60)
    w.vec(params, (byte) => w.u8(byte))
    w.vec(results, (byte) => w.u8(byte))
  }
}

function writeFunctions(w: Writer, { types }: Added): void {
  for (const type of [types.slow, types.bulk, types.bulk64]) w.u32(type)
}

/** A mutable i32 that starts at 0, so that the first check polls. */
function writeCounter(w: Writer): void {
  w.bytes(new Uint8Array([0x7f, 0x01, 0x41, 0x00, 0x0b]))
}

function writeLimits(w: Writer, { minimum, shared, address }: Limits, maximum: bigint): void {
  w.u8(0x01 | (shared ? 0x02 : 0) | (address === 'i64' ? 0x04 : 0))
  w.u64(minimum)
  w.u64(maximum)
}
