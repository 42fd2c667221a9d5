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
  for (const around of callsAround(origin, goesOn)) {
    if (around.owner !== owner || around.state !== 'suspended' || !around.inHost) continue
    if (instance === undefined || around.instance === instance) return { instance: around.instance as Of, around }
  }
  return undefined
}

/** Enters a wait of a call that has an origin, until the returned function is called. `refuse` is called if it can never end, now or later. */
export function enterWait(wait: InnerWait): () => void {
  const around = [...holdersAround(wait.origin, goesOn)]
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

/**
 * One ends as soon as somebody who has an instance can go on, which he can if no wait of his is for ever. So of all waits that this one depends on, those
 * that end are taken away until there are no more; what is left is a deadlock.
 */
function neverEnds(wait: InnerWait): boolean {
  if (!isAwaited(wait.origin)) return false
  const reached = new Set([wait])
  for (const each of reached) for (const holder of each.holders() ?? []) for (const inner of waitsOf(holder)) reached.add(inner)
  const stuck = new Set([...reached].reverse()) // what is far off decides on what is near
  for (let before = 0; stuck.size !== before; ) {
    before = stuck.size
    for (const each of stuck) if (!isStuck(each, stuck)) stuck.delete(each)
  }
  return stuck.has(wait)
}

function isStuck(wait: InnerWait, stuck: ReadonlySet<InnerWait>): boolean {
  const holders = wait.holders()
  if (holders === undefined || holders.length === 0) return false
  return holders.every((holder) => waitsOf(holder).some((inner) => stuck.has(inner)))
}

/** What keeps a call or lease from ending. A lease that a host function has taken is given back by that. */
function waitsOf(holder: Call): readonly InnerWait[] {
  const own = [...(waits.get(holder) ?? [])].filter(({ origin }) => [...holdersAround(origin, isAwaited)].includes(holder))
  const taker = holder.steps !== undefined && isAwaited(holder.origin) ? holder.origin.call : undefined
  return taker === undefined ? own : [...own, ...waitsOf(taker)]
}

/** Says whether a call is followed to the one whose host function made it. */
type IsFollowed = (origin: Hosted | undefined) => origin is Hosted

function goesOn(origin: Hosted | undefined): origin is Hosted {
  return origin !== undefined && !isOver(origin)
}

/** Does its guest wait for it? */
function isAwaited(origin: Hosted | undefined): origin is Hosted {
  return goesOn(origin) && origin.promises
}

/** The calls that wait for a host function: that which called it, those it is nested in, and those for whose host functions these were made. */
export function* callsAround(hosted: Hosted | undefined, isFollowed: IsFollowed = goesOn): Generator<Call> {
  let call = isFollowed(hosted) ? hosted.call : undefined
  while (call !== undefined) {
    yield call
    const { parent, origin }: Call = call
    call = parent ?? (isFollowed(origin) ? origin.call : undefined)
  }
}

/** They, and the leases that they are made under. */
function* holdersAround(hosted: Hosted | undefined, isFollowed: IsFollowed): Generator<Call> {
  for (const call of callsAround(hosted, isFollowed)) {
    yield call
    if (call.lease !== undefined) yield call.lease
  }
}
