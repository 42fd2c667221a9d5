/**
 * The event loop's turns, and how much of the current one guests have used. All guests of a thread share it, also those of another
 * copy of this package: a chain of short calls that each stay within a slice would starve timers and sockets as surely as one long one.
 */
export interface Turn {
  /** Milliseconds that guests have run in this turn. */
  used: number
  /** Is the start of the next turn awaited? */
  armed: boolean
  /** What to do when a turn starts that was awaited. */
  readonly listeners: Set<() => void>
}

const KEY = Symbol.for('curfew.turn.1')
const shared = globalThis as { [KEY]?: Turn }
shared[KEY] ??= { used: 0, armed: false, listeners: new Set() }
const turn: Turn = shared[KEY]

/** What a timer of Node takes at most, ms: 25 days. */
export const LONGEST_TIMER = 0x7fff_ffff

/** Runs a function in the next turn, after timers and I/O had theirs. */
export const nextTurn: (fn: () => void) => void = typeof setImmediate === 'function' ? setImmediate : (fn) => setTimeout(fn, 0)

/** Milliseconds that guests have run in this turn. */
export function usedOfTurn(): number {
  return turn.used
}

/** A guest has run. */
export function chargeTurn(ms: number): void {
  turn.used += ms
  awaitTurn()
}

/** Has the listeners called when the next turn starts. */
export function awaitTurn(): void {
  if (turn.armed) return
  turn.armed = true
  nextTurn(startTurn)
}

export function onTurn(listener: () => void): void {
  turn.listeners.add(listener)
}

function startTurn(): void {
  turn.armed = false
  turn.used = 0
  for (const listener of turn.listeners) listener()
}
