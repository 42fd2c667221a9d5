/** Guarding, instantiating and calling in one go, for the tests of this folder. */

import { type Abi, type Attached, attachHook, FULL_DEPTH, type Hook, MAX_CREDIT, makeHook, STOP } from '../../src/abi.ts'
import { type Guarded, type GuardOptions, guard } from '../../src/guard/guard.ts'

/** `any`: exports are called as what they are, wrong arguments included. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Exports = Record<string, any>

export interface Driven {
  readonly guarded: Guarded
  readonly exports: Exports
  /** How often it asked. */
  readonly polls: () => number
  readonly hook: Hook
  /** With fuel, it has more than anything takes. */
  readonly attached: Attached
  readonly start: (() => void) | undefined
}

export const PLENTY = 2n ** 62n

/** @param poll what to answer, by how often it was asked before; by default always the most */
export function drive(
  bytes: Uint8Array,
  { poll = () => MAX_CREDIT, imports, ...options }: GuardOptions & { readonly poll?: (before: number) => number; readonly imports?: WebAssembly.Imports } = {},
): Driven {
  const guarded = guard(bytes, options)
  return { guarded, ...attachTo(new WebAssembly.Instance(new WebAssembly.Module(guarded.bytes), imports), guarded.abi, poll) }
}

/** @param exhausted what to answer when fuel or the like is used up; by default, stop */
export function attachTo(
  instance: WebAssembly.Instance,
  abi: Abi,
  poll: (before: number) => number,
  exhausted: (reason: number) => number = () => STOP,
): Omit<Driven, 'guarded'> {
  let polls = 0
  const hook = makeHook({ poll: () => poll(polls++), exhausted })
  const attached = attachHook(instance, abi, hook)
  if (attached.fuel !== undefined) attached.fuel.value = PLENTY
  if (attached.depth !== undefined) attached.depth.value = FULL_DEPTH
  return { exports: instance.exports as Exports, polls: () => polls, hook, attached, start: attached.start }
}
