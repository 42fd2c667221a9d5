/**
 * Which call's guest is running on this thread, and the hook by which its checks reach it. Never a matter of instances: guests
 * reach each other through shared tables, and what they run then is still the work of the call that began it.
 */
import { type Hook, makeHook, promising, STOP, Suspending, YIELD } from '../abi.ts'
import type { Call, CallOwner } from './call.ts'
import { now } from './clock.ts'
import { MIN_CREDIT } from './meter.ts'

/** Can a guest be suspended here (JSPI)? */
export const canSuspend = Suspending !== undefined && promising !== undefined

interface Suspension {
  readonly call: Call
  readonly wake: (token: number) => void
}

let current: Call | undefined
let token = 0
const suspensions = new Map<number, Suspension>()
const tokens = new Map<Call, number>()

/** The call whose guest is running, or whose host function is. */
export function currentCall(): Call | undefined {
  return current
}

/** The call whose host function is running, if one is. */
export function hostingCall(): Call | undefined {
  return current?.inHost ? current : undefined
}

/** Is an instance's guest below one of the host functions that are running? Then a call into it is nested. */
export function isInside(instance: object): boolean {
  for (let call = hostingCall(); call !== undefined; call = call.parent) if (call.instance === instance) return true
  return false
}

/** The instance that runs below one of the host functions that are running, in a call of this owner: what it calls of the owner is nested there. */
export function instanceBelow(owner: CallOwner): object | undefined {
  for (let call = hostingCall(); call !== undefined; call = call.parent) if (call.owner === owner && call.instance !== undefined) return call.instance
  return undefined
}

/**
 * A call's guest is entered, on top of the host function that made the call, if one did; or of a guest that polls, if who was told of a stop
 * made the call. `leave` must follow. One that is nested in a call that waits knows so already.
 */
export function enter(call: Call): void {
  call.parent ??= hostingCall()
  call.below = current
  current = call
}

/** The call's guest has ended. One that was suspended tells so a microtask late, when another may be running. */
export function leave(call: Call): void {
  if (current === call) current = call.below
}

/** Has a suspended guest run on, in a microtask; or end, if its call was stopped. */
export function wake(call: Call): void {
  const id = tokens.get(call)
  if (id !== undefined) suspensions.get(id)?.wake(id)
}

let listener: (() => void) | undefined

/** Has a function called at each poll, where guests keep the event loop from turning. */
export function whilePolling(fn: () => void): void {
  listener = fn
}

/**
 * Puts the guest of the current call aside, until `wake`.
 * @param tell what the call's owner is told
 * @returns what the suspending import returns to the engine; it resolves to what `runOn` takes
 */
export function putAside(tell: (call: Call) => void): Promise<number> {
  const call = current as Call
  current = call.below
  call.pause(now())
  call.state = 'suspended'
  call.slices++
  const id = token++
  return new Promise<number>((resolve) => {
    suspensions.set(id, { call, wake: resolve })
    tokens.set(call, id)
    tell(call)
  })
}

/** A guest that was woken is about to run on, unless its call was stopped: to be called by WebAssembly, right before. */
export function runOn(id: number): Call {
  const { call } = suspensions.get(id) as Suspension
  suspensions.delete(id)
  tokens.delete(call)
  const at = now()
  if (!call.expire(at)) {
    call.below = undefined
    current = call
    call.resume(at)
  }
  return call
}

/** What every instance of this thread polls. */
export const hook: Hook = makeHook({
  poll() {
    listener?.()
    return current === undefined ? STOP : current.poll()
  },
  suspend() {
    return putAside((call) => call.owner.suspended(call))
  },
  exhausted(reason) {
    current?.exhausted(reason)
    return STOP
  },
  resumed(id) {
    const call = runOn(id)
    if (call.stopped !== undefined) return STOP
    // What used up the turn since the call was woken was not this guest: it may do a little before it is suspended again
    const verdict = call.poll()
    return verdict === YIELD ? MIN_CREDIT : verdict
  },
})
