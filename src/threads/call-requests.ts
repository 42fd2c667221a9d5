/** What calls of one module are sent as, to the thread that it is on. */
import type { Allowance } from '../budget.ts'
import type { Signature } from '../guests/signature.ts'
import type { Abortable, CallRequest } from './messages.ts'
import type { RemoteThread } from './remote-thread.ts'
import { toShared } from './shared-time.ts'
import type { Began } from './thread-lease.ts'

export class CallRequests {
  readonly #guest: number
  readonly #usual: Allowance
  /** Those that the thread knows, by number: a signature is sent once. */
  readonly #signatures = new Map<Signature, number>()

  /** @param guest the module's number @param usual what a call may spend unless it says otherwise; the thread knows that */
  constructor(guest: number, usual: Allowance) {
    this.#guest = guest
    this.#usual = usual
  }

  make(
    thread: RemoteThread,
    signature: Signature,
    args: readonly unknown[],
    allowance: Allowance,
    signal: AbortSignal | undefined,
    { began, observe, isInner }: Began,
  ): CallRequest {
    return {
      signature: this.#numberOf(thread, signature),
      args: signature.exchange === undefined ? thread.crossing.sendAll(args) : thread.crossing.sendData(args),
      began: toShared(began),
      ...(allowance === this.#usual ? undefined : { allowance }),
      ...(signal === undefined ? undefined : abortable(thread, signal)),
      ...(observe === undefined ? undefined : { isObserved: true }),
      ...(isInner ? { isInner } : undefined),
    }
  }

  /** The module is on another thread from now on, which knows nothing. */
  forget(): void {
    this.#signatures.clear()
  }

  #numberOf(thread: RemoteThread, signature: Signature): number {
    let number = this.#signatures.get(signature)
    if (number === undefined) {
      number = this.#signatures.size
      this.#signatures.set(signature, number)
      thread.tell({ verb: 'signature', guest: this.#guest, number, signature })
    }
    return number
  }
}

export function abortable(thread: RemoteThread, signal: AbortSignal | undefined): Abortable {
  if (signal === undefined) return {}
  return signal.aborted ? { hasSignal: true, aborted: { reason: thread.crossing.send(signal.reason) } } : { hasSignal: true }
}
