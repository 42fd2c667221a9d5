/** Modules with their memories, tables and exports changed so that they can be run and looked at. All else stays byte for byte. */
import { LoadError } from '../../../src/errors.ts'
import type { ImportInfo, ModuleInfo, Section } from '../../../src/wasm/module.ts'
import { parseModule } from '../../../src/wasm/module.ts'
import { Reader } from '../../../src/wasm/reader.ts'
import type { Limits } from '../../../src/wasm/types.ts'
import { Writer } from '../../../src/wasm/writer.ts'

/** 4 MiB: comparing memories has to be quick. */
const PAGES = 64n
const ELEMENTS = 2_000n
/** The most that V8 takes for a memory with 64-bit addresses, in pages. */
const WIDE_PAGES = 262_144n

type LowerLimits = (limits: Limits, kind: 'memory' | 'table') => bigint | undefined

/**
 * Lets memories and tables grow a little only, and exports all that JavaScript can look at. Undefined for what cannot be read.
 * @param expose export what is not exported
 */
export function bounded(bytes: Uint8Array<ArrayBuffer>, expose: boolean): Uint8Array<ArrayBuffer> | undefined {
  return changed(bytes, expose, ({ minimum, maximum }, kind) => {
    const most = kind === 'memory' ? PAGES : ELEMENTS
    const room = most > minimum ? most : minimum
    return maximum === undefined || maximum > room ? room : maximum
  })
}

/** Maxima of 64-bit memories that are above what V8 knows, lowered to that. */
export function lowerWideMaxima(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  return changed(bytes, false, ({ maximum, address }, kind) => {
    return kind === 'memory' && address === 'i64' && maximum !== undefined && maximum > WIDE_PAGES ? WIDE_PAGES : maximum
  })
}

/** Memory and tables at the start, in bytes: too large for running it over and over? */
export function isHeavy({ memories, tables }: ModuleInfo): boolean {
  return memories.some(({ limits }) => limits.minimum > 4n * PAGES) || tables.some(({ limits }) => limits.minimum > 10n * ELEMENTS)
}

function changed(bytes: Uint8Array<ArrayBuffer>, expose: boolean, lower: LowerLimits): Uint8Array<ArrayBuffer> | undefined {
  let module: ModuleInfo
  try {
    module = parseModule(bytes)
  } catch (error) {
    if (error instanceof LoadError) return undefined
    throw error
  }
  const writer = new Writer(2 * bytes.length)
  writer.header()
  let hasExports = !expose
  for (const section of module.sections) {
    if (!hasExports && [8, 9, 12, 10, 11].includes(section.id)) {
      hasExports = true
      writer.section(7, (w) => writeExports(w, module, undefined))
    }
    hasExports ||= section.id === 7
    writeSection(writer, module, section, expose, lower)
  }
  if (!hasExports) writer.section(7, (w) => writeExports(w, module, undefined))
  return writer.finish()
}

function writeSection(writer: Writer, module: ModuleInfo, section: Section, expose: boolean, lower: LowerLimits): void {
  const { bytes, memories, tables, importedMemories, importedTables, tableInitialisers } = module
  switch (section.id) {
    case 2:
      return writer.section(2, (w) => w.vec(module.imports, (entry) => writeImport(w, module, entry, section, lower)))
    case 4:
      return writer.section(4, (w) =>
        w.vec([...tables.slice(importedTables).entries()], ([at, { element, limits }]) => {
          const initialiser = tableInitialisers[at]
          if (initialiser !== undefined) w.bytes(Uint8Array.of(0x40, 0))
          w.valType(element)
          writeLimits(w, limits, lower(limits, 'table'))
          if (initialiser !== undefined) w.bytes(bytes, initialiser.start, initialiser.end)
        }),
      )
    case 5:
      return writer.section(5, (w) => w.vec(memories.slice(importedMemories), ({ limits }) => writeLimits(w, limits, lower(limits, 'memory'))))
    case 7:
      if (expose) return writer.section(7, (w) => writeExports(w, module, section))
  }
  writer.bytes(bytes, section.start, section.end)
}

function writeImport(w: Writer, { bytes, imports }: ModuleInfo, entry: ImportInfo, section: Section, lower: LowerLimits): void {
  if (entry.kind !== 'memory' && entry.kind !== 'table') {
    const next = imports[imports.indexOf(entry) + 1]
    return w.bytes(bytes, entry.offset, next?.offset ?? section.end)
  }
  w.name(entry.module)
  w.name(entry.name)
  w.u8(entry.kind === 'table' ? 1 : 2)
  if (entry.kind === 'table') w.valType(entry.type.element)
  writeLimits(w, entry.type.limits, lower(entry.type.limits, entry.kind))
}

function writeLimits(w: Writer, { minimum, shared, address }: Limits, maximum: bigint | undefined): void {
  w.u8((maximum === undefined ? 0 : 1) | (shared ? 2 : 0) | (address === 'i64' ? 4 : 0))
  w.u64(minimum)
  if (maximum !== undefined) w.u64(maximum)
}

/** Those that there are, then one for each thing that has none. */
function writeExports(w: Writer, module: ModuleInfo, section: Section | undefined): void {
  const spaces = [module.functions.length, module.tables.length, module.memories.length, module.globals.length, module.tags.length]
  const kinds = ['function', 'table', 'memory', 'global', 'tag']
  const added: [name: string, kind: number, index: number][] = []
  for (const [kind, count] of spaces.entries()) {
    const exported = new Set(module.exports.filter((entry) => entry.kind === kinds[kind]).map(({ index }) => index))
    for (let index = 0; index < count; index++) if (!exported.has(index)) added.push([`fuzz ${kinds[kind]} ${index}`, kind, index])
  }
  w.u32(module.exports.length + added.length)
  if (section !== undefined) {
    const reader = new Reader(module.bytes, section.payload, section.end)
    reader.u32('a count')
    w.bytes(module.bytes, reader.offset, section.end)
  }
  for (const [name, kind, index] of added) {
    w.name(name)
    w.u8(kind)
    w.u32(index)
  }
}
