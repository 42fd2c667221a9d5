/** Signatures as the host needs them: what may cross into a guest, and what comes back. */
import { callError, optionError, show } from '../errors.ts'
import type { ExportType, ExternType, ModuleType } from '../wasm/module-type.ts'
import { type FuncType, formatFuncType, formatGlobalType, formatLimits, formatTableType, formatValType, type ValType } from '../wasm/types.ts'
import type { Exported } from './convention.ts'

/** An export or import, for users: types as text. */
export interface Extern {
  readonly name: string
  readonly kind: 'function' | 'table' | 'memory' | 'global' | 'tag'
  /** For people: `(i32, i64) -> f32`, `1 to 16`, `mut i32`. */
  readonly type: string
  /** Of a function: types of its parameters and results, `i32` and the like. */
  readonly params?: readonly string[]
  readonly results?: readonly string[]
  /** Of an exported function: can all its values cross into JavaScript? */
  readonly callable?: boolean
}

export interface ImportedExtern extends Extern {
  readonly module: string
}

/** An exported function. */
export interface Signature {
  readonly name: string
  readonly params: readonly ValType[]
  readonly results: readonly ValType[]
  /** The first type that cannot cross. */
  readonly uncrossable: string | undefined
  /** Do functions of the guest come back? They are wrapped. */
  readonly returnsFunctions: boolean
  readonly takesFunctions: boolean
  /** It is no function of the guest's but an exchange through these: see `exchange.ts`. */
  readonly exchange?: readonly Exported[]
}

const isFunction = (type: ValType): boolean => typeof type === 'object' && (typeof type.heap === 'number' || type.heap === 'func' || type.heap === 'nofunc')
const crosses = (type: ValType): boolean => type !== 'v128' && !(typeof type === 'object' && (type.heap === 'exn' || type.heap === 'noexn'))

type Crossing = Pick<Signature, 'uncrossable' | 'returnsFunctions' | 'takesFunctions'>

/** By type: a module may export ten thousand functions of one type, with a thousand parameters. */
const crossings = new WeakMap<FuncType, Crossing>()

function crossing(type: FuncType): Crossing {
  const known = crossings.get(type)
  if (known !== undefined) return known
  const { params, results } = type
  const uncrossable = [...params, ...results].find((each) => !crosses(each))
  const found = {
    uncrossable: uncrossable === undefined ? undefined : formatValType(uncrossable),
    returnsFunctions: results.some(isFunction),
    takesFunctions: params.some(isFunction),
  }
  crossings.set(type, found)
  return found
}

/** The signature of a function, under the name that errors give it. */
export function signature(name: string, type: FuncType): Signature {
  return { name, params: type.params, results: type.results, ...crossing(type) }
}

export function signaturesOf(exports: readonly ExportType[]): Map<string, Signature> {
  const signatures = new Map<string, Signature>()
  for (const each of exports) if (each.kind === 'function') signatures.set(each.name, signature(each.name, each.type))
  return signatures
}

/** @throws UsageError `no-such-function`, which names the function and the module */
export function signatureOf(signatures: ReadonlyMap<string, Signature>, name: string, module: string): Signature {
  const found = signatures.get(name)
  if (found !== undefined) return found
  if (typeof name !== 'string') throw optionError('name', 'the name of an exported function', name)
  const known = [...signatures.keys()].slice(0, 10).map(show).join(', ')
  const what = `there is no function of that name; ${known === '' ? 'the module exports none' : `there is ${known}`}`
  throw callError('no-such-function', what, { module, function: name })
}

export function externsOf(module: ModuleType): { exports: readonly Extern[]; imports: readonly ImportedExtern[] } {
  const describe = describer()
  const exports = module.exports.map((each) => {
    const { name } = each
    if (each.kind !== 'function') return Object.freeze({ name, ...describe(each) })
    return Object.freeze({ name, ...describe(each), callable: crossing(each.type).uncrossable === undefined })
  })
  const imports = module.imports.map((each) => Object.freeze({ module: each.module, name: each.name, ...describe(each) }))
  return { exports: Object.freeze(exports), imports: Object.freeze(imports) }
}

/** Many functions have one type, which may be long: each is written once. */
function describer(): (of: ExternType) => Omit<Extern, 'name'> {
  const known = new Map<object, Omit<Extern, 'name'>>()
  return (of) => {
    const before = known.get(of.type)
    if (before?.kind === of.kind) return before
    const type = typeText(of)
    const described =
      of.kind === 'function'
        ? { kind: of.kind, type, params: of.type.params.map(formatValType), results: of.type.results.map(formatValType) }
        : { kind: of.kind, type }
    known.set(of.type, described)
    return described
  }
}

/** `(i32, i64) -> f32`, `1 to 16`, `mut i32`: for people. */
export function typeText(of: ExternType): string {
  switch (of.kind) {
    case 'function':
    case 'tag':
      return formatFuncType(of.type)
    case 'table':
      return formatTableType(of.type)
    case 'memory':
      return formatLimits(of.type.limits)
    case 'global':
      return formatGlobalType(of.type)
  }
}

/** @throws UsageError `bad-argument`: which, what it takes, what it got; `not-callable` */
export function checkArguments(signature: Signature, args: readonly unknown[], module: string): void {
  const { params, uncrossable, name } = signature
  if (uncrossable !== undefined) throw callError('not-callable', `a ${uncrossable} cannot cross into JavaScript`, { module, function: name })
  if (!Array.isArray(args)) throw callError('bad-argument', `arguments are an array, but got ${show(args)}`, { module, function: name })
  if (args.length !== params.length) {
    const what = `the function takes ${params.length} argument${params.length === 1 ? '' : 's'} of type ${formatFuncType(signature)}, but got ${args.length}`
    throw callError('bad-argument', what, { module, function: name, figures: { takes: params.length, got: args.length } })
  }
  for (let at = 0; at < params.length; at++) {
    if (!fits(params[at] as ValType, args[at])) throw wrongArgument(signature, at, args[at], module)
  }
}

/** Can a value go in as this type without being changed? */
export function fits(type: ValType, value: unknown): boolean {
  switch (type) {
    case 'i32':
      return typeof value === 'number' && value >= -0x8000_0000 && value <= 0xffff_ffff && Number.isInteger(value)
    case 'i64':
      return typeof value === 'bigint' && value >= -0x8000_0000_0000_0000n && value <= 0xffff_ffff_ffff_ffffn
    case 'f32':
    case 'f64':
      return typeof value === 'number'
    case 'v128':
      return false
  }
  if (value === null) return type.nullable
  if (isFunction(type)) return typeof value === 'function'
  return type.heap !== 'none' && type.heap !== 'noextern'
}

/** A NaN that was read from a buffer keeps its bits, which JavaScript does not show but a guest can see. */
export function oneNaN<T>(value: T): T {
  return Number.isNaN(value) ? (Number.NaN as T) : value
}

function wrongArgument(signature: Signature, at: number, value: unknown, module: string): Error {
  const type = signature.params[at] as ValType
  const takes =
    type === 'i32'
      ? 'a whole number from -2147483648 to 4294967295'
      : type === 'i64'
        ? 'a bigint of 64 bits'
        : typeof type === 'string'
          ? 'a number'
          : isFunction(type)
            ? 'a function of this instance, or null'
            : 'a value'
  return callError('bad-argument', `argument ${at + 1} of ${signature.params.length} is ${formatValType(type)} and takes ${takes}, but got ${show(value)}`, {
    module,
    function: signature.name,
  })
}

/** Results as an array, whatever their number. */
export function resultsOf(signature: Signature, returned: unknown): unknown[] {
  const { length } = signature.results
  if (length === 0) return []
  return length === 1 ? [returned] : (returned as unknown[])
}
