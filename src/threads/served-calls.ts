/** Calls that the host asks a thread for: what they are made with, what they return and what they took. */
import { callError } from '../errors.ts'
import type { NestedTerms } from '../guests/caller.ts'
import type { CallFigures, Guest } from '../guests/executor.ts'
import type { Signature } from '../guests/signature.ts'
import type { Crossing, Sent } from './crossing.ts'
import type { CallRequest, Order, Outcome } from './messages.ts'
import { changeFuel } from './questions.ts'
import { asRequest } from './request-context.ts'
import type { RequestSignals } from './request-signals.ts'
import type { ServedCallers } from './served-callers.ts'
import type { ServedGuest } from './served-guest.ts'
import { fromShared } from './shared-time.ts'

type Request = CallRequest & { readonly id: number }
type Terms = Required<NestedTerms> & { readonly signature: Signature; readonly args: readonly unknown[] }

export class ServedCalls {
  readonly #crossing: Crossing
  readonly #signals: RequestSignals
  readonly #callers: ServedCallers
  /** Of calls that somebody observes and that have ended. */
  readonly #figures = new Map<number, CallFigures>()
  /** Which guests have returned functions. */
  readonly #functions = new WeakMap<object, ServedGuest>()

  constructor(crossing: Crossing, signals: RequestSignals, callers: ServedCallers) {
    this.#crossing = crossing
    this.#signals = signals
    this.#callers = callers
  }

  /** @param callee a lease of the guest, where it is a step of one */
  async call(request: Request, guest: ServedGuest, callee: Pick<Guest, 'call'> = guest.guest): Promise<readonly Sent[]> {
    const { signature, args, allowance, signal, particulars } = this.#terms(request, guest)
    return this.#sent(await callee.call(signature, args, allowance, signal, particulars), signature, guest)
  }

  /** A call into a guest that calls the host: of a host function, which waits for it. */
  nested(order: Extract<Order, { verb: 'nested' }>, guest: ServedGuest): Outcome {
    const { signature, args, ...terms } = this.#terms(order, guest)
    const around = this.#callers.call(order.call)
    if (around === undefined) throw callError('stale', 'the call around it has ended', { module: guest.spec.name, function: signature.name })
    const { call, instance } = around
    changeFuel(call, order.fuel)
    try {
      const results = asRequest(order.id, () => instance.callNested(call, signature, args, terms))
      return { value: this.#sent(results, signature, guest), fuelLeft: call.portion?.left }
    } catch (error) {
      return { threw: this.#crossing.keep(error), fuelLeft: call.portion?.left }
    }
  }

  /** Which guest has returned a function. */
  returnedBy(fn: object): ServedGuest | undefined {
    return this.#functions.get(fn)
  }

  /** What a call took, for whom observes it: asked for once. */
  takeFigures(id: number): { readonly figures: CallFigures } | undefined {
    const figures = this.#figures.get(id)
    if (figures === undefined) return undefined
    this.#figures.delete(id)
    return { figures }
  }

  #terms(request: Request, { spec, signatures }: ServedGuest): Terms {
    const { id, signature, args, allowance = spec.allowance, began, isObserved, isInner } = request
    const observe = isObserved ? { observe: (figures: CallFigures) => void this.#figures.set(id, figures) } : undefined
    const particulars = { began: fromShared(began), ...(isInner ? { isInner } : undefined), ...observe }
    return {
      signature: signatures.get(signature) as Signature,
      args: this.#crossing.receiveAll(args),
      allowance,
      signal: this.#signals.make(request),
      particulars,
    }
  }

  #sent(results: readonly unknown[], signature: Signature, guest: ServedGuest): readonly Sent[] {
    if (signature.exchange !== undefined) return this.#crossing.sendData(results)
    for (const result of results) if (typeof result === 'function') this.#functions.set(result, guest)
    return this.#crossing.sendAll(results)
  }
}
