/** Host functions that guests of other threads call: they run here, as part of the call that the guest makes. */
import type { Call } from '../runtime/call.ts'
import { isThenable } from '../runtime/host-function.ts'
import { enter, leave } from '../runtime/thread.ts'
import type { ValType } from '../wasm/types.ts'
import type { Outcome, Report } from './messages.ts'
import type { RemoteCall } from './remote-call.ts'
import type { RemoteInstance } from './remote-instance.ts'

export type HostCall = Extract<Report, { readonly verb: 'host' }>

/** Runs a host function, and tells the thread what becomes of it: at once, unless it promises its result. */
export function runHostFunction(call: RemoteCall, instance: RemoteInstance, asked: HostCall): void {
  const { thread } = call
  const { crossing } = thread
  const results = resultsOf(instance, asked.link)
  const end = (outcome: () => Outcome) => {
    call.leaveHost()
    // The guest of one that was stopped sees nothing of it
    const seen = call.stopped === undefined ? outcome() : {}
    const fuel = call.takeFuel()
    thread.tell({ verb: 'answer', id: asked.id, ...seen, ...(fuel === undefined ? undefined : { fuel }) })
  }
  const returned = (value: unknown) => end(() => sent(value))
  const threw = (error: unknown) => end(() => ({ threw: crossing.send(error) }))
  const sent = (value: unknown): Outcome => {
    try {
      return { value: results.length > 1 ? crossing.sendAll(allFitted(value, results)) : crossing.send(fitted(value, results[0])) }
    } catch (error) {
      return { threw: crossing.send(error) }
    }
  }
  call.enterHost(instance, asked)
  let result: unknown
  try {
    result = within(call, () => instance.functions.functions[asked.link]?.(...crossing.receiveAll(asked.args)))
  } catch (error) {
    return threw(error)
  }
  if (!isThenable(result)) return returned(result)
  instance.functions.promised(asked.link)
  const promised = awaited(result)
  promised.catch(() => undefined) // nobody waits for it, maybe
  if (call.whyNotWait !== undefined) return threw(new TypeError(`the host function returned a promise, but ${call.whyNotWait}`))
  call.waitInHost(instance, asked)
  if (!asked.isSuspended) thread.tell({ verb: 'promised', id: asked.id })
  promised.then(returned, threw)
}

/** By `await`, which calls none of the methods that a promise may have of its own. */
async function awaited(promised: PromiseLike<unknown>): Promise<unknown> {
  return await promised
}

function resultsOf({ links }: RemoteInstance, link: number): readonly ValType[] {
  const wanted = links[link]?.wanted
  return wanted?.kind === 'function' ? wanted.type.results : []
}

function within<T>(call: Call, run: () => T): T {
  enter(call)
  try {
    return run()
  } finally {
    leave(call)
  }
}

function allFitted(values: unknown, types: readonly ValType[]): unknown[] {
  return Array.from(values as Iterable<unknown>, (value, at) => fitted(value, types[at]))
}

/** An object given for a number becomes one here, where its methods are. */
function fitted(value: unknown, type: ValType | undefined): unknown {
  if (typeof type !== 'string' || (typeof value !== 'object' && typeof value !== 'function') || value === null) return value
  return type === 'i64' ? BigInt(value as never) : Number(value)
}
