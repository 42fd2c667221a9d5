/** What `curfew inspect` prints for people. */
import type { Description, GuardSummary, Space, TableSpace } from './describe.ts'
import type { Sink } from './io.ts'
import { heading, safeName, safePath, table } from './output.ts'
import { counted, formatCount, formatSize } from './units.ts'

const PAGE = 65_536

/** What each kind of check is for. */
const CHECKS: Readonly<Record<keyof GuardSummary['checks'], string>> = {
  entry: 'at function entries',
  header: 'at loop headers',
  back: 'before jumps back to loops',
  copies: 'after copies of a loop',
  handler: 'where exceptions are caught',
  beforeCall: 'before calls that may come back',
  afterCall: 'after calls',
  path: 'elsewhere on the way',
  helper: 'operations with a length',
}

export function printPart(sink: Sink, title: string, rows: readonly (readonly string[])[]): void {
  if (rows.length > 0) sink.write(`\n${heading(sink, title)}\n${table(rows)}`)
}

export function printDescription(sink: Sink, description: Description): void {
  const part = (title: string, rows: readonly (readonly string[])[]) => printPart(sink, title, rows)
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
  printSpaces(sink, memories, tables)
  const width = formatCount(size).length
  part(
    'Sections',
    sections.map((section) => [formatCount(section.size).padStart(width), section.name.split(' ').map(safeName).join(' ')]),
  )
  // What refused it follows, on stderr
  if (guard === null) sink.write('\n')
  else part('Guard', guardRows(guard, size))
}

/** Memories and tables, and what the guard makes of their maxima. */
export function printSpaces(sink: Sink, memories: readonly Space[], tables: readonly TableSpace[]): void {
  printPart(
    sink,
    'Memories',
    memories.map((each) => [nameOf(each), memoryRange(each), lowered(each, (pages) => `${counted(pages, 'page')}, ${formatSize(Number(pages) * PAGE)}`)]),
  )
  printPart(
    sink,
    'Tables',
    tables.map((each) => [nameOf(each), each.element, range(each, 'element'), lowered(each, (elements) => counted(elements, 'element'))]),
  )
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

export function guardRows({ total, checks, guardedSize }: GuardSummary, size: number): string[][] {
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
  if (more < 0) return `${formatCount(-more)} fewer`
  const percent = (factor - 1) * 100
  return `${formatCount(more)} more, ${factor >= 2 ? `${factor.toFixed(1)} times the size` : `${percent.toFixed(1)} %`}`
}
