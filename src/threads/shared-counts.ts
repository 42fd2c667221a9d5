/** What all threads of a host do and hold together: each counts its own, in memory that all of them see. */
import type { ExecutorStats } from '../guests/executor.ts'
import { Admission } from '../guests/scheduler.ts'
import type { Held, ResourceUsage, SharedUse } from '../runtime/ledger.ts'

/** Of each thread; sizes in pages of 64 KiB. */
const FIELDS = ['active', 'queued', 'used', 'dropped', 'instances', 'liveMemories', 'droppedMemories', 'elements', 'stacks'] as const
type Field = (typeof FIELDS)[number]
const PAGE = 65_536

export type Counts = Int32Array<SharedArrayBuffer>

export function newCounts(threads: number): Counts {
  return new Int32Array(new SharedArrayBuffer(threads * FIELDS.length * Int32Array.BYTES_PER_ELEMENT))
}

/** A thread is gone, and what it counted with it. */
export function forgetCounts(counts: Counts, thread: number): void {
  for (const field of FIELDS) Atomics.store(counts, indexOf(thread, field), 0)
}

/** An admission whose calls count for all threads. */
export function sharedAdmission(terms: { maxConcurrent: number; maxQueue: number; slice: number }, counts: Counts, thread: number): Admission {
  return new Admission(terms.maxConcurrent, terms.maxQueue, terms.slice, new SharedCalls(counts, thread))
}

/** The memories of a thread's guests count for all of them. */
export function sharedUse(counts: Counts, thread: number): SharedUse {
  return {
    tell: (bytes) => void Atomics.store(counts, indexOf(thread, 'used'), bytes / PAGE),
    others: () => (total(counts, 'used') - Atomics.load(counts, indexOf(thread, 'used'))) * PAGE,
  }
}

/** Has the others see what a thread's guests hold, as it is now. */
export function publish({ memory, instances, memories, elements, stacks }: Held, counts: Counts, thread: number): void {
  const set = (field: Field, value: number) => void Atomics.store(counts, indexOf(thread, field), value)
  set('dropped', memory.dropped / PAGE)
  set('instances', instances)
  set('liveMemories', memories.live)
  set('droppedMemories', memories.dropped)
  set('elements', elements.used)
  set('stacks', stacks)
}

/** @param own of the thread that asks, which has no guests itself */
export function statsOf(counts: Counts, own: ResourceUsage): ExecutorStats {
  return {
    calls: { running: total(counts, 'active'), waiting: total(counts, 'queued') },
    memory: { used: total(counts, 'used') * PAGE, dropped: total(counts, 'dropped') * PAGE, limit: own.memory.limit },
    instances: total(counts, 'instances'),
    memories: { live: total(counts, 'liveMemories'), dropped: total(counts, 'droppedMemories') },
    elements: { used: total(counts, 'elements'), limit: own.elements.limit },
    stacks: total(counts, 'stacks'),
    addressSpace: own.addressSpace,
    mappings: own.mappings,
  }
}

/** Counting up or down reads a total and writes it back: what changes by that is this thread's part of it. */
class SharedCalls {
  readonly #counts: Counts
  readonly #thread: number
  /** The totals as they were read last. */
  readonly #read = { active: 0, queued: 0 }

  constructor(counts: Counts, thread: number) {
    this.#counts = counts
    this.#thread = thread
  }

  get active(): number {
    return this.#total('active')
  }
  set active(total: number) {
    this.#add('active', total)
  }
  get queued(): number {
    return this.#total('queued')
  }
  set queued(total: number) {
    this.#add('queued', total)
  }

  #total(of: 'active' | 'queued'): number {
    this.#read[of] = total(this.#counts, of)
    return this.#read[of]
  }

  #add(to: 'active' | 'queued', total: number): void {
    Atomics.add(this.#counts, indexOf(this.#thread, to), total - this.#read[to])
  }
}

function indexOf(thread: number, field: Field): number {
  return thread * FIELDS.length + FIELDS.indexOf(field)
}

function total(counts: Counts, field: Field): number {
  let sum = 0
  for (let at = FIELDS.indexOf(field); at < counts.length; at += FIELDS.length) sum += Atomics.load(counts, at)
  return sum
}
