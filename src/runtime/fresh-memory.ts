/**
 * What a guest's memory is at its start is not there yet: the kernel provides each page at the first touch, which takes up to 1.3 us, sixty times
 * what the guard weighs a store at. A guest that touches nothing but fresh pages may be late by so much for all of them, once; the part
 * of a large memory for which that would be too late is touched beforehand. (What it grows by is touched by the guard's helper.)
 */
import type { Account } from './account.ts'
import { now } from './clock.ts'
import { nextTurn } from './turn.ts'

const MiB = 1024 * 1024
/** Left to the guest: 4,096 pages, some 5 ms. */
const LEFT = 16 * MiB
/** Touched in a turn of the event loop: 0.7 ms. */
const PER_TURN = 2 * MiB
const PAGE = 4_096

/** What it is done for: an instance that has not run yet. */
export interface Fresh {
  readonly memories: readonly WebAssembly.Memory[]
  /** Was it dropped meanwhile? */
  readonly stopped: boolean
}

export function isLarge({ memories }: Fresh): boolean {
  return memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0) > LEFT
}

interface Job {
  readonly fresh: Fresh
  readonly account: Account
  readonly signal: AbortSignal | undefined
  /** What is to be touched, part by part. */
  readonly parts: Iterator<() => void>
  readonly done: () => void
}

const jobs = new Set<Job>()

/**
 * Touches what is not left to the guest, at the account's cost: a part each turn, for whose account has used least; until the signal is aborted.
 * Who has many large instances made again and again is behind all others.
 */
export function touchMemories(fresh: Fresh, account: Account, signal?: AbortSignal): Promise<void> {
  return new Promise((done) => {
    jobs.add({ fresh, account, signal, parts: partsOf(fresh), done })
    if (jobs.size === 1) nextTurn(touchSome)
  })
}

function touchSome(): void {
  let next: Job | undefined
  for (const job of jobs) if (next === undefined || job.account.rank < next.account.rank) next = job
  if (next === undefined) return
  const { fresh, account, signal, parts } = next
  const part = fresh.stopped || signal?.aborted ? undefined : parts.next()
  if (part === undefined || part.done) {
    jobs.delete(next)
    next.done()
    if (jobs.size > 0) touchSome()
    return
  }
  const began = now()
  part.value()
  account.charge(now() - began)
  nextTurn(touchSome)
}

function* partsOf({ memories }: Fresh): Generator<() => void> {
  let left = LEFT
  for (const memory of memories) {
    for (let from = left; from < memory.buffer.byteLength; from += PER_TURN) yield () => touchPages(new Uint8Array(memory.buffer), from)
    left = Math.max(0, left - memory.buffer.byteLength)
  }
}

/** Reading would only map the kernel's page of zeros. */
function touchPages(bytes: Uint8Array, from: number): void {
  const end = Math.min(from + PER_TURN, bytes.length)
  for (let at = from; at < end; at += PAGE) bytes[at] = bytes[at] as number
}
