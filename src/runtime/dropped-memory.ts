/**
 * The memories of dropped instances, until the engine has collected them. V8 frees a memory when it collects its object, but does not
 * count what `memory.grow` gained (Node 26), and collects in its own time: gigabytes of garbage can pile up. It is told by a buffer that
 * is never touched and dropped at once; measured in test/runtime/memory.test.ts. See decision: C020
 */
import { awaitTurn, onTurn } from './turn.ts'

const MiB = 1024 * 1024
/** Garbage below this is left to the engine. */
const TOLERATED = 64 * MiB
/** Above this, the engine is to collect at once. */
const PRESSING = 192 * MiB
/** A buffer so large has V8 collect at once. If there is no room for it, V8 throws away code that it will have to compile again, so it is no larger than it must be. */
const AT_ONCE = 2048 * MiB
/** So large that V8 collects whatever else there is: where little is used, the other is within its limit still. */
const WHATEVER_ELSE = 8192 * MiB
/** In so many turns after a drop the engine is told again, because at first something on the stack may still hold the instance; not for ever, somebody may go on holding it. */
const TURNS = 8

/** A memory that no instance holds any more. */
export interface Dropped {
  readonly memory: WeakRef<WebAssembly.Memory>
  readonly size: number
  /** It is gone. */
  collected(): void
}

const dropped = new Set<Dropped>()
let uncollected = 0
let turnsLeft = 0
/** Has the engine been told in this turn? Each time may be a collection of all there is, and a host that closes drops thousands. */
let isTold = false
/** Has it been made to collect in this turn? */
let isForced = false

const registry = new FinalizationRegistry<Dropped>(collected)

export function dropMemory(memory: WebAssembly.Memory, record: Dropped): void {
  registry.register(memory, record, record)
  dropped.add(record)
  uncollected += record.size
  if (uncollected <= TOLERATED) return
  if (!isTold) announce(uncollected > PRESSING ? AT_ONCE : record.size)
  isTold = true
  turnsLeft = TURNS
  awaitTurn()
}

/** An instance has it again. */
export function takeBack(record: Dropped): void {
  registry.unregister(record)
  if (dropped.delete(record)) uncollected -= record.size
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
}

onTurn(() => {
  isTold = isForced = false
  if (uncollected <= TOLERATED || turnsLeft === 0) return
  turnsLeft--
  announce(Math.min(uncollected, AT_ONCE))
  if (turnsLeft > 0) awaitTurn()
})

function announce(size: number): void {
  try {
    void new ArrayBuffer(size)
  } catch {
    // No room even for that: then the engine has collected what it could
  }
}
