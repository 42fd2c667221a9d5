/**
 * Who runs next on this thread, and until when the others may wait. One for all hosts: guests share the event loop's turn.
 *
 * In each turn it first rejects what has run out of time, then has guests run, one after another, until their share is used up: calls
 * that have not begun before those that were suspended.
 */
import type { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import { currentCall, wake } from '../runtime/thread.ts'
import { awaitTurn, chargeTurn, onTurn, usedOfTurn } from '../runtime/turn.ts'

/** How many calls of one host may run or be suspended, and how many may wait. */
export interface Admission {
  readonly maxConcurrent: number
  readonly maxQueue: number
  active: number
  queued: number
}

/** A call that waits for its turn to run, for the first time or on. */
interface Runnable {
  readonly call: Call
  readonly admission: Admission
  /** Enters the guest; undefined if it is suspended and has only to be woken. */
  readonly begin: ((at: number) => void) | undefined
}

/** Timers fire up to this late, ms: the rest of a wait is spent looking at the clock in each turn. */
const TIMER_SLACK = 2
/** In one turn calls that are out of time are stopped for so long, ms; suspended ones are counted too, as they unwind their stacks and get new instances later. */
const STOPPING_PER_TURN = 1
const UNWOUND_PER_TURN = 64

/** In the order in which they came. */
const runnable = new Map<Call, Runnable>()
/** How many of them have not begun. */
let fresh = 0
const waiting = new Set<Call>()
/** The call that was woken and has not told yet that it stopped running. */
let woken: Call | undefined
/**
 * Have suspended guests stood back for a turn? Fresh calls go first, and what their callers call next, in microtasks: a chain of short
 * calls has the rest of that turn. In the next one the suspended guests run for certain.
 */
let postponed = false
let timer: ReturnType<typeof setTimeout> | undefined
let timerAt = Number.POSITIVE_INFINITY

/** May a call start now? Not on top of a guest, nor ahead of others that have not begun; those that are suspended have run more than it. */
export function hasRoom(admission: Admission, slice: number): boolean {
  return fresh === 0 && woken === undefined && admission.active < admission.maxConcurrent && usedOfTurn() < slice && currentCall() === undefined
}

/** A call waits, for its instance or for its turn: its deadline is watched from here on, until `forget`. */
export function watch(call: Call): void {
  if (waiting.has(call)) return
  waiting.add(call)
  if (runnable.size === 0 && call.deadline - TIMER_SLACK < timerAt) setTimer(call.deadline)
}

/** A call does not wait any more. */
export function forget(call: Call): void {
  waiting.delete(call)
  take(call)
  if (waiting.size === 0) setTimer(Number.POSITIVE_INFINITY)
}

/** A call that has its instance is to start: now if there is room, else when its turn comes. */
export function ready(call: Call, admission: Admission, begin: (at: number) => void): void {
  if (hasRoom(admission, call.budget.slice)) return beginNow(call, begin)
  runnable.set(call, { call, admission, begin })
  fresh++
  awaitTurn()
}

/** A guest was suspended: it runs on when its turn comes. */
export function suspended(call: Call, admission: Admission): void {
  runnable.set(call, { call, admission, begin: undefined })
  watch(call)
  ranAs(call)
}

/** A guest was suspended until what it waits for has settled. */
export function waits(call: Call): void {
  watch(call)
  ranAs(call)
}

/** That has settled: the guest runs on when its turn comes. Never before, or a chain of settled promises would hold the event loop. */
export function settled(call: Call, admission: Admission): void {
  runnable.set(call, { call, admission, begin: undefined })
  awaitTurn()
}

/** A call has ended: the next one may use what is left of the turn. */
export function ended(call: Call): void {
  forget(call)
  ranAs(call)
}

/** A suspended call was stopped: it is woken at once, out of turn, to unwind its stack. */
export function unwind(call: Call): void {
  forget(call)
  wake(call)
}

function ranAs(call: Call): void {
  if (woken === call) {
    woken = undefined
    runSome()
  } else if (runnable.size > 0 || waiting.size > 0) awaitTurn()
}

onTurn(() => {
  if (waiting.size === 0 && runnable.size === 0) return
  expireWaiting()
  if (woken !== undefined) return
  const begun = beginSome()
  if (begun && !postponed && runnable.size > 0) {
    postponed = true
    return awaitTurn()
  }
  postponed = false
  runSome()
})

/** Has fresh calls begin until the turn is used up. Did any? */
function beginSome(): boolean {
  let begun = false
  for (let next = pick(true); next !== undefined; next = pick(true)) {
    beginNow(next.call, next.begin)
    begun = true
  }
  return begun
}

/** Whoever ran before may have taken longer than the call had; stopping thousands takes time too. */
function beginNow(call: Call, begin: Runnable['begin']): void {
  const at = now()
  if (call.expire(at)) chargeTurn(now() - at)
  else begin?.(at)
}

/** Has guests run until the turn is used up. A suspended one runs in a microtask of its own and reports back. */
function runSome(): void {
  beginSome()
  const next = pick(false)
  if (next !== undefined) {
    woken = next.call
    waiting.delete(next.call)
    wake(next.call)
  } else if (runnable.size > 0) awaitTurn()
}

/** Takes the one whose guest has run least, of the fresh or of the suspended ones that may run now; the longest waiting among equals. */
function pick(isFresh: boolean): Runnable | undefined {
  if (isFresh && fresh === 0) return undefined
  let best: Runnable | undefined
  for (const each of runnable.values()) {
    const { call, admission, begin } = each
    if ((begin !== undefined) !== isFresh || usedOfTurn() >= call.budget.slice) continue
    if (isFresh && admission.active >= admission.maxConcurrent) continue
    if (best === undefined || call.cpu < best.call.cpu) best = each
    // None has run less
    if (call.cpu === 0) break
  }
  return best === undefined ? undefined : take(best.call)
}

function take(call: Call): Runnable | undefined {
  const taken = runnable.get(call)
  if (taken === undefined) return undefined
  runnable.delete(call)
  if (taken.begin !== undefined) fresh--
  return taken
}

/** Stops the waiting calls whose time has run out, and sees to the next one's: while there is anything to run, turns come by themselves. */
function expireWaiting(): void {
  const from = now()
  let at = from
  let next = Number.POSITIVE_INFINITY
  let unwound = 0
  for (const call of waiting) {
    const isSuspended = call.state === 'suspended'
    if (at - from >= STOPPING_PER_TURN || (isSuspended && unwound >= UNWOUND_PER_TURN)) {
      next = from
      break
    }
    if (!call.expire(at)) next = Math.min(next, call.deadline)
    else {
      if (isSuspended) unwound++
      at = now()
    }
  }
  if (runnable.size > 0) return
  if (next - at <= TIMER_SLACK) awaitTurn()
  else setTimer(next)
}

function setTimer(deadline: number): void {
  const due = deadline - TIMER_SLACK
  if (due === timerAt) return
  if (timer !== undefined) clearTimeout(timer)
  timer = undefined
  timerAt = due
  if (due === Number.POSITIVE_INFINITY) return
  timer = setTimeout(
    () => {
      timer = undefined
      timerAt = Number.POSITIVE_INFINITY
      awaitTurn()
    },
    // A timer takes at most 2^31 - 1 ms; a longer wait looks at the clock once more in between
    Math.min(Math.max(0, due - now()), 0x7fff_ffff),
  )
}
