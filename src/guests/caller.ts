/** Who made a call, as `AsyncLocalStorage` sees it: a call that had to wait begins in the course of another's end, or of a turn of the event loop. */
import { builtin } from '../node.ts'

const AsyncResource = builtin('async_hooks')?.AsyncResource

/** @returns `begin`, but run in the async context of here and now, so that host functions see that of the call's maker */
export function asCaller<Args extends unknown[]>(begin: (...args: Args) => void): (...args: Args) => void {
  if (AsyncResource === undefined) return begin
  const caller = new AsyncResource('curfew.call', { requireManualDestroy: true })
  return (...args) => caller.runInAsyncScope(begin, undefined, ...args)
}
