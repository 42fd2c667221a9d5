/** What cannot be done with guests of other threads. */
import { type CurfewError, callError } from '../errors.ts'

export function noSync(module: string, name: string): CurfewError {
  return callError('unsupported', 'guests run on other threads, so none can run on the stack of its caller', { module, function: name, phase: 'queued' })
}
