/** The functions of a module, read, weighed and written: the code section, and what goes with it. */
import { LoadError } from '../errors.ts'
import type { Caps } from '../limits.ts'
import { DECLARED, type ModuleInfo } from '../wasm/module.ts'
import type { FuncType } from '../wasm/types.ts'
import { Writer } from '../wasm/writer.ts'
import { type Additions, additionsTo, HOOK_TYPES, writeFunctions } from './additions.ts'
import { BodyWriter } from './body.ts'
import { planFuel } from './fuel.ts'
import type { FuelCosts } from './fuel-costs.ts'
import { callGraph } from './graph.ts'
import type { Maxima } from './growth.ts'
import type { CallCounts } from './heap.ts'
import { Helpers } from './helpers.ts'
import { Hints } from './hints.ts'
import { TypeKinds } from './kinds.ts'
import type { Outline } from './outline.ts'
import { type Checks, type FunctionReport, NO_CHECKS } from './report.ts'
import { functionReport } from './report-function.ts'
import { scan } from './scan.ts'
import { weigh } from './weigh.ts'

/** V8's own limits, which a valid function may pass by being guarded. */
const V8 = { body: 7_654_321, locals: 50_000 } as const
/** The most locals that the guard adds to a function. */
const OWN_LOCALS = 5
/** Bytes that a module grows by, for each byte: room for it from the start. */
const GROWTH = 1.5

export interface CodeOptions {
  readonly caps: Caps
  readonly wideTryTables: boolean
  readonly maxima: Maxima
  readonly refuseExceptionLocals: boolean
  readonly fuel: FuelCosts | undefined
  readonly deterministic: boolean
  readonly perFunction: boolean
}

export interface CodeSection extends CallCounts {
  /** What the section holds. */
  readonly contents: Writer
  readonly hints: Hints
  readonly added: Additions
  /** Of the functions that are added. */
  readonly functionTypes: readonly FuncType[]
  readonly checks: Checks
  /** Of all functions: see `operands.ts`. */
  readonly complexity: number
  readonly functions: readonly FunctionReport[]
}

export function writeCode(module: ModuleInfo, options: CodeOptions): CodeSection {
  const { maxima, fuel } = options
  const helpers = new Helpers(module, maxima, fuel)
  const kinds = new TypeKinds(module)
  const outline = scan(module, kinds, helpers, { ...options, fuelCosts: fuel?.instructions })
  weigh(outline, callGraph(outline, referredByKind(module, kinds)), importsFunctions(module))
  const added = additionsTo(module, fuel !== undefined)
  const functionTypes = [...added.types, ...helpers.types]
  const contents = new Writer(Math.ceil(module.bytes.length * GROWTH) + 1024)
  contents.u32(module.bodyStarts.length + functionTypes.length)
  const bodies = writeBodies(contents, module, outline, added, options)
  // Types stand in the order of the functions, and those of the hooks after them
  writeFunctions(contents, added, module.types.length + functionTypes.length)
  helpers.write(contents, added)
  return { contents, added, functionTypes, ...bodies }
}

/** All types that are added: of the functions, and of the hooks. */
export function addedTypes({ functionTypes }: CodeSection): readonly FuncType[] {
  return [...functionTypes, ...HOOK_TYPES]
}

/** What a reference may name: by kind of type, functions by their bodies. */
function referredByKind(module: ModuleInfo, kinds: TypeKinds): readonly Int32Array[] {
  const { declaredFunctions, functions, importedFunctions } = module
  // What the module exports can be put into a table, or passed in, from outside
  const bits = takesFunctions(module) ? DECLARED.referred | DECLARED.exported : DECLARED.referred
  const lists: number[][] = []
  for (let index = importedFunctions; index < functions.length; index++) {
    if (((declaredFunctions[index] as number) & bits) === 0) continue
    const kind = kinds.of(functions[index] as number)
    lists[kind] ??= []
    lists[kind].push(index - importedFunctions)
  }
  return Array.from({ length: kinds.count }, (_, kind) => Int32Array.from(lists[kind] ?? []))
}

/** May references to functions come from outside? */
function takesFunctions(module: ModuleInfo): boolean {
  const { exports, globals } = module
  const isSettable = (index: number) => globals[index]?.mutable === true && typeof globals[index]?.type === 'object'
  return importsFunctions(module) || exports.some(({ kind, index }) => kind === 'table' || (kind === 'global' && isSettable(index)))
}

/** May they, by what the module asks for? Who puts functions of other guests into its exports sees to them himself. */
function importsFunctions({ importedTables, globals, importedGlobals, types, functions, declaredFunctions, importedFunctions }: ModuleInfo): boolean {
  if (importedTables > 0 || globals.slice(0, importedGlobals).some(({ type }) => typeof type === 'object')) return true
  if (!types.some((type) => type.kind === 'func' && [...type.type.params, ...type.type.results].some((each) => typeof each === 'object'))) return false
  return functions.some((typeIndex, index) => {
    const type = types[typeIndex]
    if (type?.kind !== 'func') return false
    const values = index < importedFunctions ? type.type.results : ((declaredFunctions[index] as number) & DECLARED.exported) !== 0 ? type.type.params : []
    return values.some((each) => typeof each === 'object')
  })
}

function writeBodies(
  contents: Writer,
  module: ModuleInfo,
  outline: Outline,
  added: Additions,
  options: CodeOptions,
): Omit<CodeSection, 'contents' | 'added' | 'functionTypes'> {
  const fuel = options.fuel === undefined ? undefined : planFuel(outline)
  const bodies = new BodyWriter(contents, module, added, outline, fuel)
  const hints = new Hints()
  const checks = { ...NO_CHECKS }
  bodies.counts = checks
  const functions: FunctionReport[] = []
  let complexity = 0
  let calls = 0
  let indirectCalls = 0
  for (let at = 0; at < outline.count; at++) {
    checkLocals(module, outline, at)
    if (options.perFunction) bodies.counts = { ...NO_CHECKS }
    const size = bodies.write(at)
    checkComplexity(module, at, bodies.complexity, options.caps)
    checkSize(module, at, size, options.caps)
    complexity += bodies.complexity
    checkTotal(complexity, options.caps)
    calls += bodies.calls
    indirectCalls += bodies.indirectCalls
    hints.add(module.importedFunctions + at, bodies.hints)
    if (!options.perFunction) continue
    for (const name of Object.keys(checks) as (keyof Checks)[]) checks[name] += bodies.counts[name]
    functions.push(functionReport(module, outline, fuel, at, size, bodies.counts))
  }
  // Each check is a call of the poll, and what a helper does one of that
  for (const count of Object.values(checks)) calls += count
  checkCalls(calls, options.caps)
  return { hints, checks, complexity, calls, indirectCalls, functions }
}

function checkLocals(module: ModuleInfo, outline: Outline, at: number): void {
  const locals = outline.locals[at] as number
  if (locals + OWN_LOCALS <= V8.locals) return
  throw tooMuch(module, at, `has ${locals} locals; with those of the guard that is above V8's limit of ${V8.locals}`)
}

function checkComplexity(module: ModuleInfo, at: number, found: number, caps: Caps): void {
  const limit = caps.functionComplexity
  if (found <= limit) return
  const what = `would take V8 long to compile: locals and operands times branches come to ${found}`
  throw tooMuch(module, at, `${what}, above \`caps.functionComplexity\` of ${limit}`, { found, limit })
}

function checkTotal(found: number, caps: Caps): void {
  const limit = caps.complexity
  if (found <= limit) return
  throw new LoadError(
    'limit-exceeded',
    `the module would take V8 seconds to compile: locals and operands times branches come to ${found} or more, above \`caps.complexity\` of ${limit}`,
    {
      figures: { found, limit },
    },
  )
}

function checkCalls(found: number, { calls: limit }: Caps): void {
  if (found <= limit) return
  throw new LoadError('limit-exceeded', `the module has ${found} calls once guarded, above \`caps.calls\` of ${limit}`, { figures: { found, limit } })
}

function checkSize(module: ModuleInfo, at: number, found: number, caps: Caps): void {
  const limit = Math.min(caps.functionSize, V8.body)
  if (found <= limit) return
  const which = limit === V8.body ? "V8's limit" : '`caps.functionSize`'
  throw tooMuch(module, at, `has ${found} bytes once guarded, above ${which} of ${limit}`, { found, limit })
}

function tooMuch({ importedFunctions, bodyStarts }: ModuleInfo, at: number, what: string, figures: Readonly<Record<string, number>> = {}): LoadError {
  return new LoadError('limit-exceeded', `function ${importedFunctions + at} ${what}`, { offset: bodyStarts[at] as number, figures })
}
