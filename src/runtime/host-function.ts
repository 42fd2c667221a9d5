/** A host function as a guest may call it: never for a guest that was stopped, never swallowing a stop, its time not forgotten. */

import { EXHAUSTED } from '../abi.ts'
import type { Call } from './call.ts'
import { now } from './clock.ts'
import { waitFor } from './host-wait.ts'
import type { HostFunction, Instance } from './instance.ts'
import { canSuspend, currentCall } from './thread.ts'
import { UNCATCHABLE } from './trap.ts'

/**
 * @param slot which of the calling instance's host functions it is
 * @param bound that instance; undefined: the one that the current call runs. Only for modules whose functions no other guest can get hold of
 * @param canWait does a trampoline call it, by which its guest can be suspended?
 */
export function hostFunction(slot: number, bound: Instance | undefined, canWait: boolean): (...args: unknown[]) => unknown {
  return (...args) => {
    const call = currentCall()
    if (call?.portion?.isOverdrawn) call.exhausted(EXHAUSTED.fuel)
    const instance = bound ?? (call?.instance as Instance | undefined)
    if (instance === undefined || instance.stopped || call === undefined || call.stopped !== undefined) throw UNCATCHABLE
    const outer = call.hosting
    if (Number.isNaN(call.began)) call.lookAtClock(now())
    call.hosting = instance
    const { hostFunctions } = instance
    const fn = hostFunctions.functions[slot] as HostFunction
    let promised: PromiseLike<unknown>
    try {
      const result = fn(...args)
      if (!isThenable(result)) return result
      promised = result
      hostFunctions.promised(slot)
      // If it is refused, or the call was stopped meanwhile, nobody waits for it any more
      if (result instanceof Promise) void ignored(result)
      const refusal = whyNotWait(call, canWait, outer !== undefined)
      if (refusal !== undefined) throw new TypeError(`the host function returned a promise, but ${refusal}`)
    } catch (error) {
      call.thrown = { error }
      throw error
    } finally {
      let ended: number
      let stopped: boolean
      try {
        ended = now()
        stopped = call.expire(ended) || instance.stopped
      } finally {
        // Where the stack is at its end all calls throw; and a guest that seems to be in the host for ever has no slices
        call.hosting = outer
      }
      // biome-ignore lint/correctness/noUnsafeFinally: a stop must win over whatever the function returned or threw
      if (stopped) throw UNCATCHABLE
      if (call.leftHost(ended)) instance.pollSoon()
    }
    throw waitFor(promised, instance)
  }
}

/** By `await`, which calls none of the methods that a promise may have of its own. */
async function ignored(promise: Promise<unknown>): Promise<void> {
  try {
    await promise
  } catch {
    // What it rejects with is nobody's
  }
}

export const NOT_NESTED = 'a guest that runs in `callSync` or in a nested call cannot be suspended: use `call`, and not from a host function'

/** Why the guest cannot be suspended until a promise settles, and what to do; undefined if it can. */
export function whyNotWait(call: Call, canWait: boolean, isNested: boolean): string | undefined {
  if (!canSuspend) return 'this engine cannot suspend the guest (it has no WebAssembly.Suspending): return the result at once, or use `threads`'
  if (!call.sliced || isNested) return NOT_NESTED
  if (!canWait) return 'a function that is imported under two types, or under one that only its module can name, cannot suspend its guest'
  return undefined
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
