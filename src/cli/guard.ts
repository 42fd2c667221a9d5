/** `curfew guard`: a module as the guard rewrites it, for any engine and whoever drives it there. */
import { ABI_SECTION, type Abi } from '../abi.ts'
import { EXIT } from '../errors.ts'
import type { Guarded } from '../guard/index.ts'
import { DEFAULT_MEMORY_LIMIT, DEFAULT_TABLE_LIMIT } from '../limits.ts'
import type { ModuleInfo } from '../wasm/module.ts'
import { readCosts } from './costs.ts'
import { describe, type GuardSummary, type Space, type TableSpace } from './describe.ts'
import { type DriverStep, driverSteps } from './driving.ts'
import { CommandError } from './failure.ts'
import { parseModuleFile, readModuleFile, refuseGuarded } from './file.ts'
import { type FunctionFigures, functionFigures, printFunctions } from './functions.ts'
import { guardAndValidate } from './guarding.ts'
import type { CommandIo, Sink } from './io.ts'
import { fail, heading, printJson, safeName, safePath, table } from './output.ts'
import { guardRows, printPart, printSpaces } from './report.ts'
import { counted, formatSize } from './units.ts'
import { isSameFile, writeOutput } from './write.ts'

/** As the options are called on the command line. */
export interface GuardCommandOptions {
  readonly output?: string
  readonly fuel?: boolean
  /** The file of costs. */
  readonly costs?: string
  readonly deterministic?: boolean
  /** Bytes. */
  readonly memory?: number
  readonly report?: boolean
  readonly json?: boolean
}

/** What `--json` prints. Sizes in bytes. */
interface Summary {
  readonly module: string
  /** Null if no file was asked for. */
  readonly output: string | null
  readonly size: number
  readonly guardedSize: number
  readonly guard: GuardSummary
  readonly limits: Limits
  readonly memories: readonly Space[]
  readonly tables: readonly TableSpace[]
  readonly abi: Abi
  readonly driver: readonly DriverStep[]
  readonly functions?: readonly FunctionFigures[]
}

interface Limits {
  readonly memory: number
  readonly tableElements: number
  /** The file of costs, or `true` for the usual ones. */
  readonly fuel: boolean | string
  readonly deterministic: boolean
  /** What the module would have been refused for. */
  readonly refused: readonly string[]
}

/** @returns the exit code */
export async function guardCommand(io: CommandIo, file: string, options: GuardCommandOptions): Promise<number> {
  const json = options.json === true
  try {
    await checkOutput(file, options)
    const summary = await guardFile(io, file, options)
    if (json) printJson(io.stdout, summary)
    else printSummary(io.stdout, summary)
    return EXIT.ok
  } catch (error) {
    return fail(io, error, { json, module: file })
  }
}

/** @throws CommandError `invalid-option` */
async function checkOutput(file: string, { output, report }: GuardCommandOptions): Promise<void> {
  if (output === undefined) {
    if (report === true) return
    throw new CommandError('invalid-option', 'there is no file to write to', 'Name one with -o; with --report alone nothing is written.')
  }
  if (!(await isSameFile(file, output))) return
  throw new CommandError('invalid-option', 'the file to write is the one to read', 'Name another with -o: the original is needed to guard it anew.', {
    file: output,
  })
}

async function guardFile(io: CommandIo, file: string, options: GuardCommandOptions): Promise<Summary> {
  const { output, memory: memoryLimit = DEFAULT_MEMORY_LIMIT, deterministic = false, report: perFunction = false } = options
  const costs = options.costs === undefined ? undefined : await readCosts(io, options.costs)
  const bytes = await readModuleFile(io, file)
  refuseGuarded(parseModuleFile(bytes))
  const countsFuel = options.fuel === true || deterministic
  const guarded = await guardAndValidate(bytes, {
    memoryLimit,
    fuel: costs ?? countsFuel,
    deterministic,
    perFunction,
    // Who runs the file is not known, and may be an engine that misreads them
    wideTryTables: false,
  })
  if (output !== undefined) await writeOutput(io, output, guarded.bytes)
  const limits = {
    memory: memoryLimit,
    tableElements: DEFAULT_TABLE_LIMIT,
    fuel: options.costs ?? countsFuel,
    deterministic,
    refused: refusedWith(deterministic),
  }
  return summarise(file, output, guarded, limits)
}

function refusedWith(deterministic: boolean): string[] {
  const always = ['garbage-collected objects', 'exceptions that are kept', 'imported tags', 'shared memories']
  return deterministic ? [...always, 'relaxed SIMD'] : always
}

function summarise(file: string, output: string | undefined, { abi, report, module }: Guarded, limits: Limits): Summary {
  const { memories, tables, guard } = describe(file, module, report, limits.memory)
  return {
    module: file,
    output: output ?? null,
    size: report.size,
    guardedSize: report.guardedSize,
    guard: guard as GuardSummary,
    limits,
    memories,
    tables,
    abi,
    driver: driverSteps(abi, exportNames(module)),
    ...(report.functions === undefined ? {} : { functions: functionFigures(module, report.functions) }),
  }
}

function exportNames({ exports }: ModuleInfo): Set<string> {
  return new Set(exports.map(({ name }) => name))
}

function printSummary(sink: Sink, { module, output, size, guard, limits, memories, tables, driver, functions }: Summary): void {
  const written = output === null ? 'nothing written' : `written to ${safePath(output)}`
  sink.write(`${heading(sink, safePath(module))}: ${counted(size, 'byte')}, ${written}\n`)
  printPart(sink, 'Guard', guardRows(guard, size))
  printPart(sink, 'Limits', limitRows(limits))
  printSpaces(sink, memories, tables)
  printDriver(sink, driver)
  if (functions !== undefined) printFunctions(sink, functions, limits.fuel !== false)
}

function limitRows({ memory, tableElements, fuel, deterministic, refused }: Limits): string[][] {
  const costs = typeof fuel === 'string' ? `counted, by the costs of ${safePath(fuel)}` : 'counted, by the usual costs'
  return [
    ['memories', `${formatSize(memory)} together`],
    ['tables', `${counted(tableElements, 'element')} together`],
    ['fuel', fuel === false ? 'not counted' : costs],
    ...(deterministic ? [['results', 'the same on every machine, NaNs too']] : []),
    ['has no', `${refused.join(', ')}, which are refused`],
  ]
}

function printDriver(sink: Sink, driver: readonly DriverStep[]): void {
  if (driver.length === 0) return
  const rows = driver.flatMap(({ export: name, type, todo }) => todo.map((line, at) => (at === 0 ? [safeName(name), type, line] : ['', '', line])))
  sink.write(`\n${heading(sink, 'To drive it')}\n${table(rows)}`)
  sink.write(`  The custom section "${ABI_SECTION}" has these names as JSON. \`curfew guard --help\` shows a driver.\n`)
}
