/**
 * Calls that host functions make while their guests wait for them. Into a guest that waits, such a call is nested: it runs at once, in the instance that is
 * there. One that would have to wait for an instance, while all that have one wait for it, is refused; nobody could ever go on.
 */
import type { Call, CallOwner, Guest, Hosted } from '../runtime/call.ts'
import { instanceBelow, isInside } from '../runtime/thread.ts'
import { isOver, onPromised, originHere } from './async-context.ts'

/** A call or lease that waits for an instance, for a host function that its own guest waits for. */
export interface InnerWait {
  /** That host function. */
  readonly origin: Hosted | undefined
  /** Who have the instances; undefined if there may be one without anybody giving his back. */
  holders(): readonly Call[] | undefined
  refuse(): void
}

/** What the host functions of a call wait for, and those of calls nested in it or made for it. */
const waits = new WeakMap<Call, Set<InnerWait>>()

/** Where a call back into a guest is nested. */
export interface Nesting<Of extends Guest> {
  readonly instance: Of
  /** The call around it, if that is not below on this stack but waits. */
  readonly around: Call | undefined
}

/** Is a call of this module that is made here one back into a guest that called a host function? @param instance in which it has to be, if it matters */
export function nestingHere<Of extends Guest>(owner: CallOwner, instance?: Of): Nesting<Of> | undefined {
  const below = instance === undefined ? (instanceBelow(owner) as Of | undefined) : isInside(instance) ? instance : undefined
  if (below !== undefined) return { instance: below, around: undefined }
  const origin = originHere()
  if (origin === undefined) return undefined // most calls: a generator would cost 20 ns
  for (const around of callsAround(origin)) {
    if (around.owner !== owner || around.state !== 'suspended' || !around.inHost) continue
    if (instance === undefined || around.instance === instance) return { instance: around.instance as Of, around }
  }
  return undefined
}

/** Enters a wait of a call that has an origin, until the returned function is called. `refuse` is called if it can never end, now or later. */
export function enterWait(wait: InnerWait): () => void {
  const around = [...holdersAround(wait.origin)]
  for (const call of around) {
    const known = waits.get(call) ?? new Set()
    waits.set(call, known.add(wait))
  }
  if (neverEnds(wait)) wait.refuse()
  return () => {
    for (const call of around) waits.get(call)?.delete(wait)
  }
}

onPromised(({ call }) => {
  for (const wait of waits.get(call) ?? []) if (neverEnds(wait)) wait.refuse()
})

function neverEnds(wait: InnerWait): boolean {
  const { origin } = wait
  if (origin === undefined || isOver(origin) || !origin.promises) return false
  const stuck = new Set(holdersAround(origin))
  const seen = new Set<InnerWait>()
  const isStuck = (holder: Call): boolean => {
    if (stuck.has(holder)) return true
    for (const inner of waits.get(holder) ?? []) {
      if (seen.has(inner)) continue
      seen.add(inner)
      if (!waitsForAll(inner)) continue
      stuck.add(holder)
      return true
    }
    return false
  }
  const waitsForAll = (of: InnerWait): boolean => {
    const holders = of.holders()
    return holders !== undefined && holders.length > 0 && holders.every(isStuck)
  }
  return waitsForAll(wait)
}

/** The calls that wait for a host function: that which called it, those it is nested in, and those for whose host functions these were made. */
export function* callsAround(hosted: Hosted | undefined): Generator<Call> {
  let call = waitingFor(hosted)
  while (call !== undefined) {
    yield call
    const { parent, origin }: Call = call
    call = parent ?? waitingFor(origin)
  }
}

function waitingFor(hosted: Hosted | undefined): Call | undefined {
  return hosted === undefined || isOver(hosted) ? undefined : hosted.call
}

/** They, and the leases that they are made under. */
function* holdersAround(hosted: Hosted | undefined): Generator<Call> {
  for (const call of callsAround(hosted)) {
    yield call
    if (call.lease !== undefined) yield call.lease
  }
}
