/** What `curfew inspect` prints for people. */
import type { Description, GuardSummary, Space } from './describe.ts'
import type { Sink } from './io.ts'
import { heading, safeName, safePath, table } from './output.ts'
import { counted, formatCount, formatSize } from './units.ts'

const PAGE = 65_536

/** What each kind of check is for. */
const CHECKS: Readonly<Record<keyof GuardSummary['checks'], string>> = {
  entry: 'at function entries',
  loop: 'at loop headers',
  handler: 'where exceptions are caught',
  afterCall: 'after calls',
  straight: 'in straight-line code',
  bulk: 'at bulk operations',
  grow: 'where memories and tables grow',
}

export function printDescription(sink: Sink, description: Description): void {
  const part = (title: string, rows: readonly (readonly string[])[]) => {
    if (rows.length > 0) sink.write(`\n${heading(sink, title)}\n${table(rows)}`)
  }
  const { exports, imports, memories, tables, sections, guard, size } = description
  sink.write(`${heading(sink, safePath(description.module))}: ${summary(description)}\n`)
  part(
    'Exports',
    exports.map(({ name, kind, type, callable }) => [safeName(name), kind, typeOf(kind, type) + (callable === false ? ', not callable' : '')]),
  )
  part(
    'Imports',
    imports.map(({ module, name, kind, type }) => [safeName(module), safeName(name), kind, typeOf(kind, type)]),
  )
  part(
    'Memories',
    memories.map((each) => [nameOf(each), memoryRange(each), lowered(each, (pages) => `${counted(pages, 'page')}, ${formatSize(Number(pages) * PAGE)}`)]),
  )
  part(
    'Tables',
    tables.map((each) => [nameOf(each), each.element, range(each, 'element'), lowered(each, (elements) => counted(elements, 'element'))]),
  )
  const width = formatCount(size).length
  part(
    'Sections',
    sections.map((section) => [formatCount(section.size).padStart(width), section.name.split(' ').map(safeName).join(' ')]),
  )
  // What refused it follows, on stderr
  if (guard === null) sink.write('\n')
  else part('Guard', guardRows(guard, size))
}

function summary({ size, functions, start }: Description): string {
  const imported = functions.imported > 0 ? `, ${formatCount(functions.imported)} imported` : ''
  return `${counted(size, 'byte')}, ${counted(functions.defined, 'function')}${imported}${start ? ', with a start function' : ''}`
}

/** The limits of a memory alone do not say what they count. */
function typeOf(kind: string, type: string): string {
  return kind === 'memory' ? `pages: ${type}` : type
}

function nameOf({ index, imported, exports }: Space): string {
  return [String(index), ...(imported ? ['(imported)'] : []), ...exports.map(safeName)].join(' ')
}

function memoryRange(memory: Space): string {
  const bytes = (pages: bigint) => formatSize(Number(pages) * PAGE)
  const { minimum, maximum } = memory
  const sizes = maximum === null ? `${bytes(minimum)} or more` : maximum === minimum ? bytes(minimum) : `${bytes(minimum)} to ${bytes(maximum)}`
  return `${range(memory, 'page')} (${sizes})`
}

function range({ minimum, maximum, shared, address }: Space, unit: string): string {
  const flags = `${shared ? ', shared' : ''}${address === 'i64' ? ', 64-bit' : ''}`
  if (maximum === null) return `${formatCount(minimum)} or more ${unit}s${flags}`
  if (maximum === minimum) return `${counted(minimum, unit)}${flags}`
  return `${formatCount(minimum)} to ${counted(maximum, unit)}${flags}`
}

function lowered({ maximum, guardedMaximum }: Space, format: (count: bigint) => string): string {
  if (guardedMaximum === null) return ''
  return guardedMaximum === maximum ? 'not lowered' : `lowered to ${format(guardedMaximum)}`
}

function guardRows({ total, checks, guardedSize }: GuardSummary, size: number): string[][] {
  const width = formatCount(Math.max(total, guardedSize)).length
  const kinds = Object.entries(CHECKS).filter(([kind]) => checks[kind as keyof typeof checks] > 0)
  return [
    [formatCount(total).padStart(width), total === 1 ? 'check' : 'checks'],
    ...kinds.map(([kind, what]) => [formatCount(checks[kind as keyof typeof checks]).padStart(width), `  ${what}`]),
    [formatCount(guardedSize).padStart(width), `bytes once guarded: ${growth(guardedSize - size, guardedSize / size)}`],
  ]
}

function growth(more: number, factor: number): string {
  if (more === 0) return 'unchanged'
  const percent = (factor - 1) * 100
  return `${formatCount(more)} more, ${factor >= 2 ? `${factor.toFixed(1)} times the size` : `${percent.toFixed(1)} %`}`
}
