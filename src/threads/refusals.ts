/** What cannot be done with guests of other threads. */
import { type CurfewError, callError } from '../errors.ts'
import type { CallOwner } from '../runtime/call.ts'
import { hostingCall } from '../runtime/thread.ts'

/** Does a host function run that a guest of this module called? */
export function isInside(guest: CallOwner): boolean {
  for (let call = hostingCall(); call !== undefined; call = call.parent) if (call.owner === guest) return true
  return false
}

export function inside(module: string, name: string | undefined): CurfewError {
  const what = 'a host function called back into the guest that called it, which waits for that function on another thread'
  return callError('unsupported', what, { module, function: name, phase: 'queued' })
}

export function noSync(module: string, name: string): CurfewError {
  return callError('unsupported', 'guests run on other threads, so none can run on the stack of its caller', { module, function: name, phase: 'queued' })
}
