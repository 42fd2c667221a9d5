/**
 * Who runs next on this thread, and until when the others may wait. One for all hosts: guests share the event loop's turn.
 *
 * **Order.** The account that has used least comes first (`account.ts`: CPU time by module or group, over its weight, half of it forgotten each second);
 * of its calls the one that has run least; the longest waiting among equals. What newcomers begin is charged to the account, so it gains nothing.
 *
 * **Favour.** Most calls are over within microseconds, and should not wait for slices of endless ones. So turns are of two kinds. In one of *favour* calls
 * that are out of time are stopped, and those begin that have not run yet, of accounts that have used less than their share; each runs for
 * `FIRST_SLICE` at most while others wait. The rest of that turn is for who gets the results, and what they call next: a chain of short calls.
 * If there was nothing to do, and in the turn after it for certain, guests run *by order* alone.
 *
 * **No call starves.** Every `AGED_EVERY`th turn by order begins with the call that has waited longest, whatever its account has used. So of n calls
 * that wait to run, each gets a slice within 2 x AGED_EVERY x n turns, whoever comes meanwhile. (One whose host has `maxConcurrent` others
 * running or suspended has to wait for one of them to end; their slices are bounded likewise.)
 */
import type { Account } from '../runtime/account.ts'
import type { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import { currentCall, wake } from '../runtime/thread.ts'
import { awaitTurn, onTurn, usedOfTurn } from '../runtime/turn.ts'
import { Deadlines } from './deadlines.ts'
import { type Runnable, RunQueue } from './run-queue.ts'

/** Calls of a host that run or are suspended, and that wait. */
export interface CallCounts {
  active: number
  queued: number
}

/** What a host admits, and its calls that could run now. */
export class Admission {
  /** Calls that may run or be suspended at once. */
  readonly maxConcurrent: number
  /** Calls that may wait. */
  readonly maxQueue: number
  /** ms of a turn that guests may hold. */
  readonly slice: number
  readonly #counts: CallCounts
  /** Not begun yet. */
  readonly fresh = new RunQueue()
  /** Suspended. */
  readonly begun = new RunQueue()

  constructor(maxConcurrent: number, maxQueue: number, slice: number, counts: CallCounts = { active: 0, queued: 0 }) {
    this.maxConcurrent = maxConcurrent
    this.maxQueue = maxQueue
    this.slice = slice
    this.#counts = counts
  }

  get active(): number {
    return this.#counts.active
  }
  set active(calls: number) {
    this.#counts.active = calls
  }
  get queued(): number {
    return this.#counts.queued
  }
  set queued(calls: number) {
    this.#counts.queued = calls
  }
}

/** Enough for most calls, ms: a short one is behind a hundred endless ones that begin together for some turns, not for a hundred. */
const FIRST_SLICE = 0.05
/** A sixteenth of the turns by order is what this takes from fairness at worst: it goes to whoever has the most calls. */
export const AGED_EVERY = 16
/** The least that a guest is woken for, however soon another call's deadline passes, ms: putting a stack aside costs some microseconds. */
const SHORTEST = 0.1
/** In one turn calls that are out of time are stopped for so long, ms; suspended ones are counted too, as they unwind their stacks and get new instances later. */
const STOPPING_PER_TURN = 1
export const UNWOUND_PER_TURN = 64

/** Hosts with calls that could run. There are few hosts, and many calls. */
const busy = new Set<Admission>()
/** Of each call that could run, where it stands. */
const standing = new Map<Call, Admission>()
let arrivals = 0
const deadlines = new Deadlines()
/** The call that was woken and has not told yet that it stopped running. */
let woken: Call | undefined
/** Was the last turn one of favour? */
let favoured = false
let turnsByOrder = 0

/** May a call of the account start now? Not on top of a guest; nor, while others wait, if its account has had its share, or others that have not begun come first. */
export function hasRoom(admission: Admission, account: Account): boolean {
  if (woken !== undefined || !hasStacks(admission) || usedOfTurn() >= admission.slice || currentCall() !== undefined) return false
  if (busy.size === 0) return true
  if (!account.isUnderShare(now())) return false
  const next = pick(freshByRank)
  return next === undefined || account.rank < rank(next)
}

/** A call waits, for its instance or for its turn: its deadline is watched from here on, until `forget`. */
export function watch(call: Call): void {
  if (deadlines.add(call) && busy.size === 0) deadlines.awaitNext(now())
}

/** A call does not wait any more. */
export function forget(call: Call): void {
  deadlines.remove(call)
  take(call)
}

/** A call that has its instance is to start: now if there is room, but briefly, as who had the instance before may not have the result yet; else when its turn comes. */
export function ready(call: Call, admission: Admission, begin: (at: number) => void): void {
  if (hasRoom(admission, call.owner.account)) return beginNow(call, begin, FIRST_SLICE)
  add(call, admission, begin)
  awaitTurn()
}

/** A waiting guest needs what this call or lease has: neither it nor the steps of the lease wait for a stack any more, now or later. */
export function hurry(holder: Call): void {
  holder.isWanted = true
  for (const call of [holder, ...(holder.steps ?? [])]) {
    const admission = standing.get(call)
    const runnable = admission?.fresh.remove(call)
    if (runnable !== undefined) admission?.begun.add(runnable)
  }
}

/** A guest was suspended: it runs on when its turn comes. The next one may use what is left of this turn, unless a call has to be stopped first. */
export function suspended(call: Call, admission: Admission): void {
  add(call, admission, undefined)
  watch(call)
  if (woken === call) next()
  else awaitTurn()
}

/** A guest was suspended until what it waits for has settled. */
export function waits(call: Call): void {
  watch(call)
  if (woken === call) next()
  else if (busy.size > 0) awaitTurn()
}

/** That has settled: the guest runs on when its turn comes. Never before, or a chain of settled promises would hold the event loop. */
export function settled(call: Call, admission: Admission): void {
  if (call.stopped !== undefined) return
  add(call, admission, undefined)
  awaitTurn()
}

/** Who was woken runs no more, for now. */
function next(): void {
  woken = undefined
  if (deadlines.next <= now()) awaitTurn()
  else runInOrder()
}

/** A call has ended: its caller has what is left of the turn. A guest that ran now would have the result wait. */
export function ended(call: Call): void {
  forget(call)
  if (woken === call) woken = undefined
  if (busy.size > 0 || deadlines.size > 0) awaitTurn()
}

/** A suspended call was stopped: it is woken at once, out of turn, to unwind its stack. */
export function unwind(call: Call): void {
  forget(call)
  wake(call)
}

onTurn(() => {
  if (woken !== undefined) return
  if (!favoured) {
    const anyStopped = stopDue()
    favoured = favour() || anyStopped
  } else favoured = false
  if (!favoured) runByOrder()
  else if (busy.size > 0) awaitTurn()
  if (busy.size === 0) deadlines.awaitNext(now())
})

function runByOrder(): void {
  if (busy.size > 0 && ++turnsByOrder % AGED_EVERY === 0) run(pick(byAge))
  runInOrder()
}

/** Has short calls begin, see above, until the turn is used up. Did any? */
function favour(): boolean {
  for (let any = false; ; any = true) {
    const next = pick(freshByRank)
    if (next?.begin === undefined || !next.call.owner.account.isUnderShare(now())) return any
    take(next.call)
    beginNow(next.call, next.begin, busy.size > 0 ? FIRST_SLICE : Number.POSITIVE_INFINITY)
  }
}

/** Has guests run until the turn is used up. A suspended one runs in a microtask of its own and reports back. */
function runInOrder(): void {
  while (woken === undefined) {
    const next = pick(byRank)
    if (next === undefined) return busy.size > 0 ? awaitTurn() : undefined
    run(next)
  }
}

function run(next: Runnable | undefined): void {
  if (next === undefined) return
  const { call, begin } = next
  if (begin !== undefined) {
    take(call)
    return beginNow(call, begin, Number.POSITIVE_INFINITY)
  }
  forget(call)
  woken = call
  call.runUntil = untilNextDeadline(now())
  wake(call)
}

/** Whoever ran before may have taken longer than the call had; stopping thousands takes time too. */
function beginNow(call: Call, begin: (at: number) => void, allowed: number): void {
  const at = now()
  if (call.expire(at)) return call.owner.account.charge(now() - at)
  call.runUntil = Math.min(at + allowed, untilNextDeadline(at))
  begin(at)
}

/** A call that waits is stopped at its deadline, not at the end of the slice in which that passes. */
function untilNextDeadline(at: number): number {
  return Math.max(at + SHORTEST, deadlines.next)
}

/** Who of a host would be next, by some figure of which the least wins. */
interface Choice {
  readonly of: (admission: Admission) => Runnable | undefined
  readonly figure: (runnable: Runnable) => number
}

const rank = ({ call }: Runnable): number => call.owner.account.rank
const age = ({ order }: Runnable): number => order
const freshByRank: Choice = { of: (host) => (hasStacks(host) ? host.fresh.first : undefined), figure: rank }
const byRank: Choice = { of: (host) => better(freshByRank.of(host), host.begun.first, rank), figure: rank }
const byAge: Choice = { of: (host) => better(hasStacks(host) ? host.fresh.oldest : undefined, host.begun.oldest, age), figure: age }

function hasStacks(host: Admission): boolean {
  return host.active < host.maxConcurrent
}

/** The next one, of all hosts that may use more of this turn. */
function pick({ of, figure }: Choice): Runnable | undefined {
  let best: Runnable | undefined
  for (const host of busy) if (usedOfTurn() < host.slice) best = better(best, of(host), figure)
  return best
}

/** The one with the lower figure; the first among equals. */
function better(a: Runnable | undefined, b: Runnable | undefined, figure: Choice['figure']): Runnable | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return figure(b) < figure(a) ? b : a
}

function add(call: Call, admission: Admission, begin: Runnable['begin']): void {
  const queue = begin === undefined || isNeeded(call) ? admission.begun : admission.fresh
  queue.add({ call, begin, key: call.cpu, order: arrivals++, place: -1 })
  standing.set(call, admission)
  busy.add(admission)
}

/** Does a waiting guest need it, maybe? Then it cannot wait for a stack that is taken by such guests. */
function isNeeded(call: Call): boolean {
  return call.isInner || call.origin !== undefined || call.isWanted || call.lease?.isWanted === true
}

function take(call: Call): void {
  const admission = standing.get(call)
  if (admission === undefined) return
  standing.delete(call)
  if (admission.fresh.remove(call) === undefined) admission.begun.remove(call)
  if (admission.fresh.size + admission.begun.size === 0) busy.delete(admission)
}

/** Stops the waiting calls whose time has run out. Any? */
function stopDue(): boolean {
  if (deadlines.size === 0) return false
  const from = now()
  let at = from
  let unwound = 0
  let any = false
  for (let call = deadlines.first; call !== undefined && deadlines.next <= at && at - from < STOPPING_PER_TURN; call = deadlines.first) {
    if (call.state === 'suspended' && ++unwound > UNWOUND_PER_TURN) break
    any = true
    deadlines.remove(call)
    call.expire(at)
    at = now()
  }
  return any
}
