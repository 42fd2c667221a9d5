/** Memory that a host and a thread of it share, so that each can wait for the other without a turn of its event loop. */

/**
 * - `thread`: rung when there are messages for the thread.
 * - `host`: rung when there is something on the direct line.
 * - `waiting`: requests that the host waits for now.
 * - `beat`: counted up while the thread sees to what the host waits for: it is alive, though it may not have come to that.
 */
const FIELDS = ['thread', 'host', 'waiting', 'beat'] as const
type Field = (typeof FIELDS)[number]

export type Bells = Int32Array<SharedArrayBuffer>

export function newBells(): Bells {
  return new Int32Array(new SharedArrayBuffer(FIELDS.length * Int32Array.BYTES_PER_ELEMENT))
}

export function heard(bells: Bells, field: Field): number {
  return Atomics.load(bells, FIELDS.indexOf(field))
}

export function ring(bells: Bells, field: Field): void {
  Atomics.add(bells, FIELDS.indexOf(field), 1)
  Atomics.notify(bells, FIELDS.indexOf(field))
}

/** Without waking anybody. */
export function count(bells: Bells, field: Field, change: 1 | -1): void {
  Atomics.add(bells, FIELDS.indexOf(field), change)
}

/** Waits until it is rung, for so many ms at most. @param before what was heard last @returns was it? */
export function awaitBell(bells: Bells, field: Field, before: number, ms: number): boolean {
  return Atomics.wait(bells, FIELDS.indexOf(field), before, ms) !== 'timed-out'
}
