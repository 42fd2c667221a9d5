/** Signatures as the host needs them: what may cross into a guest, and what comes back. */
import { callError, show } from '../errors.ts'
import { functionType, type ModuleInfo } from '../wasm/module.ts'
import { type FuncType, formatFuncType, formatGlobalType, formatLimits, formatTableType, formatValType, type ValType } from '../wasm/types.ts'

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
}

const isFunction = (type: ValType): boolean => typeof type === 'object' && (typeof type.heap === 'number' || type.heap === 'func' || type.heap === 'nofunc')
const crosses = (type: ValType): boolean => type !== 'v128' && !(typeof type === 'object' && (type.heap === 'exn' || type.heap === 'noexn'))

/** The signature of a function, under the name that errors give it. */
export function signature(name: string, { params, results }: FuncType): Signature {
  const uncrossable = [...params, ...results].find((type) => !crosses(type))
  return {
    name,
    params,
    results,
    uncrossable: uncrossable === undefined ? undefined : formatValType(uncrossable),
    returnsFunctions: results.some(isFunction),
    takesFunctions: params.some(isFunction),
  }
}

export function signaturesOf(module: ModuleInfo): Map<string, Signature> {
  const functions = module.exports.filter((entry) => entry.kind === 'function')
  return new Map(functions.map(({ name, index }) => [name, signature(name, functionType(module, index))]))
}

export function externsOf(module: ModuleInfo): { exports: readonly Extern[]; imports: readonly ImportedExtern[] } {
  const exports = module.exports.map((entry) => {
    const described = extern(module, entry.name, entry.kind, entry.index)
    return Object.freeze(
      entry.kind === 'function'
        ? { ...described, callable: [...functionType(module, entry.index).params, ...functionType(module, entry.index).results].every(crosses) }
        : described,
    )
  })
  const imports = module.imports.map((entry) => Object.freeze({ module: entry.module, ...extern(module, entry.name, entry.kind, entry.index) }))
  return { exports: Object.freeze(exports), imports: Object.freeze(imports) }
}

function extern(module: ModuleInfo, name: string, kind: Extern['kind'], index: number): Extern {
  if (kind !== 'function') return { name, kind, type: stateType(module, kind, index) }
  const type = functionType(module, index)
  return { name, kind, type: formatFuncType(type), params: type.params.map(formatValType), results: type.results.map(formatValType) }
}

function stateType(module: ModuleInfo, kind: Extern['kind'], index: number): string {
  const { tables, memories, globals, tags, types } = module
  const [table, memory, global] = [tables[index], memories[index], globals[index]]
  if (kind === 'table' && table) return formatTableType(table)
  if (kind === 'memory' && memory) return formatLimits(memory.limits)
  if (kind === 'global' && global) return formatGlobalType(global)
  const type = types[tags[index]?.typeIndex ?? -1]
  return type?.kind === 'func' ? formatFuncType(type.type) : 'tag'
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
