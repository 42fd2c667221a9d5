/** Modules as text, for people: what the golden files of `rewrite.test.ts` hold. Not WebAssembly text; it cannot be read back. */

import { InstructionReader } from '../../src/wasm/instructions.ts'
import { readLocals } from '../../src/wasm/locals.ts'
import { functionType, type ImportInfo, type ModuleInfo, parseModule } from '../../src/wasm/module.ts'
import type { Immediate } from '../../src/wasm/opcodes.ts'
import { Reader } from '../../src/wasm/reader.ts'
import { formatFuncType, formatGlobalType, formatLimits, formatTableType, formatValType } from '../../src/wasm/types.ts'

const OPENS = new Set(['block', 'loop', 'if', 'try', 'try_table', 'else', 'catch', 'catch_all'])
const CLOSES = new Set(['end', 'else', 'catch', 'catch_all', 'delegate'])
const SECTIONS = ['custom', 'type', 'import', 'function', 'table', 'memory', 'global', 'export', 'start', 'element', 'code', 'data', 'data count', 'tag']
const CATCHES = ['catch', 'catch_ref', 'catch_all', 'catch_all_ref']

export function print(bytes: Uint8Array): string {
  const module = parseModule(bytes)
  const { importedTables, importedMemories, importedGlobals } = module
  const lines = [
    `sections: ${module.sections.map(({ id, name }) => name ?? SECTIONS[id]).join(', ')}`,
    ...module.types.map((type, index) => `type ${index}: ${type.kind === 'func' ? formatFuncType(type.type) : type.kind}`),
    ...module.imports.map((each) => `import ${each.kind} ${each.index} ${each.module}.${each.name}: ${importType(each)}`),
    ...module.tables.slice(importedTables).map((table, index) => `table ${importedTables + index}: ${formatTableType(table)}`),
    ...module.memories.slice(importedMemories).map((memory, index) => `memory ${importedMemories + index}: ${formatLimits(memory.limits)}`),
    ...module.globals.slice(importedGlobals).map((global, index) => `global ${importedGlobals + index}: ${formatGlobalType(global)}`),
    ...module.exports.map(({ name, kind, index }) => `export ${name}: ${kind} ${index}`),
    ...(module.start === undefined ? [] : [`start: function ${module.start}`]),
  ]
  for (let at = 0; at < module.bodyStarts.length; at++) lines.push(...functionLines(module, at))
  return `${lines.join('\n')}\n`
}

function importType(each: ImportInfo): string {
  if (each.kind === 'table') return formatTableType(each.type)
  if (each.kind === 'memory') return formatLimits(each.type.limits)
  return each.kind === 'global' ? formatGlobalType(each.type) : `type ${each.kind === 'tag' ? each.type.typeIndex : each.typeIndex}`
}

function functionLines(module: ModuleInfo, at: number): string[] {
  const index = module.importedFunctions + at
  const end = module.bodyEnds[at] as number
  const type = functionType(module, index)
  const { groups, total, codeStart } = readLocals(module, module.bodyStarts[at] as number, end)
  const locals = groups.map(({ count, type: of }) => `${count} x ${formatValType(of)}`).join(', ')
  const lines = [`function ${index} ${formatFuncType(type)}${locals === '' ? '' : `, locals ${locals}`}`]
  const reader = new InstructionReader(module)
  reader.reset(codeStart, end, total + type.params.length)
  let depth = 1
  while (reader.next()) {
    const { name } = reader.op
    if (CLOSES.has(name)) depth--
    lines.push('  '.repeat(depth) + instructionText(module.bytes, reader))
    if (OPENS.has(name)) depth++
  }
  return lines
}

function instructionText(bytes: Uint8Array, reader: InstructionReader): string {
  let slot = 0
  const next = () => String(slot++ === 0 ? reader.index0 : reader.index1)
  // The reader skips it
  if (reader.op.name === 'i64.const') return `i64.const ${new Reader(bytes, reader.start + 1, reader.end).s64('a number')}`
  return [reader.op.name, ...reader.op.immediates.map((kind) => immediateText(kind, reader, next))].filter((part) => part !== '').join(' ')
}

function immediateText(kind: Immediate, reader: InstructionReader, next: () => string): string {
  const labels = [...reader.labels.subarray(0, reader.labelCount)]
  switch (kind) {
    case 'i32':
    case 'lane':
    case 'count':
      return String(reader.value)
    case 'block':
      if (reader.index0 >= 0) return `type=${reader.index0}`
      return reader.valType === undefined ? '' : formatValType(reader.valType)
    case 'memarg':
      return `memory=${reader.index0} offset=${reader.memoryOffset}`
    case 'labels':
      return labels.join(' ')
    case 'catches':
      return labels
        .map((label, at) => `(${CATCHES[reader.catchKinds[at] as number]} ${(reader.catchKinds[at] as number) < 2 ? `${reader.catchTags[at]} ` : ''}${label})`)
        .join(' ')
    case 'heap':
      return String(reader.heap0)
    case 'label':
    case 'func':
    case 'type':
    case 'table':
    case 'memory':
    case 'global':
    case 'local':
    case 'tag':
    case 'elem':
    case 'data':
      return next()
    default:
      return '…'
  }
}
