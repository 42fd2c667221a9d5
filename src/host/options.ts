/** The options of hosts and modules, checked up front. */

import { CONVENTIONS, type ConventionName, conventionNamed } from '../conventions/conventions.ts'
import { optionError } from '../errors.ts'
import { type FuelCostTable, fuelCosts } from '../guard/fuel-costs.ts'
import type { Convention } from '../guests/convention.ts'
import { fuelAmount } from '../guests/fuel-amount.ts'
import type { Imports, ImportsOf } from '../guests/imports.ts'
import {
  CAPS,
  type Caps,
  DEFAULT_MAX_CONCURRENT,
  DEFAULT_MAX_QUEUE,
  DEFAULT_MEMORY_LIMIT,
  DEFAULT_MODULE_SIZE_LIMIT,
  DEFAULT_NESTED_TIMEOUT,
  DEFAULT_SLICE,
  DEFAULT_START_TIMEOUT,
  DEFAULT_TABLE_LIMIT,
} from '../limits.ts'
import { memoryOfProcess } from '../runtime/kernel.ts'
import { checkSignal, count, duration, flag, known, oneOf, positive, unknownOption } from './checks.ts'
import type { Lease } from './lease.ts'
import { type ResolvedWasi, resolveWasi, type WasiOptions } from './wasi-options.ts'

export type { FuelCostTable }

/** All times in ms, all sizes in bytes. */
export interface HostOptions {
  /** Wall-clock limit of a call, from the moment it is made, queueing included. 0 or absent: none. It does not bound loading. */
  readonly execTimeout?: number
  /** The most that a module's own `execTimeout` may be. 0 or absent: no cap. */
  readonly maxExecTimeout?: number
  /** Limit on the time that a call's guest runs, its host functions included; waiting does not count. 0 or absent: none. */
  readonly cpuTimeout?: number
  /** Fuel that a call may burn, of every module. 0 or absent: no fuel, unless a module asks for it. See `LoadOptions.fuelCosts`. */
  readonly fuel?: number | bigint
  /** Sum of a module's memories. Default 128 MiB. */
  readonly memoryLimit?: number
  /**
   * Sum of all modules' memories, each by its size, touched or not; and of those of instances that are gone, until the engine has collected
   * them. Default: half of the memory of the machine, or of the container; the rest is for JavaScript, code and everybody else.
   */
  readonly totalMemoryLimit?: number
  /** Sum of a module's table elements. Default 100,000. */
  readonly tableLimit?: number
  /** Size of a module's file. Default 64 MiB. */
  readonly moduleSizeLimit?: number
  /** How long all guests of the thread together may hold each turn of the event loop. Default 1. */
  readonly slice?: number
  /** Calls of this host that may run or be suspended at once, each on a stack of its own. Default 1,000. */
  readonly maxConcurrent?: number
  /** Calls of this host that may wait. Default 10,000. */
  readonly maxQueue?: number
  /** Worker threads that guests run in, started as modules are loaded. Default 0: guests run on this thread. See docs/threads.md. */
  readonly threads?: number
}

export interface LoadOptions {
  /** What it is given of WASI preview 1: arguments, streams, files, clocks. `{}`: all its functions, and nothing behind them. See docs/wasi.md. */
  readonly wasi?: WasiOptions
  /**
   * Functions and immutable globals by module and name; memories, tables and mutable globals through `factory` or `shared`. Or a function that returns
   * that for the caller of the host functions: it is called for each instance.
   */
  readonly imports?: Imports | ImportsOf
  /** In place of the host's; at most `maxExecTimeout`. */
  readonly execTimeout?: number
  readonly cpuTimeout?: number
  /** Can only tighten the host's. `Infinity`: counted, but not limited. Wasmtime's `Store::set_fuel`. */
  readonly fuel?: number | bigint
  /** What instructions cost, by name; others cost 1, or nothing if they only structure code. With it, fuel is counted, limited or not. */
  readonly fuelCosts?: FuelCostTable
  /** Refuse what engines may do differently, and give NaNs one form: the same call does the same on every machine. Counts fuel too. Default false. */
  readonly deterministic?: boolean
  /** Limit on the start function and `setup` of each instance. Default 1,000. 0: none. */
  readonly startTimeout?: number
  /** Limit on each call that a host function makes back into a guest. Default 10. 0: none but the outer call's. */
  readonly nestedTimeout?: number
  /** In place of the host's. */
  readonly memoryLimit?: number
  readonly tableLimit?: number
  /** Overrides of the caps on what loading may cost, for a module that is trusted. */
  readonly caps?: Partial<Caps>
  /** How `callBytes`, `callText` and `callJson` get bytes in and out. Default `packed`, see docs/plugins.md; one of your own not with `threads`. */
  readonly convention?: ConventionName | Convention
  /** Run on each new instance before any call gets it. */
  readonly setup?: (instance: Lease) => unknown
  /** After a stop or trap: a new instance (`always`, the default), or the module closes (`never`). */
  readonly restart?: 'always' | 'never'
  /**
   * `always`: calls share an instance one after another. `never`: each call gets an instance of its own. Default: `never` for a program (it has `wasi`,
   * and exports `_start`), else `always`.
   */
  readonly reuse?: 'always' | 'never'
  /** Calls of the module that may run at a time, each on an instance of its own. Default 1. */
  readonly instances?: number
  /** Calls of the module that may wait for an instance. Default: the host's, which bounds those of all modules. */
  readonly maxQueue?: number
  /** Modules of the host with the same group share the CPU time that one module gets. Absent: the module is on its own. */
  readonly group?: string
  /** While more want to run than can: shares of CPU time are in proportion to it. A group has one weight. Default 1. */
  readonly weight?: number
  /** After a guest trapped by itself: a new instance (`restart`, the default), or go on with it (`keep`). */
  readonly onTrap?: 'restart' | 'keep'
  /** Cancels loading. */
  readonly signal?: AbortSignal
}

/** With defaults filled in. Limits that are off are 0. */
export type ResolvedHostOptions = Required<Omit<HostOptions, 'fuel'>> & { readonly fuel: number | bigint }

export function resolveHostOptions(options: HostOptions = {}): ResolvedHostOptions {
  known('new Host', options, HOST_OPTIONS)
  return Object.freeze({
    execTimeout: duration('execTimeout', options.execTimeout, 0),
    maxExecTimeout: duration('maxExecTimeout', options.maxExecTimeout, 0),
    cpuTimeout: duration('cpuTimeout', options.cpuTimeout, 0),
    fuel: fuel(options.fuel) ?? 0,
    memoryLimit: count('memoryLimit', options.memoryLimit, DEFAULT_MEMORY_LIMIT),
    totalMemoryLimit: count('totalMemoryLimit', options.totalMemoryLimit, Math.floor(memoryOfProcess() / 2)),
    tableLimit: count('tableLimit', options.tableLimit, DEFAULT_TABLE_LIMIT),
    moduleSizeLimit: count('moduleSizeLimit', options.moduleSizeLimit, DEFAULT_MODULE_SIZE_LIMIT, 1),
    slice: positive('slice', options.slice, DEFAULT_SLICE),
    maxConcurrent: count('maxConcurrent', options.maxConcurrent, DEFAULT_MAX_CONCURRENT, 1),
    maxQueue: count('maxQueue', options.maxQueue, DEFAULT_MAX_QUEUE),
    threads: count('threads', options.threads, 0),
  })
}

const HOST_OPTIONS = [
  'execTimeout',
  'maxExecTimeout',
  'cpuTimeout',
  'fuel',
  'memoryLimit',
  'totalMemoryLimit',
  'tableLimit',
  'moduleSizeLimit',
  'slice',
  'maxConcurrent',
  'maxQueue',
  'threads',
]
const LOAD_OPTIONS = [
  'wasi',
  'imports',
  'execTimeout',
  'cpuTimeout',
  'fuel',
  'fuelCosts',
  'deterministic',
  'startTimeout',
  'nestedTimeout',
  'memoryLimit',
  'tableLimit',
  'caps',
  'convention',
  'setup',
  'restart',
  'reuse',
  'instances',
  'maxQueue',
  'group',
  'weight',
  'onTrap',
  'signal',
]

export interface ResolvedLoadOptions {
  readonly wasi: ResolvedWasi | undefined
  readonly imports: Imports | ImportsOf
  readonly execTimeout: number | undefined
  readonly cpuTimeout: number | undefined
  readonly fuel: number | bigint | undefined
  /** Undefined: fuel is not counted. */
  readonly fuelCosts: true | FuelCostTable | undefined
  readonly deterministic: boolean
  readonly startTimeout: number
  readonly nestedTimeout: number
  readonly memoryLimit: number
  readonly tableLimit: number
  readonly caps: Partial<Caps>
  readonly convention: Convention
  readonly setup: ((instance: Lease) => unknown) | undefined
  readonly restart: 'always' | 'never'
  /** Undefined: by what the module is. */
  readonly reuse: 'always' | 'never' | undefined
  readonly instances: number
  readonly maxQueue: number
  readonly group: string | undefined
  readonly weight: number | undefined
  readonly onTrap: 'restart' | 'keep'
  readonly signal: AbortSignal | undefined
}

export function resolveLoadOptions(host: ResolvedHostOptions, options: LoadOptions = {}): ResolvedLoadOptions {
  known('loadModule', options, LOAD_OPTIONS)
  const { imports = {}, setup, signal } = options
  if (typeof imports !== 'function' && (typeof imports !== 'object' || imports === null))
    throw optionError('imports', 'an object of objects, or a function that returns one', imports)
  if (setup !== undefined && typeof setup !== 'function') throw optionError('setup', 'a function', setup)
  checkSignal(signal)
  if (options.group !== undefined && typeof options.group !== 'string') throw optionError('group', 'a string', options.group)
  const deterministic = flag('deterministic', options.deterministic)
  return {
    wasi: options.wasi === undefined ? undefined : resolveWasi(options.wasi, deterministic),
    imports,
    execTimeout: options.execTimeout === undefined ? undefined : duration('execTimeout', options.execTimeout, 0),
    cpuTimeout: options.cpuTimeout === undefined ? undefined : duration('cpuTimeout', options.cpuTimeout, 0),
    fuel: fuel(options.fuel),
    fuelCosts: checkCosts(options.fuelCosts) ?? (isGiven(options.fuel) || isGiven(host.fuel) || deterministic ? true : undefined),
    deterministic,
    startTimeout: duration('startTimeout', options.startTimeout, DEFAULT_START_TIMEOUT),
    nestedTimeout: duration('nestedTimeout', options.nestedTimeout, DEFAULT_NESTED_TIMEOUT),
    memoryLimit: count('memoryLimit', options.memoryLimit, host.memoryLimit),
    tableLimit: count('tableLimit', options.tableLimit, host.tableLimit),
    caps: checkCaps(options.caps ?? {}),
    convention: checkConvention(options.convention === undefined ? 'packed' : options.convention, host),
    setup,
    restart: oneOf('restart', options.restart, ['always', 'never']),
    reuse: options.reuse === undefined ? undefined : oneOf<'always' | 'never'>('reuse', options.reuse, ['always', 'never']),
    instances: count('instances', options.instances, 1, 1),
    maxQueue: count('maxQueue', options.maxQueue, host.maxQueue),
    group: options.group,
    weight: weight(options.weight),
    onTrap: oneOf('onTrap', options.onTrap, ['restart', 'keep']),
    signal,
  }
}

/** A convention that is not one of Curfew's own is code of this thread. */
function checkConvention(convention: ConventionName | Convention, { threads }: ResolvedHostOptions): Convention {
  const known = typeof convention === 'string' ? conventionNamed(convention) : undefined
  if (known !== undefined) return known
  const names = CONVENTIONS.map((name) => `'${name}'`).join(' or ')
  const isOne = typeof convention === 'object' && convention !== null && typeof convention.functions === 'function' && typeof convention.exchange === 'function'
  if (!isOne || threads > 0) throw optionError('convention', threads > 0 ? `${names} with \`threads\`` : `${names} or a Convention`, convention)
  return convention
}

/** Further apart, and who has the less would never run. */
const LIGHTEST = 0.001
const HEAVIEST = 1_000

function weight(value: number | undefined): number | undefined {
  if (value !== undefined && (typeof value !== 'number' || !(value >= LIGHTEST && value <= HEAVIEST)))
    throw optionError('weight', `a number from ${LIGHTEST} to ${HEAVIEST.toLocaleString('en')}`, value)
  return value
}

function fuel(value: number | bigint | undefined): number | bigint | undefined {
  fuelAmount('fuel', value)
  return value
}

/** Is it an amount of fuel, or said to be without limit? */
function isGiven(amount: number | bigint | undefined): boolean {
  return amount !== undefined && amount !== 0 && amount !== 0n
}

/** @throws CurfewError `invalid-option` */
function checkCosts(table: FuelCostTable | undefined): FuelCostTable | undefined {
  if (table === undefined) return undefined
  fuelCosts(table)
  return { ...table }
}

function checkCaps(caps: Partial<Caps>): Partial<Caps> {
  if (typeof caps !== 'object' || caps === null) throw optionError('caps', 'an object', caps)
  for (const [name, value] of Object.entries(caps)) {
    if (!Object.hasOwn(CAPS, name)) throw unknownOption('caps', name, Object.keys(CAPS))
    count(`caps.${name}`, value, 0)
  }
  return { ...caps }
}
