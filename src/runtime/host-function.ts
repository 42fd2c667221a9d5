/** A host function as a guest may call it: never for a guest that was stopped, never swallowing a stop, its time not forgotten. */

import { EXHAUSTED } from '../abi.ts'
import { now } from './clock.ts'
import type { Instance } from './instance.ts'
import { currentCall } from './thread.ts'
import { UNCATCHABLE } from './trap.ts'

/** Host functions that take longer, one or many together, have the guest poll, ms. */
const NOTICEABLE = 0.05

export function hostFunction(instance: Instance, fn: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  return (...args) => {
    const call = currentCall()
    if (call?.portion?.isOverdrawn) call.exhausted(EXHAUSTED.fuel)
    if (instance.stopped || call === undefined || call.stopped !== undefined) throw UNCATCHABLE
    const outer = call.inHost
    const began = now()
    if (Number.isNaN(call.began)) call.lookAtClock(began)
    call.inHost = true
    try {
      const result = fn(...args)
      if (isThenable(result)) {
        if (result instanceof Promise) result.catch(() => undefined) // nobody waits for it any more
        throw new TypeError('the host function returned a promise; host functions must return their result at once')
      }
      return result
    } catch (error) {
      call.thrown = { error }
      throw error
    } finally {
      const ended = now()
      const stopped = call.expire(ended) || instance.stopped
      call.inHost = outer
      // biome-ignore lint/correctness/noUnsafeFinally: a stop must win over whatever the function returned or threw
      if (stopped) throw UNCATCHABLE
      if (call.passed(ended - began) > NOTICEABLE) instance.pollSoon()
    }
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
