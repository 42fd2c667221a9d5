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
/** In so many turns after a drop the engine is told again, because at first something on the stack may still hold the instance; not for ever, somebody may go on holding it. */
const TURNS = 8

let uncollected = 0
let turnsLeft = 0
/** Has the engine been told in this turn? Each time may be a collection of all there is, and a host that closes drops thousands. */
let isTold = false

const registry = new FinalizationRegistry<number>((size) => {
  uncollected -= size
})

export function dropMemories(memories: readonly WebAssembly.Memory[]): void {
  let size = 0
  for (const memory of memories) {
    const { byteLength } = memory.buffer
    registry.register(memory, byteLength)
    size += byteLength
  }
  uncollected += size
  if (uncollected <= TOLERATED) return
  if (!isTold) announce(uncollected > PRESSING ? AT_ONCE : size)
  isTold = true
  turnsLeft = TURNS
  awaitTurn()
}

onTurn(() => {
  isTold = false
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
