import type { Abi } from '../abi.ts'
import { LoadError, optionError } from '../errors.ts'
import { CAPS, type Caps, DEFAULT_MEMORY_LIMIT, DEFAULT_TABLE_LIMIT } from '../limits.ts'
import { type ModuleInfo, parseModule } from '../wasm/module.ts'
import { readsWideTryTables } from './engine.ts'
import { type FuelCosts, type FuelCostTable, fuelCosts } from './fuel-costs.ts'
import { lowerMaxima } from './growth.ts'
import { type Refusal, refuseCostly, refuseFeatures } from './refuse.ts'
import { type GuardReport, NO_CHECKS } from './report.ts'
import { rewrite } from './rewrite.ts'

export interface GuardOptions {
  /** Bytes that all memories of the module together may have. Default 128 MiB. */
  readonly memoryLimit?: number
  /** Elements that all tables of the module together may have. Default 100,000. */
  readonly tableLimit?: number
  /** Overrides of the caps on what loading may cost. */
  readonly caps?: Partial<Caps>
  /** What to let through although its memory is not bounded by anything here. Default: nothing. */
  readonly allow?: readonly Refusal[]
  /** Count fuel too: `true` for the usual costs, or a table of one's own. Default: no. Wasmtime's `consume_fuel`. */
  readonly fuel?: boolean | FuelCostTable
  /** Refuse what engines may do differently, and give every NaN that is computed one form; counts fuel too. Default: no. Wasmtime's `cranelift_nan_canonicalization`. */
  readonly deterministic?: boolean
  /** For an engine that reads block types of more than a byte at a `try_table`? Those before V8 13 (Node 22) do not, and must not get them. Default: what this engine is. */
  readonly wideTryTables?: boolean
  /** Report on each function. Default: no. */
  readonly perFunction?: boolean
}

export interface Guarded {
  /** The module with its checks, to be compiled in place of the original. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** How to drive it: see `attachHook`. */
  readonly abi: Abi
  readonly report: GuardReport
  /** What the original declares: types, imports, exports, memories. */
  readonly module: ModuleInfo
}

/** Below this size a module may grow by any factor: the added functions alone are some hundred bytes. */
const GROWTH_FLOOR = 65_536

/**
 * Rewrites a module so that it asks a poll, at bounded intervals of work, whether it may go on. Pure and deterministic; linear in
 * the size of the module. A module that is not valid stays so, and is refused here or by the engine.
 * @throws LoadError `malformed`, `invalid-module`, `unsupported-feature`, `limit-exceeded`; CurfewError `invalid-option`
 */
export function guard(bytes: Uint8Array, options: GuardOptions = {}): Guarded {
  if (!(bytes instanceof Uint8Array)) throw optionError('bytes', 'a Uint8Array', bytes)
  const caps = capsOf(options.caps)
  const allowed = new Set(options.allow)
  // Without it, nobody would see to the stack, and to memory that cannot grow
  const fuel = costsOf(options.fuel || options.deterministic)
  const module = parseModule(bytes)
  refuseFeatures(module, allowed, caps)
  refuseCostly(module, caps)
  const maxima = lowerMaxima(module, { memoryLimit: options.memoryLimit ?? DEFAULT_MEMORY_LIMIT, tableLimit: options.tableLimit ?? DEFAULT_TABLE_LIMIT })
  const rewritten = rewrite(module, {
    caps,
    maxima,
    fuel,
    deterministic: options.deterministic === true,
    refuseExceptionLocals: !allowed.has('exnref'),
    wideTryTables: options.wideTryTables ?? readsWideTryTables(),
    perFunction: options.perFunction === true,
  })
  checkGrowth(bytes.length, rewritten.bytes.length, caps)
  const { checks = NO_CHECKS, complexity = 0, calls = 0, functions } = rewritten.code ?? {}
  const report = {
    checks,
    size: bytes.length,
    guardedSize: rewritten.bytes.length,
    complexity,
    calls,
    maxima,
    ...(options.perFunction ? { functions: functions ?? [] } : {}),
  }
  return { bytes: rewritten.bytes, abi: rewritten.abi, module, report }
}

/** What is undefined is as if it were not there: no number is above it, and it would let everything through. */
function capsOf(overrides: Partial<Caps> = {}): Caps {
  return { ...CAPS, ...Object.fromEntries(Object.entries(overrides).filter(([, cap]) => cap !== undefined)) }
}

function costsOf(fuel: GuardOptions['fuel']): FuelCosts | undefined {
  if (fuel === undefined || fuel === false) return undefined
  return fuel === true ? fuelCosts() : fuelCosts(fuel)
}

function checkGrowth(size: number, guardedSize: number, caps: Caps): void {
  const limit = Math.max(GROWTH_FLOOR, size * caps.growth)
  if (guardedSize <= limit) return
  throw new LoadError('limit-exceeded', `the module has ${guardedSize} bytes once guarded, above \`caps.growth\` of ${caps.growth} times its ${size}`, {
    figures: { found: guardedSize, limit },
  })
}
