/**
 * What guarded code and the side that drives it agree on: version 2.
 *
 * A guarded module counts down `counter` (an exported mutable i32 global, in units of an eighth of a nanosecond of the dearest work). When
 * a check finds it negative, the guest calls slot 0 of `hooks` (an exported funcref table), a function of type `[] -> [i32]`. A positive
 * answer is the new value of the counter; anything else means stop, and the guest traps itself. The poll never throws to stop a guest:
 * `catch_all` would catch that.
 * `start`, if there is one, is the module's start function: the driver calls it once, after the hooks are in place.
 *
 * With fuel, `fuel` (an exported mutable i64 global) holds what is left: the driver sets it before a call, and may read and change it whenever
 * the guest does not run. `depth` (an exported mutable i32 global) is the stack left to the guest, in bytes as it reckons them: the driver
 * sets it to `FULL_DEPTH` before a call, unless that is nested in another of the same instance. When one of them runs out, or a memory
 * cannot grow although its limit allows it, the guest calls slot 1 of `hooks`, of type `[i32] -> [i32]`, with a reason from `EXHAUSTED`.
 * A positive answer lets it go on, if there is fuel now; anything else stops it. Checks stand some microseconds of work apart, so a guest may
 * return, or call an import, with less than no fuel: then it has run out of it before.
 */
export interface Abi {
  readonly version: 2
  /** Export name of the counter. Absent if the module has no code of its own. */
  readonly counter?: string
  /** Export name of the hooks table. */
  readonly hooks?: string
  /** Export names of what is there with fuel only. */
  readonly fuel?: string
  readonly depth?: string
  /** Export name of what was the start function. */
  readonly start?: string
  /** Export names of the memories, in the order of their index space; absent if there are none. */
  readonly memories?: readonly string[]
  /** The same of the module's own and imported tables. */
  readonly tables?: readonly string[]
  /** Bytes of JavaScript heap that V8 may come to keep for an instance: for calls in its code, functions, exports and imports. */
  readonly heap?: number
}

export const ABI_VERSION = 2
/** Custom section of a guarded file that holds its `Abi` as JSON. The last one counts. */
export const ABI_SECTION = 'curfew'
/** How the names begin of what the guard exports. */
export const RESERVED = 'curfew.'
/** Units of the counter in a millisecond of the dearest work. */
export const UNITS_PER_MS = 8_000_000
/** The most that a poll may grant, in units: half a millisecond. */
export const MAX_CREDIT = UNITS_PER_MS / 2
/** What a poll answers to stop the guest. */
export const STOP = 0
/** Bytes of stack, as the guest reckons them, that a call may use; the engine has twice as much, for what calls it and what it calls too. See decision: C033 */
export const FULL_DEPTH = 400_000
/** Why slot 1 of the hooks is called. */
export const EXHAUSTED = { fuel: 0, depth: 1, memory: 2 } as const

/** The functions of JavaScript Promise Integration, which TypeScript's library does not know yet. */
interface PromiseIntegration {
  readonly Suspending?: new (fn: (...args: never[]) => Promise<unknown>) => object
  readonly promising?: (fn: (...args: never[]) => unknown) => (...args: unknown[]) => Promise<unknown>
}
export const { Suspending, promising } = WebAssembly as PromiseIntegration

/** What a driver gives: see `makeHook`. */
export interface Hooks {
  /** Called by a guest whose credit is used up. A positive answer is the new credit, at most `MAX_CREDIT`; anything else stops the guest. */
  readonly poll: () => number
  /**
   * Needs JSPI, and the guest must have been entered through `WebAssembly.promising`, with no JavaScript frame in between:
   * when `poll` answers `YIELD`, the guest is suspended until the promise settles. `resumed` is then called with its value,
   * synchronously before the guest runs on, and answers as `poll` does.
   */
  readonly suspend?: () => Promise<number>
  readonly resumed?: (token: number) => number
  /** Called, with one of `EXHAUSTED`, by a guest with fuel that has used up something. Without it, the guest is stopped. */
  readonly exhausted?: (reason: number) => number
}

/** What `poll` answers to have the guest suspended. */
export const YIELD = -1

/**
 * The other side of the hooks: WebAssembly functions, because only those fit a funcref table.
 *
 * (module
 *   (import "h" "poll" (func (result i32))) (import "h" "suspend" (func (result i32)))
 *   (import "h" "resumed" (func (param i32) (result i32))) (import "h" "exhausted" (func (param i32) (result i32)))
 *   (global (export "failed") (mut i32) (i32.const 0))
 *   (func (export "hook") (result i32) (local i32)
 *     try (result i32)
 *       call 0  local.tee 0  i32.const -1  i32.eq
 *       if (result i32)  call 1  call 2  else  local.get 0  end
 *     catch_all  i32.const 1  global.set 0  i32.const 0  end)
 *   (func (export "exhausted") (param i32) (result i32)
 *     try (result i32)  local.get 0  call 3  catch_all  i32.const 1  global.set 0  i32.const 0  end))
 *
 * The catch_all is for a hook that throws: the guest could catch that at every level of a deep nest of handlers, and so run on
 * unpolled. `failed` tells the driver. (A poll that finds no stack left is no such case: V8 lets no guest catch a stack overflow.)
 */
// biome-ignore format: one section a line
const TRAMPOLINE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x0a, 0x02, 0x60, 0x00, 0x01, 0x7f, 0x60, 0x01, 0x7f, 0x01, 0x7f,
  0x02, 0x30, 0x04, 0x01, 0x68, 0x04, 0x70, 0x6f, 0x6c, 0x6c, 0x00, 0x00, 0x01, 0x68, 0x07, 0x73, 0x75, 0x73, 0x70, 0x65, 0x6e, 0x64, 0x00, 0x00, 0x01, 0x68, 0x07, 0x72, 0x65, 0x73, 0x75, 0x6d, 0x65, 0x64, 0x00, 0x01, 0x01, 0x68, 0x09, 0x65, 0x78, 0x68, 0x61, 0x75, 0x73, 0x74, 0x65, 0x64, 0x00, 0x01,
  0x03, 0x03, 0x02, 0x00, 0x01,
  0x06, 0x06, 0x01, 0x7f, 0x01, 0x41, 0x00, 0x0b,
  0x07, 0x1d, 0x03, 0x06, 0x66, 0x61, 0x69, 0x6c, 0x65, 0x64, 0x03, 0x00, 0x04, 0x68, 0x6f, 0x6f, 0x6b, 0x00, 0x04, 0x09, 0x65, 0x78, 0x68, 0x61, 0x75, 0x73, 0x74, 0x65, 0x64, 0x00, 0x05,
  0x0a, 0x32, 0x02, 0x1f, 0x01, 0x01, 0x7f, 0x06, 0x7f, 0x10, 0x00, 0x22, 0x00, 0x41, 0x7f, 0x46, 0x04, 0x7f, 0x10, 0x01, 0x10, 0x02, 0x05, 0x20, 0x00, 0x0b, 0x19, 0x41, 0x01, 0x24, 0x00, 0x41, 0x00, 0x0b, 0x0b,
  0x10, 0x00, 0x06, 0x7f, 0x20, 0x00, 0x10, 0x03, 0x19, 0x41, 0x01, 0x24, 0x00, 0x41, 0x00, 0x0b, 0x0b,
])

let trampoline: WebAssembly.Module | undefined

/** Hooks that any number of instances can share. `failed` becomes 1 when one ended with an exception, and the guest with a trap. */
export interface Hook {
  readonly hook: WebAssembly.ExportValue
  readonly exhausted: WebAssembly.ExportValue
  readonly failed: WebAssembly.Global
}

export function makeHook(hooks: Hooks): Hook {
  trampoline ??= new WebAssembly.Module(TRAMPOLINE)
  const suspend = hooks.suspend && Suspending ? new Suspending(hooks.suspend) : () => STOP
  const { poll, resumed = (verdict: number) => verdict, exhausted = () => STOP } = hooks
  const imports = { h: { poll, suspend, resumed, exhausted } }
  const { exports } = new WebAssembly.Instance(trampoline, imports as unknown as WebAssembly.Imports)
  return {
    hook: exports.hook as WebAssembly.ExportValue,
    exhausted: exports.exhausted as WebAssembly.ExportValue,
    failed: exports.failed as WebAssembly.Global,
  }
}

/** What tells whether the guard has written a module. */
interface Written {
  readonly sections: readonly { readonly name?: string | undefined }[]
  readonly exports: readonly { readonly kind: string; readonly name: string }[]
}

/** Does a module say of itself that it has been guarded? Guarded twice, it would trap: nobody would drive the first guard. */
export function saysItIsGuarded({ sections, exports }: Written): boolean {
  return sections.some(({ name }) => name === ABI_SECTION) && exports.some(({ kind, name }) => kind === 'table' && name.startsWith(`${RESERVED}hooks`))
}

/** The parts of an instance that its driver needs. */
export interface Attached {
  readonly counter: WebAssembly.Global | undefined
  /** With fuel: what is left, a bigint, and the stack left, see `Abi`. */
  readonly fuel: WebAssembly.Global<'i64'> | undefined
  readonly depth: WebAssembly.Global | undefined
  readonly start: (() => void) | undefined
  readonly memories: readonly WebAssembly.Memory[]
  readonly tables: readonly WebAssembly.Table[]
}

/** Puts hooks into an instance of a guarded module. Until then the instance traps at its first check. */
export function attachHook(instance: WebAssembly.Instance, abi: Abi, hook: Hook): Attached {
  const { exports } = instance
  const named = <T>(name: string | undefined) => (name === undefined ? undefined : (exports[name] as T))
  const hooks = named<WebAssembly.Table>(abi.hooks)
  hooks?.set(0, hook.hook)
  if (abi.fuel !== undefined) hooks?.set(1, hook.exhausted)
  return {
    counter: named(abi.counter),
    fuel: named(abi.fuel),
    depth: named(abi.depth),
    start: named(abi.start),
    memories: (abi.memories ?? []).map((name) => exports[name] as WebAssembly.Memory),
    tables: (abi.tables ?? []).map((name) => exports[name] as WebAssembly.Table),
  }
}
