import type { Abi } from '../abi.ts'
import { LoadError, optionError } from '../errors.ts'
import { CAPS, type Caps, DEFAULT_MEMORY_LIMIT, DEFAULT_TABLE_LIMIT } from '../limits.ts'
import { type ModuleInfo, parseModule } from '../wasm/module.ts'
import type { Checks } from './body.ts'
import { lowerMaxima } from './growth.ts'
import { type Refusal, refuseCostly, refuseFeatures } from './refuse.ts'
import { Rewriter } from './rewrite.ts'

export interface GuardOptions {
  /** Bytes that all memories of the module together may have. Default 128 MiB. */
  readonly memoryLimit?: number
  /** Elements that all tables of the module together may have. Default 100,000. */
  readonly tableLimit?: number
  /** Overrides of the caps on what loading may cost. */
  readonly caps?: Partial<Caps>
  /** What to let through although its memory is not bounded by anything here. Default: nothing. */
  readonly allow?: readonly Refusal[]
}

/** What the guard did. Sizes in bytes. */
export interface GuardReport {
  readonly checks: Checks
  readonly size: number
  readonly guardedSize: number
  /** Pages that each memory may grow to, elements that each table may. */
  readonly maxima: { readonly memories: readonly bigint[]; readonly tables: readonly bigint[] }
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

/** Below this size a module may grow by any factor: the helpers alone are some 150 bytes. */
const GROWTH_FLOOR = 65_536

/**
 * Rewrites a module so that it asks a poll, at bounded intervals of work, whether it may go on. Pure and deterministic; linear in
 * the size of the module. A module that is not valid stays so, and is refused here or by the engine.
 * @throws LoadError `malformed`, `invalid-module`, `unsupported-feature`, `limit-exceeded`
 */
export function guard(bytes: Uint8Array, options: GuardOptions = {}): Guarded {
  if (!(bytes instanceof Uint8Array)) throw optionError('bytes', 'a Uint8Array', bytes)
  const caps: Caps = { ...CAPS, ...options.caps }
  const allowed = new Set(options.allow)
  const module = parseModule(bytes)
  refuseFeatures(module, allowed, caps)
  refuseCostly(module, caps)
  const maxima = lowerMaxima(module, { memoryLimit: options.memoryLimit ?? DEFAULT_MEMORY_LIMIT, tableLimit: options.tableLimit ?? DEFAULT_TABLE_LIMIT })
  const rewritten = new Rewriter(module, maxima, caps, allowed.has('exnref')).rewrite()
  const guardedSize = rewritten.bytes.length
  const limit = Math.max(GROWTH_FLOOR, bytes.length * caps.growth)
  if (guardedSize > limit) {
    throw new LoadError(
      'limit-exceeded',
      `the module has ${guardedSize} bytes once guarded, above \`caps.growth\` of ${caps.growth} times its ${bytes.length}`,
      {
        figures: { found: guardedSize, limit },
      },
    )
  }
  return { bytes: rewritten.bytes, abi: rewritten.abi, module, report: { checks: rewritten.checks, size: bytes.length, guardedSize, maxima } }
}
