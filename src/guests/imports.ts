/** What a module may be given: looked up and checked at load, and for each instance where what it is given depends on that. */
import { engineMessage, LoadError, quote, show } from '../errors.ts'
import type { GrowthLimits } from '../limits.ts'
import { isThenable } from '../runtime/host-function.ts'
import type { ImportType } from '../wasm/module-type.ts'
import type { ValType } from '../wasm/types.ts'
import { isAsync } from './async-context.ts'
import { attach, Caller, type CallingInstance } from './caller.ts'
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

/** If it returns a promise, its guest waits, suspended, until that settles. */
// biome-ignore lint/suspicious/noExplicitAny: a host function takes what its guest's signature says
export type HostFunction = (...args: any[]) => unknown
/** A function, or the value of an immutable global: number, bigint, any value for externref. */
export type ImportValue = HostFunction | number | bigint | string | object | null | undefined
export type Imports = Readonly<Record<string, Readonly<Record<string, ImportValue>>>>
/** Called for each instance, of which the caller then is; what it returns is of the same kinds each time. */
export type ImportsOf = (caller: Caller) => Imports

/** What imports are held to. */
export interface ImportPolicy extends GrowthLimits {
  readonly restart: 'always' | 'never'
  /** Do NaNs come in in one form? */
  readonly deterministic: boolean
  /** Can guests wait for what an `async` function promises? */
  readonly canWait: boolean
}

/** One import of a module, and what it is given. */
export type Link = { readonly wanted: ImportType } & (
  | {
      readonly kind: 'function'
      readonly fn: HostFunction
      /** Is it known to return promises? */
      readonly isAsync: boolean
    }
  /** An immutable global's. */
  | { readonly kind: 'value'; readonly value: unknown }
  /** A memory, table or mutable global: called for each instance. @throws LoadError `invalid-import` */
  | { readonly kind: 'made'; readonly make: () => Stateful }
)

/** What the instances of a module are given. */
export interface ImportSource {
  /** As found at load; those of each instance are of the same kinds. */
  readonly links: readonly Link[]
  /** Does each instance have its own? */
  readonly isPerInstance: boolean
  /** For an instance. @throws LoadError as at load */
  linksOf(instance: CallingInstance): Linked
}

export interface Linked {
  readonly caller: Caller
  readonly links: readonly Link[]
  /** Told when the instance is dropped, or could not be made. */
  readonly dropped?: () => void
}

/**
 * Checks every import of a module, and says what its instances are given.
 * @throws LoadError `missing-import` (the first hundred, with their types), `invalid-import`
 */
export function importSource(asked: readonly ImportType[], given: Imports | ImportsOf, policy: ImportPolicy, name: string): ImportSource {
  if (typeof given !== 'function') return sourceOf(resolveImports(asked, given, policy, name), name)
  const make = () => {
    const caller = new Caller(name)
    return { caller, links: resolveImports(asked, called(given, caller), policy, name) }
  }
  const atLoad = make()
  let first: typeof atLoad | undefined = atLoad
  return {
    links: atLoad.links,
    isPerInstance: true,
    linksOf(instance) {
      const made = first ?? make()
      first = undefined
      attached(made.caller, instance)
      return made
    },
  }
}

/** The same for all instances. */
export function sourceOf(links: readonly Link[], module: string): ImportSource {
  return { links, isPerInstance: false, linksOf: (instance) => ({ caller: attached(new Caller(module), instance), links }) }
}

function attached(caller: Caller, instance: CallingInstance): Caller {
  attach(caller, instance)
  return caller
}

/** What a module's function of imports returns for a caller. @throws LoadError `invalid-import` */
function called(given: ImportsOf, caller: Caller): Imports {
  const { module } = caller
  let imports: unknown
  try {
    imports = given(caller)
  } catch (cause) {
    throw new LoadError('invalid-import', `the function given as \`imports\` threw ${engineMessage(cause)}`, { module, cause })
  }
  if (typeof imports === 'object' && imports !== null && !(imports instanceof Promise)) return imports as Imports
  throw new LoadError('invalid-import', `the function given as \`imports\` returns an object of objects, but returned ${show(imports)}`, { module })
}

/** So many missing imports are listed. */
const SHOWN = 100

function resolveImports(asked: readonly ImportType[], given: Imports, policy: ImportPolicy, name: string): readonly Link[] {
  const found = read(asked, given, name)
  const missing = asked.filter((_, at) => found[at] === NOTHING)
  if (missing.length > 0) {
    const list = missing.slice(0, SHOWN).map((wanted) => `${describe(wanted)}: ${textOf(wanted)}`)
    if (missing.length > SHOWN) list.push(`and ${missing.length - SHOWN} more`)
    throw new LoadError('missing-import', `${missing.length === 1 ? 'an import is' : `${missing.length} imports are`} missing: ${list.join('; ')}`, {
      module: name,
      figures: { missing: missing.length },
    })
  }
  const links: Link[] = []
  const refused: LoadError[] = []
  for (const [at, wanted] of asked.entries()) {
    try {
      links.push(link(wanted, found[at], policy, name))
    } catch (error) {
      if (!(error instanceof LoadError)) throw error
      refused.push(error)
    }
  }
  const [first] = refused
  if (first === undefined) return links
  if (refused.length === 1) throw first
  const list = refused.slice(0, SHOWN).map(({ what }) => what)
  if (refused.length > SHOWN) list.push(`and ${refused.length - SHOWN} more`)
  throw new LoadError('invalid-import', `${refused.length} imports do not fit: ${list.join('; ')}`, { module: name, figures: { refused: refused.length } })
}

const NOTHING = Symbol('nothing')

/** What was given for each, looked at once. @throws LoadError `invalid-import` for what cannot be looked at: a getter that throws, say */
function read(asked: readonly ImportType[], given: Imports, module: string): readonly unknown[] {
  return asked.map((wanted) => {
    try {
      return lookUp(given, wanted)
    } catch (cause) {
      throw new LoadError('invalid-import', `import ${describe(wanted)} cannot be read: ${engineMessage(cause)}`, { module, cause })
    }
  })
}

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
    if (isAsync(fn) && !policy.canWait) {
      const ways = 'Node 24 and later can; elsewhere `threads` can, or return the result at once'
      throw new LoadError(
        'invalid-import',
        `import ${describe(wanted)} is \`async\`, and this engine cannot suspend a guest until a promise settles: ${ways}`,
        {
          module: name,
        },
      )
    }
    return { wanted, kind: 'function', fn: policy.deterministic ? withOneNaN(fn, wanted.type.results.length) : fn, isAsync: isAsync(fn) }
  }
  if (wanted.kind === 'global' && !wanted.type.mutable) {
    if (!fitsGlobal(value, wanted.type.type)) throw refuse(`it is ${show(value)}`)
    return { wanted, kind: 'value', value: policy.deterministic ? oneNaN(value) : value }
  }
  const make = maker(value, policy.restart, refuse)
  return { wanted, kind: 'made', make: () => checked(make(), wanted, policy, refuse) }
}

function withOneNaN(fn: HostFunction, results: number): HostFunction {
  const converted = (returned: unknown) => (results > 1 && isIterable(returned) ? Array.from(returned, oneNaN) : oneNaN(returned))
  if (isAsync(fn)) return async (...args) => converted(await fn(...args))
  return (...args) => {
    const returned = fn(...args)
    return isThenable(returned) ? Promise.resolve(returned).then(converted) : converted(returned)
  }
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
