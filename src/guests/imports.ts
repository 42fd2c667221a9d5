/** What a module may be given: looked up and checked once, at load; bound anew for each instance, on whatever thread that is. */
import { LoadError, quote, show } from '../errors.ts'
import type { GrowthLimits } from '../limits.ts'
import { hostFunction } from '../runtime/host-function.ts'
import type { Instance, MakeImports } from '../runtime/instance.ts'
import { canSuspend } from '../runtime/thread.ts'
import { Trampolines } from '../runtime/trampolines.ts'
import type { ImportType } from '../wasm/module-type.ts'
import type { ValType } from '../wasm/types.ts'
import { fits, oneNaN, typeText } from './signature.ts'

type Stateful = WebAssembly.Memory | WebAssembly.Table | WebAssembly.Global

/** Makes a memory, table or mutable global for each instance. */
export interface ImportFactory {
  readonly factory: () => Stateful
}

/** One memory, table or mutable global for whoever imports it: gives up isolation, and needs `restart: 'never'`. */
export interface SharedImport {
  readonly shared: true
  readonly value: Stateful
}

/** An `async` one has its guest wait, suspended, until its promise settles. */
// biome-ignore lint/suspicious/noExplicitAny: a host function takes what its guest's signature says
export type HostFunction = (...args: any[]) => unknown
/** A function, or the value of an immutable global: number, bigint, any value for externref. */
export type ImportValue = HostFunction | number | bigint | string | object | null | undefined
export type Imports = Readonly<Record<string, Readonly<Record<string, ImportValue>>>>

/** What imports are held to. */
export interface ImportPolicy extends GrowthLimits {
  readonly restart: 'always' | 'never'
  /** Do NaNs come in in one form? */
  readonly deterministic: boolean
}

/** One import of a module, and what it is given. */
export type Link = { readonly wanted: ImportType } & (
  | {
      readonly kind: 'function'
      readonly fn: HostFunction
      /** Does it return promises, for whose values its guest is to wait? */
      readonly isAsync: boolean
    }
  /** An immutable global's. */
  | { readonly kind: 'value'; readonly value: unknown }
  /** A memory, table or mutable global: called for each instance. @throws LoadError `invalid-import` */
  | { readonly kind: 'made'; readonly make: () => Stateful }
)

/** So many missing imports are listed. */
const SHOWN = 100

/**
 * Checks every import of a module, and says what each is given.
 * @throws LoadError `missing-import` (the first hundred, with their types), `invalid-import`
 */
export function resolveImports(asked: readonly ImportType[], given: Imports, policy: ImportPolicy, name: string): readonly Link[] {
  const missing = asked.filter((wanted) => lookUp(given, wanted) === NOTHING)
  if (missing.length > 0) {
    const list = missing.slice(0, SHOWN).map((wanted) => `${describe(wanted)}: ${textOf(wanted)}`)
    if (missing.length > SHOWN) list.push(`and ${missing.length - SHOWN} more`)
    throw new LoadError('missing-import', `${missing.length === 1 ? 'an import is' : `${missing.length} imports are`} missing: ${list.join('; ')}`, {
      module: name,
      figures: { missing: missing.length },
    })
  }
  return asked.map((wanted) => link(wanted, lookUp(given, wanted), policy, name))
}

/** Makes what an instance of this thread is given. */
export function makeImports(links: readonly Link[]): MakeImports {
  const waiting = waitingOf(links)
  const trampolines = waiting.length === 0 ? undefined : new Trampolines(waiting.map((link) => link.wanted.type))
  return (instance) => {
    const bound = trampolines?.instantiate(waiting.map((link) => hostFunction(instance, link.fn, true)))
    const suspending = new Map<Link, WebAssembly.ImportValue>(bound?.map((fn, at) => [waiting[at] as Link, fn]))
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = Object.create(null)
    for (const link of links) {
      const { module, name } = link.wanted
      imports[module] ??= Object.create(null) as Record<string, WebAssembly.ImportValue>
      ;(imports[module] as Record<string, WebAssembly.ImportValue>)[name] = suspending.get(link) ?? bind(link, instance)
    }
    return imports
  }
}

type FunctionLink = Extract<Link, { kind: 'function' }> & { readonly wanted: Extract<ImportType, { kind: 'function' | 'tag' }> }

/**
 * The functions by which a guest can be suspended: trampolines call them. A trampoline is of one type, which it writes down itself: one that
 * is imported under two types, or under one that only the module can name, is called without.
 */
export function waitingOf(links: readonly Link[]): FunctionLink[] {
  const able = canSuspend ? links.filter((link): link is FunctionLink => link.kind === 'function' && link.isAsync && !link.wanted.ownType) : []
  const typesOf = Map.groupBy(able, ({ wanted }) => JSON.stringify([wanted.module, wanted.name]))
  return [...typesOf.values()].filter((same) => same.every(({ wanted }) => wanted.type === same[0]?.wanted.type)).flat()
}

function bind(link: Link, instance: Instance): WebAssembly.ImportValue {
  switch (link.kind) {
    case 'function':
      return hostFunction(instance, link.fn, false)
    case 'value':
      return link.value as WebAssembly.ImportValue
    case 'made':
      if (link.wanted.kind !== 'memory') instance.isSharing = true
      return link.make()
  }
}

const NOTHING = Symbol('nothing')

/** Own properties only: `constructor` is found on every object otherwise, and it is `Function`. */
function lookUp(given: Imports, { module, name }: ImportType): unknown {
  if (!Object.hasOwn(given, module)) return NOTHING
  const group: unknown = given[module]
  if (typeof group !== 'object' || group === null || !Object.hasOwn(group, name)) return NOTHING
  return (group as Record<string, unknown>)[name]
}

function link(wanted: ImportType, value: unknown, policy: ImportPolicy, name: string): Link {
  const refuse = (why: string): LoadError =>
    new LoadError('invalid-import', `import ${describe(wanted)} must be ${textOf(wanted)}, but ${why}`, { module: name })
  if (wanted.kind === 'function') {
    if (typeof value !== 'function') throw refuse(`it is ${show(value)}`)
    const fn = value as HostFunction
    return { wanted, kind: 'function', fn: policy.deterministic ? withOneNaN(fn, wanted.type.results.length) : fn, isAsync: isAsync(fn) }
  }
  if (wanted.kind === 'global' && !wanted.type.mutable) {
    if (!fitsGlobal(value, wanted.type.type)) throw refuse(`it is ${show(value)}`)
    return { wanted, kind: 'value', value: policy.deterministic ? oneNaN(value) : value }
  }
  const make = maker(value, policy.restart, refuse)
  return { wanted, kind: 'made', make: () => checked(make(), wanted, policy, refuse) }
}

/** Is it an `async` function? What others return is only known when they have run. */
function isAsync(fn: HostFunction): boolean {
  return (fn as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'AsyncFunction'
}

function withOneNaN(fn: HostFunction, results: number): HostFunction {
  const converted = (returned: unknown) => (results > 1 && isIterable(returned) ? Array.from(returned, oneNaN) : oneNaN(returned))
  return isAsync(fn) ? async (...args) => converted(await fn(...args)) : (...args) => converted(fn(...args))
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

function fitsGlobal(value: unknown, type: ValType): boolean {
  if (value instanceof WebAssembly.Global) return true
  return typeof type === 'string' ? fits(type, value) : type.heap === 'extern' || value === null
}

function maker(value: unknown, restart: 'always' | 'never', refuse: (why: string) => LoadError): () => unknown {
  const { factory, shared } = (typeof value === 'object' && value !== null ? value : {}) as { factory?: unknown; shared?: unknown }
  if (typeof factory === 'function') return factory as () => unknown
  if (shared === true) {
    if (restart !== 'never') throw refuse("it is shared, and state that outlives an instance needs `restart: 'never'`")
    return () => (value as SharedImport).value
  }
  throw refuse(`it is ${show(value)}: each instance needs its own, so pass { factory: () => ... }`)
}

function checked(made: unknown, wanted: ImportType, limits: GrowthLimits, refuse: (why: string) => LoadError): Stateful {
  const right =
    wanted.kind === 'memory'
      ? made instanceof WebAssembly.Memory
      : wanted.kind === 'table'
        ? made instanceof WebAssembly.Table
        : made instanceof WebAssembly.Global
  if (!right) throw refuse(`its factory returned ${show(made)}`)
  if (made instanceof WebAssembly.Memory && made.buffer.byteLength > limits.memoryLimit) {
    throw refuse(`it has ${made.buffer.byteLength} bytes, above \`memoryLimit\` of ${limits.memoryLimit}`)
  }
  if (made instanceof WebAssembly.Table && made.length > limits.tableLimit)
    throw refuse(`it has ${made.length} elements, above \`tableLimit\` of ${limits.tableLimit}`)
  return made as Stateful
}

function describe({ module, name }: ImportType): string {
  return `${quote(module)} ${quote(name)}`
}

/** `function (i32) -> i32`, `memory 1 to 16`: for people. */
function textOf(wanted: ImportType): string {
  return `${wanted.kind} ${typeText(wanted)}`
}
