/** `curfew call`: one function of one module, once. */
import { EXIT } from '../errors.ts'
import { externsOf, type Signature, signaturesOf } from '../guests/signature.ts'
import { type FuelCostTable, Host, type Module } from '../index.ts'
import { DEFAULT_MODULE_SIZE_LIMIT } from '../limits.ts'
import { WASI_MODULE } from '../wasi/wasi.ts'
import type { ModuleInfo } from '../wasm/module.ts'
import { moduleType } from '../wasm/module-type.ts'
import { formatValType } from '../wasm/types.ts'
import { readCosts } from './costs.ts'
import { CommandError } from './failure.ts'
import { parseModuleFile, readModuleFile, refuseGuarded } from './file.ts'
import type { CommandIo } from './io.ts'
import { fail, printJson, safeName } from './output.ts'
import { counted, formatCount } from './units.ts'
import { expectedOf, formatValue, jsonValue, parseValue } from './values.ts'

/** As the options are called on the command line. Times in ms, sizes in bytes. */
export interface CallCommandOptions {
  readonly timeout?: number
  readonly cpuTimeout?: number
  readonly startTimeout?: number
  readonly memory?: number
  /** 0: counted, but not limited. */
  readonly fuel?: bigint
  /** The file of costs. */
  readonly costs?: string
  readonly deterministic?: boolean
  readonly json?: boolean
}

interface Returned {
  readonly values: readonly unknown[]
  /** Milliseconds from the call to its result, and those that the guest ran. */
  readonly elapsed: number
  readonly cpu: number
  /** Units that the call used. */
  readonly fuel: bigint
}

/** @returns the exit code */
export async function callCommand(io: CommandIo, file: string, name: string, texts: readonly string[], options: CallCommandOptions): Promise<number> {
  const json = options.json === true
  try {
    const bytes = await readModuleFile(io, file)
    const info = parseModuleFile(bytes)
    refuseGuarded(info)
    refuseImports(info)
    const signature = findFunction(signaturesOf(moduleType(info).exports), file, name)
    // Before the module is loaded: with wrong arguments its start function should not run
    const args = parseArguments(signature, texts, file)
    const costs = options.costs === undefined ? undefined : await readCosts(io, options.costs)
    const returned = await callOnce(io, file, bytes, signature, args, options, costs)
    if (json) printJson(io.stdout, summary(file, signature, returned, options))
    else printResults(io, signature, returned, options)
    return EXIT.ok
  } catch (error) {
    return fail(io, error, { json, module: file, function: name })
  }
}

function printResults(io: CommandIo, { results }: Signature, { values, fuel }: Returned, options: CallCommandOptions): void {
  for (const [at, type] of results.entries()) io.stdout.write(`${formatValue(type, values[at])}\n`)
  if (!countsFuel(options)) return
  // Beside the results, not among them
  io.stderr.write(`curfew: ${counted(fuel, 'unit')} of fuel used${options.fuel ? `, of ${formatCount(options.fuel)}` : ''}\n`)
}

/** Was fuel asked for? */
function countsFuel({ fuel, costs }: CallCommandOptions): boolean {
  return fuel !== undefined || costs !== undefined
}

const LISTED = 20

/** The host would refuse it just so, but in one long line. */
function refuseImports(info: ModuleInfo): void {
  const { imports } = externsOf(moduleType(info))
  if (imports.length === 0) return
  const list = imports.slice(0, LISTED).map(({ module, name, kind, type }) => `${safeName(module)} ${safeName(name)}: ${kind} ${type}`)
  if (imports.length > LISTED) list.push(`and ${imports.length - LISTED} more`)
  throw new CommandError(
    'missing-import',
    `the module needs ${counted(imports.length, 'import')}, and the command has none to give`,
    imports.every(({ module }) => module === WASI_MODULE)
      ? 'If it is a program, run it with `curfew run`; otherwise load it from JavaScript with `host.loadModule(name, bytes, { wasi })`.'
      : 'Build one that needs none, or load it from JavaScript with `host.loadModule(name, bytes, { imports })`.',
    { list, figures: { missing: imports.length } },
  )
}

function findFunction(signatures: ReadonlyMap<string, Signature>, file: string, name: string): Signature {
  const found = signatures.get(name)
  if (found !== undefined) return found
  const names = [...signatures.keys()].slice(0, LISTED).map(safeName)
  const more = signatures.size > LISTED ? `, and ${signatures.size - LISTED} more that \`curfew inspect ${shellWord(file)}\` lists` : ''
  const advice = names.length === 0 ? 'Name a module that exports functions; this one exports none.' : `Name one that it exports: ${names.join(', ')}${more}.`
  throw new CommandError('no-such-function', `the module exports no function ${safeName(name)}`, advice)
}

/** @throws CommandError `bad-argument`, `not-callable`: which, what it takes, what it got */
function parseArguments(signature: Signature, texts: readonly string[], file: string): unknown[] {
  const { params, uncrossable } = signature
  const untypable = params.find((type) => typeof type === 'object' && !type.nullable)
  if (uncrossable !== undefined || untypable !== undefined) {
    const what =
      uncrossable === undefined
        ? `takes a ${formatValType(untypable as (typeof params)[number])}, which cannot be typed in`
        : `takes or returns a ${uncrossable}`
    throw new CommandError('not-callable', `the function cannot be called from here: it ${what}`, 'Export a wrapper that takes and returns numbers.')
  }
  const usage = `Call it so: curfew call ${[file, signature.name].map(shellWord).join(' ')}${params.map((type) => ` <${formatValType(type)}>`).join('')}`
  if (texts.length !== params.length) {
    const takes = params.length === 0 ? 'no arguments' : counted(params.length, 'argument')
    throw new CommandError('bad-argument', `the function takes ${takes}, but got ${texts.length}`, usage, {
      figures: { takes: params.length, got: texts.length },
    })
  }
  return params.map((type, at) => {
    const text = texts[at] as string
    const value = parseValue(type, text)
    if (value !== undefined) return value
    const what = `argument ${at + 1} of ${params.length} is ${formatValType(type)} and takes ${expectedOf(type)}, but got ${JSON.stringify(text)}`
    throw new CommandError('bad-argument', what, usage)
  })
}

/** Quoted for a shell, if it has to be. */
function shellWord(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

async function callOnce(
  io: CommandIo,
  file: string,
  bytes: Uint8Array,
  signature: Signature,
  args: readonly unknown[],
  options: CallCommandOptions,
  costs: FuelCostTable | undefined,
): Promise<Returned> {
  const interrupt = new AbortController()
  const host = new Host({
    // Who names a file on a command line means that file, however large
    moduleSizeLimit: Math.max(DEFAULT_MODULE_SIZE_LIMIT, bytes.length),
    ...(options.timeout === undefined ? {} : { execTimeout: options.timeout }),
    ...(options.cpuTimeout === undefined ? {} : { cpuTimeout: options.cpuTimeout }),
    ...(options.memory === undefined ? {} : { memoryLimit: options.memory }),
  })
  // Without slices a listener would never be told, and would only take away the way out that a signal is by itself
  const release = host.features.slices ? io.onInterrupt?.(() => interrupt.abort(new Error('interrupted'))) : undefined
  try {
    const { signal } = interrupt
    const module = await host.loadModule(file, bytes, {
      signal,
      deterministic: options.deterministic === true,
      ...(options.startTimeout === undefined ? {} : { startTimeout: options.startTimeout }),
      ...(options.fuel === undefined ? {} : { fuel: options.fuel || Number.POSITIVE_INFINITY }),
      ...(costs === undefined ? {} : { fuelCosts: costs }),
    })
    return await timed(module, signature, args, signal)
  } finally {
    release?.()
    await host.close()
  }
}

async function timed(module: Module, signature: Signature, args: readonly unknown[], signal: AbortSignal): Promise<Returned> {
  const began = performance.now()
  const values = await module.call(signature.name, args, { signal })
  const { cpu, lastFuel } = module.stats
  return { values, elapsed: rounded(performance.now() - began), cpu: rounded(cpu), fuel: lastFuel }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

function summary(file: string, { name, results }: Signature, { values, elapsed, cpu, fuel }: Returned, options: CallCommandOptions): object {
  const typed = results.map((type, at) => ({ type: formatValType(type), value: jsonValue(type, values[at]) }))
  return { module: file, function: name, results: typed, elapsed, cpu, ...(countsFuel(options) ? { fuel } : {}) }
}
