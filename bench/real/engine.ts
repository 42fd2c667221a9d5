/**
 * Puts a rewriter between any glue code and V8: from the import of this file on, the members of `WebAssembly` that take bytes give
 * the engine what the rewriter made of them. The glue stays as the package ships it.
 */
import { attachHook, MAX_CREDIT, makeHook } from '../../src/abi.ts'
import { guard } from '../../src/guard/guard.ts'
import { CAPS, type Caps } from '../../src/limits.ts'
import type { RealSubject, Workload } from './subject.ts'

export interface Rewritten {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Names of exports that the rewriter added. */
  readonly added: ReadonlySet<string>
  /** Makes an instance ready to be called. */
  attach(instance: WebAssembly.Instance): void
}

export type Rewriter = (bytes: Uint8Array<ArrayBuffer>) => Rewritten

export const raw: Rewriter = (bytes) => ({ bytes, added: new Set(), attach: () => undefined })

/** The most that V8 lets a 32-bit memory and a table have. */
const PAGES = 65_536
const ELEMENTS = 10_000_000
/** Nothing is refused and no maximum lowered: these modules are trusted, and what they need is for them to say. */
const OPTIONS = {
  allow: ['gc', 'exnref', 'tags', 'shared-memory'],
  caps: Object.fromEntries(Object.keys(CAPS).map((cap) => [cap, Number.MAX_SAFE_INTEGER])) as unknown as Caps,
  // Of a 64-bit memory
  memoryLimit: 2 ** 34,
  tableLimit: ELEMENTS,
} as const
/** More than anything here burns. */
const PLENTY = { fuel: 2n ** 62n, depth: 1_000_000_000 } as const
const depths: WebAssembly.Global[] = []
const hook = makeHook({
  /** Looks at the clock, as a host's does. */
  poll: () => (performance.now() < Number.POSITIVE_INFINITY ? MAX_CREDIT : 0),
  /** A host sets it before each call. Here glue calls, which does not know of it, so that it wears away. */
  exhausted() {
    for (const depth of depths) depth.value = PLENTY.depth
    return 1
  },
})

export const guarded: Rewriter = (bytes) => rewriting(bytes, false)
export const fuelled: Rewriter = (bytes) => rewriting(bytes, true)

function rewriting(bytes: Uint8Array<ArrayBuffer>, fuel: boolean): Rewritten {
  const { bytes: rewritten, abi, module } = guard(bytes, { ...OPTIONS, fuel })
  const added = new Set([abi.counter, abi.hooks, abi.fuel, abi.depth, abi.start, ...(abi.memories ?? [])].filter((name) => name !== undefined))
  for (const { name } of module.exports) added.delete(name)
  const attach = (instance: WebAssembly.Instance) => {
    const attached = attachHook(instance, abi, hook)
    if (attached.fuel !== undefined) attached.fuel.value = PLENTY.fuel
    if (attached.depth !== undefined) {
      attached.depth.value = PLENTY.depth
      depths.push(attached.depth)
    }
    attached.start?.()
  }
  return { bytes: rewritten, added, attach }
}

export interface Seen {
  readonly original: Uint8Array<ArrayBuffer>
  readonly rewritten: Uint8Array<ArrayBuffer>
}

/** The same, and adds every module that is instantiated to `seen`. */
export function recording(rewrite: Rewriter, seen: Seen[]): Rewriter {
  return (original) => {
    const rewriting = rewrite(original)
    const attach = (instance: WebAssembly.Instance): void => {
      if (!seen.some((each) => each.rewritten === rewriting.bytes)) seen.push({ original, rewritten: rewriting.bytes })
      rewriting.attach(instance)
    }
    return { ...rewriting, attach }
  }
}

/** A subject with all its modules going through a rewriter, those included that it makes while it works. */
export async function loadThrough(rewrite: Rewriter, subject: RealSubject): Promise<Workload> {
  const { run } = await withEngine(rewrite, () => subject.load())
  return { run: () => withEngine(rewrite, run) }
}

let current: Rewriter | undefined
const rewritings = new WeakMap<WebAssembly.Module, Rewritten>()

/** Whatever is compiled or instantiated while `work` runs goes through the rewriter. Not for two works at the same time. */
export function withEngine<T>(rewrite: Rewriter, work: () => T): T {
  const outer = current
  const leave = () => {
    current = outer
  }
  current = rewrite
  try {
    const result = work()
    if (result instanceof Promise) return result.finally(leave) as T
    leave()
    return result
  } catch (error) {
    leave()
    throw error
  }
}

const { Module, Instance, Memory, Table, compile, instantiate, validate } = WebAssembly
type Source = BufferSource | WebAssembly.Module

function rewritten(source: BufferSource): Rewritten {
  const bytes = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source)
  return (current ?? raw)(bytes as Uint8Array<ArrayBuffer>)
}

function remembered(module: WebAssembly.Module, rewriting: Rewritten): WebAssembly.Module {
  rewritings.set(module, rewriting)
  return module
}

/** The instance as the glue expects it, without what was added. Raw instances get the same form, so that both cost the glue the same. */
function handedOut(instance: WebAssembly.Instance, module: WebAssembly.Module): WebAssembly.Instance {
  const rewriting = rewritings.get(module)
  rewriting?.attach(instance)
  const own = Object.entries(instance.exports).filter(([name]) => rewriting?.added.has(name) !== true)
  const exports = Object.freeze(Object.assign(Object.create(null), Object.fromEntries(own)))
  return Object.create(Instance.prototype, { exports: { value: exports, enumerable: true } })
}

function exportsOf(module: WebAssembly.Module): WebAssembly.ModuleExportDescriptor[] {
  return Module.exports(module).filter(({ name }) => rewritings.get(module)?.added.has(name) !== true)
}

async function compiled(source: BufferSource): Promise<WebAssembly.Module> {
  const rewriting = rewritten(source)
  return remembered(await compile(rewriting.bytes), rewriting)
}

async function instantiated(source: Source, imports?: WebAssembly.Imports): Promise<WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource> {
  if (source instanceof Module) return handedOut(await instantiate(source, imports), source)
  const module = await compiled(source)
  return { module, instance: handedOut(await instantiate(module, imports), module) }
}

/** What the guard refuses is no better than what the engine does. */
function validated(source: BufferSource): boolean {
  try {
    return validate(rewritten(source).bytes)
  } catch {
    return false
  }
}

async function body(response: Response | PromiseLike<Response>): Promise<ArrayBuffer> {
  return (await response).arrayBuffer()
}

/** The guard writes a maximum into every import of a memory or table, which then must have one: the largest changes nothing. */
function withMaximum<D extends { maximum?: number; address?: unknown }>(descriptor: D, maximum: number): D {
  return descriptor.address === 'i64' ? descriptor : { ...descriptor, maximum: descriptor.maximum ?? maximum }
}

// Proxies, so that `instanceof` and the static functions are the engine's own
Object.assign(WebAssembly, {
  Module: new Proxy(Module, {
    construct(target, [source]: [BufferSource]) {
      const rewriting = rewritten(source)
      return remembered(new target(rewriting.bytes), rewriting)
    },
    get: (target, name, receiver) => (name === 'exports' ? exportsOf : Reflect.get(target, name, receiver)),
  }),
  Instance: new Proxy(Instance, {
    construct: (target, [module, imports]: [WebAssembly.Module, WebAssembly.Imports]) => handedOut(new target(module, imports), module),
  }),
  Memory: new Proxy(Memory, { construct: (target, [descriptor]: [WebAssembly.MemoryDescriptor]) => new target(withMaximum(descriptor, PAGES)) }),
  Table: new Proxy(Table, {
    construct: (target, [descriptor, ...init]: [WebAssembly.TableDescriptor, never]) => new target(withMaximum(descriptor, ELEMENTS), ...init),
  }),
  compile: compiled,
  instantiate: instantiated,
  compileStreaming: async (response: Response) => compiled(await body(response)),
  instantiateStreaming: async (response: Response, imports?: WebAssembly.Imports) => instantiated(await body(response), imports),
  validate: validated,
})
