/** `curfew guard --report`: what the guard did to each function. */
import { UNITS_PER_MS } from '../abi.ts'
import type { Checks, FunctionReport } from '../guard/index.ts'
import type { ModuleInfo } from '../wasm/module.ts'
import { functionNames } from '../wasm/names.ts'
import type { Sink } from './io.ts'
import { heading, rightAligned, safeName, table } from './output.ts'
import { counted, formatCount } from './units.ts'

export interface FunctionFigures extends Omit<FunctionReport, 'heaviest'> {
  /** As it is exported, or as its toolchain called it. */
  readonly name: string | null
  /** The most that one check charges, in microseconds of the dearest work. */
  readonly heaviest: number
}

const UNITS_PER_US = UNITS_PER_MS / 1_000

/** Those that grew most come first. */
export function functionFigures(module: ModuleInfo, reports: readonly FunctionReport[]): FunctionFigures[] {
  const names = new Map(functionNames(module))
  for (const { kind, index, name } of module.exports.toReversed()) if (kind === 'function') names.set(index, name)
  return reports
    .map(({ index, heaviest, ...report }) => ({ index, name: names.get(index) ?? null, ...report, heaviest: heaviest / UNITS_PER_US }))
    .sort((a, b) => added(b) - added(a) || a.index - b.index)
}

function added({ size, guardedSize }: FunctionFigures): number {
  return guardedSize - size
}

/** Heads of the columns. */
const KINDS: Readonly<Record<keyof Checks, string>> = {
  entry: 'entry',
  header: 'header',
  back: 'back',
  copies: 'copies',
  handler: 'handler',
  beforeCall: 'before call',
  afterCall: 'after call',
  path: 'path',
  helper: 'helper',
}

const SHOWN = 30
const NONE = '-'

export function printFunctions(sink: Sink, functions: readonly FunctionFigures[], countsFuel: boolean): void {
  if (functions.length === 0) return
  const shown = functions.slice(0, SHOWN)
  const column = (head: string, cell: (each: FunctionFigures) => string) => rightAligned([head, ...shown.map(cell)])
  const kinds = (Object.keys(KINDS) as (keyof Checks)[]).filter((kind) => kind === 'entry' || shown.some(({ checks }) => checks[kind] > 0))
  const columns = [
    column('index', ({ index }) => String(index)),
    column('bytes', ({ size }) => formatCount(size)),
    column('guarded', ({ guardedSize }) => formatCount(guardedSize)),
    column('more', (each) => formatCount(added(each))),
    ...kinds.map((kind) => column(KINDS[kind], (each) => (kind === 'entry' && each.isFree ? 'free' : figure(each.checks[kind])))),
    column('heaviest', ({ heaviest }) => (heaviest === 0 ? NONE : `${heaviest.toFixed(3)} us`)),
    ...(countsFuel ? [column('fuel', ({ fuel }) => figure(fuel))] : []),
    ['name', ...shown.map(({ name }) => (name === null ? '' : safeName(name)))],
  ]
  const rows = Array.from({ length: shown.length + 1 }, (_, row) => columns.map((cells) => cells[row] as string))
  sink.write(`\n${heading(sink, 'Functions, by the bytes added')}\n${table(rows)}`)
  const more = functions.length - shown.length
  if (more > 0) sink.write(`  and ${counted(more, 'function')} that grew less: --json has them all\n`)
  sink.write('\n')
  sink.write('  Checks are counted by where they are. "free": callers pay for what it does until its first check. "heaviest": the most work that\n')
  sink.write(`  one check pays for.${countsFuel ? ' "fuel": places where fuel is counted.' : ''}\n`)
}

function figure(count: number): string {
  return count === 0 ? NONE : formatCount(count)
}
