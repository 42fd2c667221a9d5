/** Host functions that guests of other threads call: they run here, as part of the call that the guest makes. */
import { ALL_FUEL } from '../budget.ts'
import type { Link } from '../guests/imports.ts'
import { Call, type CallOwner } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import { isThenable, whyNotWait } from '../runtime/host-function.ts'
import { Portion } from '../runtime/portion.ts'
import { enter, leave } from '../runtime/thread.ts'
import type { ValType } from '../wasm/types.ts'
import type { FuelChange, Outcome, Report } from './messages.ts'
import type { RemoteThread } from './remote-thread.ts'
import { fromShared } from './shared-time.ts'

export type HostCall = Extract<Report, { readonly verb: 'host' }>

/** Runs a host function, which may return a promise, and tells what became of it. */
export async function runHostFunction(owner: CallOwner, link: Link, asked: HostCall, { crossing }: RemoteThread): Promise<Outcome> {
  if (link.kind !== 'function' || link.wanted.kind !== 'function') return {}
  const { fn } = link
  const { results } = link.wanted.type
  const call = callOf(owner, asked)
  try {
    const promised = within(call, () => fn(...crossing.receiveAll(asked.args)))
    if (isThenable(promised)) checkPromise(call, promised, asked.isSuspended)
    const returned = await promised
    const fuel = fuelOf(call, asked.fuel)
    if (results.length > 1) return { value: crossing.sendAll(Array.from(returned as Iterable<unknown>, (value, at) => fitted(value, results[at]))), ...fuel }
    return { value: crossing.send(fitted(returned, results[0])), ...fuel }
  } catch (error) {
    return { threw: crossing.send(error), ...fuelOf(call, asked.fuel) }
  }
}

/** What stands for the guest's call on this thread: `currentCall()` in a host function shows it. */
function callOf(owner: CallOwner, { deadline, fuel }: HostCall): Call {
  const began = now()
  const budget = { timeout: fromShared(deadline) - began, cpuTimeout: Number.POSITIVE_INFINITY, fuel: ALL_FUEL, slice: 0, signal: undefined }
  const call = new Call(owner, { ...budget, timeoutCode: 'deadline' }, began)
  call.begin()
  call.sliced = true
  if (fuel !== undefined) {
    const gauges = { fuel: new WebAssembly.Global({ value: 'i64', mutable: true }, 0n), depth: new WebAssembly.Global({ value: 'i32', mutable: true }, 0) }
    call.portion = new Portion(gauges, fuel, undefined)
  }
  return call
}

/** A promise is for guests that can wait for it, as on this thread. */
function checkPromise(call: Call, promised: PromiseLike<unknown>, canWait: boolean): void {
  const refusal = whyNotWait(call, canWait, false)
  if (refusal === undefined) return
  if (promised instanceof Promise) promised.catch(() => undefined) // nobody waits for it any more
  throw new TypeError(`the host function returned a promise, but ${refusal}`)
}

function within<T>(call: Call, run: () => T): T {
  enter(call)
  try {
    return run()
  } finally {
    leave(call)
  }
}

function fuelOf({ portion, stopped }: Call, before: bigint | undefined): { fuel?: FuelChange } {
  if (portion === undefined || before === undefined) return {}
  return { fuel: { refilled: portion.given - before, used: portion.used, isOut: stopped?.code === 'out-of-fuel' } }
}

/** An object given for a number becomes one here, where its methods are. */
function fitted(value: unknown, type: ValType | undefined): unknown {
  if (typeof type !== 'string' || (typeof value !== 'object' && typeof value !== 'function') || value === null) return value
  return type === 'i64' ? BigInt(value as never) : Number(value)
}
