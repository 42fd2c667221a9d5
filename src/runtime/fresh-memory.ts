/**
 * What a guest's memory is at its start is not there yet: the kernel provides each page at the first touch, and takes far longer than the guard
 * weighs an access at, 0.02 us. A write takes it 1.3 us. A read takes 0.5 and maps a page of zeros, which the first write replaces: every
 * processor on which the process has a thread is told, which took 17 us on a virtual machine with one other thread. A guest that does
 * just that may be late by so much for all of them, once; the part of a large memory for which that would be too late is touched
 * beforehand. (What it grows by is touched by the guard's helper.)
 */
import type { Account } from './account.ts'
import { now } from './clock.ts'
import { nextTurn } from './turn.ts'

const MiB = 1024 * 1024
/** Left to the guest: 320 pages, some 5 ms at worst. A program in Rust begins with 272. */
const LEFT = 1.25 * MiB
/** Touched in a turn of the event loop: 0.7 ms. */
const PER_TURN = 2 * MiB
/** Touched at once for who cannot wait: 5 ms. */
const AT_ONCE = 16 * MiB
const PAGE = 4_096

/** What it is done for: an instance that has not run yet. */
export interface Fresh {
  readonly memories: readonly WebAssembly.Memory[]
  /** Was it dropped meanwhile? */
  readonly stopped: boolean
}

export function isLarge(fresh: Fresh): boolean {
  return sizeOf(fresh) > LEFT
}

/** Is it so small that all of it may be touched in one turn, for a call that cannot wait? */
export function isQuick(fresh: Fresh): boolean {
  return sizeOf(fresh) <= AT_ONCE
}

function sizeOf({ memories }: Fresh): number {
  return memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0)
}

/**
 * Touches what is not left to the guest, at the account's cost: a part each turn, for whose account has used least; until the signal is aborted.
 * Who has many large instances made again and again is behind all others.
 */
export class Touching {
  readonly #fresh: Fresh
  readonly #signal: AbortSignal | undefined
  /** What is to be touched, part by part. */
  readonly #parts: Iterator<() => void>
  readonly account: Account
  readonly done: Promise<void>
  #tellDone: () => void = () => undefined

  constructor(fresh: Fresh, account: Account, signal?: AbortSignal) {
    this.#fresh = fresh
    this.#signal = signal
    this.#parts = partsOf(fresh)
    this.account = account
    this.done = new Promise((resolve) => {
      this.#tellDone = resolve
    })
    jobs.add(this)
    touchLater()
  }

  /** Is nobody interested any more? */
  get isUnwanted(): boolean {
    return this.#fresh.stopped || this.#signal?.aborted === true
  }

  end(): void {
    jobs.delete(this)
    this.#tellDone()
  }

  /** Touches a part. @returns was there one? */
  touch(): boolean {
    const part = this.#parts.next()
    if (part.done) {
      this.end()
      return false
    }
    const began = now()
    part.value()
    this.account.charge(now() - began)
    return true
  }

  /** Touches all that is left, in this turn. */
  finish(): void {
    while (this.touch());
  }
}

const jobs = new Set<Touching>()
let isAwaited = false

function touchLater(): void {
  if (isAwaited) return
  isAwaited = true
  nextTurn(touchSome)
}

function touchSome(): void {
  isAwaited = false
  // Whoever waits for the end of one does not wait for its turn, nor is its memory kept until then
  for (const job of jobs) if (job.isUnwanted) job.end()
  for (;;) {
    let next: Touching | undefined
    for (const job of jobs) if (next === undefined || job.account.rank < next.account.rank) next = job
    if (next === undefined) return
    if (next.touch()) return touchLater()
  }
}

function* partsOf({ memories }: Fresh): Generator<() => void> {
  let left = LEFT
  for (const memory of memories) {
    for (let from = left; from < memory.buffer.byteLength; from += PER_TURN) yield () => touchPages(new Uint8Array(memory.buffer), from)
    left = Math.max(0, left - memory.buffer.byteLength)
  }
}

/** By a write that changes nothing, and does not read first. */
function touchPages(bytes: Uint8Array, from: number): void {
  const end = Math.min(from + PER_TURN, bytes.length)
  for (let at = from; at < end; at += PAGE) Atomics.compareExchange(bytes, at, 0, 0)
}
