/**
 * The memories of dropped instances, until the engine has collected them. V8 frees a memory when it collects its object, but does not
 * count what `memory.grow` gained (Node 26), and collects in its own time: gigabytes of garbage can pile up. It is told by a buffer that
 * is never touched and dropped at once; measured in test/runtime/memory.test.ts. See decision: C020
 *
 * Told of little it goes through the heap beside what else runs, a millisecond at a time. Told of more while it does, it stops everything until it
 * is done, which takes a millisecond for each megabyte of the heap. So it is told of little, and seldom; and who left what has piled up is
 * to wait until it is gone before they leave more. See decision: C069
 */
import { awaitTurn, nextTurn, onTurn } from './turn.ts'

const MiB = 1024 * 1024
/** Garbage below this is left to the engine. */
const TOLERATED = 64 * MiB
/** Above this, who left some waits. */
const PILED_UP = 128 * MiB
/** Above this, the engine is to collect at once: of many that could not know of each other. */
const PRESSING = 512 * MiB
/** A buffer so large has V8 begin to go through the heap. */
const SOON = 64 * MiB
/** One so large has V8 collect at once. If there is no room for it, V8 throws away code that it will have to compile again, so it is no larger than it must be. */
const AT_ONCE = 2048 * MiB
/** So large that V8 collects whatever else there is: where little is used, the other is within its limit still. */
const WHATEVER_ELSE = 8192 * MiB
/** The engine is told again after so long, ms, because at first something on the stack may still hold the instance. */
const AGAIN = 50
/** So often after a drop, and not for ever: somebody may go on holding it. */
const TIMES = 10

/** A memory that no instance holds any more. */
export interface Dropped {
  readonly memory: WeakRef<WebAssembly.Memory>
  readonly size: number
  /** It is gone. */
  collected(): void
}

const dropped = new Set<Dropped>()
/** Who waits until less is piled up. */
const waiting = new Set<() => void>()
let uncollected = 0
let timesLeft = 0
let timer: { ref?(): void; unref?(): void } | number | undefined
/** Has the engine been made to collect in this turn, for who drops? Each time may be a collection of all there is, and a host that closes drops thousands. */
let isPressed = false
/** And for who would be refused otherwise? */
let isForced = false

const registry = new FinalizationRegistry<Dropped>(collected)

export function dropMemory(memory: WebAssembly.Memory, record: Dropped): void {
  registry.register(memory, record, record)
  dropped.add(record)
  uncollected += record.size
  if (uncollected <= TOLERATED) return
  timesLeft = TIMES
  if (uncollected > PRESSING) press()
  if (timer === undefined) tell()
}

/** An instance has it again. */
export function takeBack(record: Dropped): void {
  registry.unregister(record)
  if (dropped.delete(record)) uncollected -= record.size
}

/** Is there so much that who left some of it is to wait? Not for ever. */
export function isPiledUp(): boolean {
  return uncollected > PILED_UP && timesLeft > 0
}

/** Calls a function once that is over, in a later turn, unless it is told to `stopWaiting`. */
export function awaitCollection(fn: () => void): void {
  waiting.add(fn)
  if (typeof timer === 'object') timer.ref?.()
}

export function stopWaiting(fn: () => void): void {
  waiting.delete(fn)
  if (waiting.size === 0 && typeof timer === 'object') timer.unref?.()
}

/**
 * Has the engine collect what was dropped, now: for who would be refused otherwise. Once a turn, since it may take as long as all there is on the heap.
 * @returns false if that was in this turn already: what was dropped since is still there
 */
export function collectDropped(): boolean {
  if (isForced) return false
  isForced = true
  awaitTurn()
  announce(WHATEVER_ELSE)
  for (const record of dropped) if (record.memory.deref() === undefined) collected(record)
  return true
}

/** Has the engine collect whatever is garbage, now. */
export function collectGarbage(): void {
  announce(AT_ONCE)
}

/** How many there are. */
export function droppedMemories(): number {
  return dropped.size
}

/** Seen once, by who asked for a collection or by the registry. */
function collected(record: Dropped): void {
  if (!dropped.delete(record)) return
  uncollected -= record.size
  record.collected()
  wake()
}

function press(): void {
  if (!isPressed) announce(AT_ONCE)
  isPressed = true
  awaitTurn()
}

onTurn(() => {
  isPressed = isForced = false
})

/** Tells the engine, and again until it has collected. */
function tell(): void {
  announce(SOON)
  timesLeft--
  timer = setTimeout(() => {
    timer = undefined
    if (uncollected > TOLERATED && timesLeft > 0) tell()
    wake()
  }, AGAIN)
  if (waiting.size === 0 && typeof timer === 'object') timer.unref?.()
}

function wake(): void {
  if (isPiledUp()) return
  for (const fn of waiting) nextTurn(fn)
  waiting.clear()
}

function announce(size: number): void {
  try {
    void new ArrayBuffer(size)
  } catch {
    // No room even for that: then the engine has collected what it could
  }
}
