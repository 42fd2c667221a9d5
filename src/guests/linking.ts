/** What an instance of this thread is given, from the links of its module. */
import { hostFunction } from '../runtime/host-function.ts'
import type { HostFunctions, Instance, MakeImports } from '../runtime/instance.ts'
import { canSuspend } from '../runtime/thread.ts'
import { Trampolines } from '../runtime/trampolines.ts'
import type { ImportType } from '../wasm/module-type.ts'
import type { ValType } from '../wasm/types.ts'
import { TrackedFunctions } from './async-context.ts'
import { tellGone } from './caller.ts'
import { OwnInstance } from './calling-instance.ts'
import type { ImportSource, Link } from './imports.ts'
import type { Runner } from './runner.ts'

export type FunctionImport = ImportType & { readonly kind: 'function' | 'tag' }
type Functions = ReadonlyMap<ImportType, WebAssembly.ImportValue>

/**
 * Makes the imports of instances. Their functions are one set for all instances of the module, which find out which instance calls; unless its
 * functions may come into the hands of other guests: then each instance has its own.
 */
export function makeImports(source: ImportSource, guest: Runner): MakeImports {
  const wanted = source.links.map((link) => link.wanted)
  const functions = wanted.filter(isFunctionImport)
  const trampolines = trampolinesFor(functions)
  const shared = wanted.some(letsFunctionsOut) ? undefined : bind(functions, trampolines, undefined)
  const promising = new Set<number>()
  let before: { readonly links: readonly Link[]; readonly hostFunctions: HostFunctions } | undefined
  return (instance) => {
    if (wanted.length === 0) return {}
    const { caller, links, dropped } = source.linksOf(new OwnInstance(instance, guest))
    instance.caller = caller
    instance.onDrop = () => {
      tellGone(caller)
      dropped?.()
    }
    if (before?.links !== links || shared === undefined)
      before = { links, hostFunctions: hostFunctionsOf(links, shared === undefined ? instance : undefined, promising) }
    instance.hostFunctions = before.hostFunctions
    return importsOf(links, shared ?? bind(functions, trampolines, instance), instance)
  }
}

export function isFunctionImport(wanted: ImportType): wanted is FunctionImport {
  return wanted.kind === 'function'
}

/** Can a function of an instance that imports this be called by others than itself and its host? */
function letsFunctionsOut(wanted: ImportType): boolean {
  switch (wanted.kind) {
    case 'table':
      return true
    case 'global':
      return wanted.type.mutable || isReference(wanted.type.type)
    case 'memory':
      return false
    default:
      return [...wanted.type.params, ...wanted.type.results].some(isReference)
  }
}

/** To a function, maybe. */
function isReference(type: ValType): boolean {
  return typeof type === 'object' && type.heap !== 'extern' && type.heap !== 'noextern'
}

/** Those by which a guest can be suspended, with their trampolines. */
interface WithTrampolines {
  readonly wanted: readonly FunctionImport[]
  readonly trampolines: Trampolines
}

/**
 * A trampoline is of one type, which it writes down itself: a function that is imported under two types, or under one that only the module can name,
 * is called without.
 */
function trampolinesFor(functions: readonly FunctionImport[]): WithTrampolines | undefined {
  const wanted = canSuspend ? suspending(functions) : []
  return wanted.length === 0 ? undefined : { wanted, trampolines: new Trampolines(wanted.map(({ type }) => type)) }
}

/** The functions among these imports by which a guest can be suspended. */
export function suspending(functions: readonly FunctionImport[]): readonly FunctionImport[] {
  const typesOf = Map.groupBy(functions, ({ module, name }) => JSON.stringify([module, name]))
  return [...typesOf.values()].filter((same) => same.every(({ type, ownType }) => !ownType && type === same[0]?.type)).flat()
}

function bind(functions: readonly FunctionImport[], suspends: WithTrampolines | undefined, instance: Instance | undefined): Functions {
  const slots = new Map(functions.map((wanted, slot) => [wanted, slot]))
  const bound = new Map<ImportType, WebAssembly.ImportValue>(functions.map((wanted, slot) => [wanted, hostFunction(slot, instance, false)]))
  if (suspends === undefined) return bound
  const { wanted, trampolines } = suspends
  const made = trampolines.instantiate(wanted.map((each) => hostFunction(slots.get(each) as number, instance, true)))
  for (const [at, each] of wanted.entries()) bound.set(each, made[at] as WebAssembly.ImportValue)
  return bound
}

function hostFunctionsOf(links: readonly Link[], instance: Instance | undefined, promising: Set<number>): HostFunctions {
  const functions = links.flatMap((link) => (link.kind === 'function' ? [link.fn] : []))
  return canSuspend ? new TrackedFunctions(functions, instance, promising) : { functions, promised: () => undefined }
}

function importsOf(links: readonly Link[], functions: Functions, instance: Instance): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = Object.create(null)
  for (const link of links) {
    const { module, name } = link.wanted
    imports[module] ??= Object.create(null) as Record<string, WebAssembly.ImportValue>
    ;(imports[module] as Record<string, WebAssembly.ImportValue>)[name] = given(link, functions, instance)
  }
  return imports
}

function given(link: Link, functions: Functions, instance: Instance): WebAssembly.ImportValue {
  switch (link.kind) {
    case 'function':
      return functions.get(link.wanted) as WebAssembly.ImportValue
    case 'value':
      return link.value as WebAssembly.ImportValue
    case 'made':
      if (link.wanted.kind !== 'memory') instance.isSharing = true
      return link.make()
  }
}
