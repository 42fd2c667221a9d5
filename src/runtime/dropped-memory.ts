/**
 * The memories of dropped instances, until the engine has collected them. V8 frees a memory when it collects its object, but does not
 * count what `memory.grow` gained (Node 26), and collects in its own time: gigabytes of garbage can pile up. It is told by a buffer that
 * is never touched and dropped at once; measured in test/runtime/memory.test.ts. See decision: C020
 *
 * Told of little, V8 goes through the heap beside what else runs; told of more while it does so, it stops everything until it is done. So it is told
 * once, and again when it has collected, or should have; and who left what has piled up waits until then before they leave more. See decision: C070
 */
import { heapUsed } from './kernel.ts'
import { awaitTurn, nextTurn, onTurn } from './turn.ts'

const MiB = 1024 * 1024
/** Garbage below this is left to the engine. Above it the engine is told, and who left some waits. */
const TOLERATED = 64 * MiB
/** Above this, the engine is to collect at once: many have left some that could not know of each other. */
const PRESSING = 512 * MiB
/** A buffer so large has V8 begin to go through the heap. */
const SOON = 72 * MiB
/** One so large has V8 collect at once. If there is no room for it, V8 throws away code that it will have to compile again, so it is no larger than it must be. */
const AT_ONCE = 2048 * MiB
/** So large that V8 collects whatever else there is: where little is used, the other is within its limit still. */
const WHATEVER_ELSE = 8192 * MiB
/** The engine takes a millisecond for two megabytes of its heap. If it has collected nothing after twice as long, something still held what was dropped when it looked. It is told again. */
const PER_MS = MiB
const LEAST_PATIENCE = 20
const MOST_PATIENCE = 500
/** So often after a drop, and not for ever: somebody may go on holding it. */
const TIMES = 5

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
let timer: ReturnType<typeof setTimeout> | undefined
/** Was anything collected in this turn? */
let isNews = false
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
  awaitTurn()
}

/** An instance has it again. */
export function takeBack(record: Dropped): void {
  registry.unregister(record)
  if (dropped.delete(record)) uncollected -= record.size
}

/** Is there so much that who left some of it is to wait? Not for ever. */
export function isPiledUp(): boolean {
  return uncollected > TOLERATED && timesLeft > 0
}

/** Calls a function once that is over, in a later turn, unless it is told to `stopWaiting`. */
export function awaitCollection(fn: () => void): void {
  waiting.add(fn)
  timer?.ref?.()
}

export function stopWaiting(fn: () => void): void {
  waiting.delete(fn)
  if (waiting.size === 0) timer?.unref?.()
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
  // If it was at it already, it may have seen as alive what was dropped since
  if (timer !== undefined) announce(WHATEVER_ELSE)
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
  isNews = true
  awaitTurn()
}

function press(): void {
  if (!isPressed) announce(AT_ONCE)
  isPressed = true
  awaitTurn()
}

onTurn(() => {
  isPressed = isForced = false
  if (isNews) goOn()
  // Not as soon as it is dropped: then something on the stack still holds it
  else if (timer === undefined && uncollected > TOLERATED && timesLeft > 0) tell()
  // It may have been taken back
  else wake()
})

function tell(): void {
  announce(SOON)
  timesLeft--
  timer = setTimeout(goOn, Math.min(MOST_PATIENCE, LEAST_PATIENCE + heapUsed() / PER_MS))
  if (waiting.size === 0) timer.unref?.()
}

/** The engine has collected, or has had its time. */
function goOn(): void {
  clearTimeout(timer)
  timer = undefined
  isNews = false
  if (uncollected > TOLERATED && timesLeft > 0) tell()
  wake()
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
