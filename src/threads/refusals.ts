/** What cannot be done with guests of other threads. */
import { type CurfewError, callError } from '../errors.ts'

export function noSync(module: string, name: string): CurfewError {
  return callError('unsupported', 'guests run on other threads, so none can run on the stack of its caller', { module, function: name, phase: 'queued' })
}

export function blocked(module: string | undefined, name: string | undefined): CurfewError {
  const what = 'the thread of the module waits for the host function that makes this call, as this engine cannot suspend the guest that called that'
  return callError('reentrant', what, { module, function: name, phase: 'queued' })
}
