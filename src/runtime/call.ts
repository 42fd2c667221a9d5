/**
 * One invocation of an export: its budget, its state, and why it ended. The first cause to stop it wins and is recorded once.
 *
 *   queued -> running <-> suspended -> done      (`starting` in place of `running` for a start function and `setup`)
 */
import { EXHAUSTED, STOP } from '../abi.ts'
import { callError, type ErrorCode, type Phase } from '../errors.ts'
import type { Account } from './account.ts'
import { now } from './clock.ts'
import type { Excess } from './ledger.ts'
import { type Limits, Meter } from './meter.ts'
import type { Portion } from './portion.ts'
import { usedOfTurn } from './turn.ts'

/** What a call may spend. Times in ms, `Infinity` where there is no limit. */
export interface CallBudget {
  readonly timeout: number
  readonly cpuTimeout: number
  /** `ALL_FUEL` where there is no limit. */
  readonly fuel: bigint
  readonly slice: number
  readonly signal: AbortSignal | undefined
  /** What running out of `timeout` is called. */
  readonly timeoutCode: ErrorCode
}

export interface Stop {
  readonly code: ErrorCode
  readonly phase: Phase
  readonly cause?: unknown
  /** What there was too much of, if that was it. */
  readonly excess?: Excess
}

/** Whose guest a call runs. */
export interface Guest {
  /** Stands for it where it must not be kept alive. */
  readonly identity: object
  /** As which its host functions see it. */
  readonly caller: object | undefined
  /** Counts what it has grown by. @returns why it must end, if that is too much */
  look(): Excess | undefined
}

/** A host function that runs, or whose promise has not settled. */
export interface Hosted {
  readonly call: Call
  readonly instance: Guest
  /** Is it known to return a promise? Its guest waits for what it awaits. */
  promises: boolean
  ended: boolean
}

export type CallState = 'queued' | 'running' | 'suspended' | 'done'

/** Who made a call, and is told what becomes of it. */
export interface CallOwner {
  /** The module's. */
  readonly name: string
  /** What the time of its guests is charged to. */
  readonly account: Account
  /** It was stopped: for the first time, and by whatever cause. */
  stopped(call: Call): void
  /** Its guest was suspended, to run on when its turn comes. */
  suspended(call: Call): void
  /** Its guest was suspended, until what a host function promised has settled. */
  waits(call: Call): void
  /** That has settled: the guest can run on when its turn comes. */
  settled(call: Call): void
}

/** What is charged for getting into a guest and out of it, ms: a long chain of calls that do nothing takes time too. */
const AROUND = 0.0007

export class Call implements Limits {
  readonly budget: CallBudget
  readonly owner: CallOwner
  /** When it was made. NaN while that is not known: a synchronous call looks at the clock at its first poll. */
  began: number
  state: CallState = 'queued'
  /** Is it running a start function or `setup`? */
  starting = false
  /** Has code of the guest run? */
  ran = false
  stopped: Stop | undefined = undefined
  /** ms that its guest has run so far, the present slice excluded. */
  cpu = 0
  /** Slices that its guest has run in: one more than it was suspended. */
  slices = 1
  /** When it is to be suspended next, if not before at the end of the turn's slice. */
  runUntil = Number.POSITIVE_INFINITY
  /** The call whose host function made this one. */
  parent: Call | undefined = undefined
  /** The call whose guest it was entered on top of: `parent`, or one that polls and has no say in this one. */
  below: Call | undefined = undefined
  /** The lease under which it was made: its end is the call's. */
  lease: Call | undefined = undefined
  /** If it stands for a lease: the calls made under that which have not ended. */
  steps: Set<Call> | undefined = undefined
  /** Does a guest that waits need what it has? */
  isWanted = false
  /** Whose guest it runs. */
  instance: Guest | undefined = undefined
  /** Its fuel, if the module that it runs counts any. */
  portion: Portion | undefined = undefined
  /** Whose host function runs, or is waited for, if the guest is in one. */
  hosting: Guest | undefined = undefined
  /** The host function that made the call, if its guest is still in that; see `asHosted`. */
  origin: Hosted | undefined = undefined
  /** Was it made by a host function, of whatever thread, that its guest may wait for? */
  isInner = false
  /** Whatever its caller gave for host functions to see. */
  context: unknown = undefined
  /** Can it be suspended: was it entered through JSPI, with no JavaScript frame in between? */
  sliced = false
  /** Has it been queued or suspended? */
  waited = false
  /** What a host function threw last, to tell the guest's exceptions from the host's. */
  thrown: { readonly error: unknown } | undefined = undefined
  /** What being stopped does while it waits, or holds a lease. */
  onStop: (() => void) | undefined = undefined
  /** Told once: when it is stopped, or has ended. */
  onEnd: (() => void) | undefined = undefined
  /** Told when it has ended, if its guest was entered. */
  observe: ((call: Call) => void) | undefined = undefined
  /** Ends what was begun because the call had to wait: listening to its signal, being counted. */
  endWait: (() => void) | undefined = undefined

  deadline: number
  cpuEnd = Number.POSITIVE_INFINITY
  sliceEnd = Number.POSITIVE_INFINITY
  /** Of a guest whose time counts: not for a synchronous call that has not looked at the clock, and most never do. */
  #meter: Meter | undefined
  #ended: AbortController | undefined

  /** @param began the time, NaN for a synchronous call that has not looked at the clock */
  constructor(owner: CallOwner, budget: CallBudget, began: number) {
    this.owner = owner
    this.budget = budget
    this.began = began
    this.deadline = began + budget.timeout
  }

  /** Is the guest in a host function? */
  get inHost(): boolean {
    return this.hosting !== undefined
  }

  /** Aborted when the call ends, for whatever reason: with what stopped it, or because it is over. */
  get ended(): AbortSignal {
    if (this.#ended === undefined) {
      this.#ended = new AbortController()
      if (this.stopped !== undefined || this.state === 'done') this.#tellEnded()
    }
    return this.#ended.signal
  }

  /** When it has to end at the latest, on the clock. */
  get end(): number {
    return Number.isNaN(this.began) ? Number.POSITIVE_INFINITY : this.#combined().deadline
  }

  get phase(): Phase {
    if (this.state === 'queued') return 'queued'
    if (this.inHost) return 'host'
    if (this.starting) return 'starting'
    return this.state === 'suspended' ? 'suspended' : 'running'
  }

  /** Ends the call as soon as its guest polls, calls the host or is resumed. Only the first cause counts. */
  stop(code: ErrorCode, cause?: unknown, excess?: Excess): void {
    if (this.stopped !== undefined || this.state === 'done') return
    this.stopped = { code, phase: this.phase, ...(cause === undefined ? {} : { cause }), ...(excess === undefined ? {} : { excess }) }
    this.#tellEnded()
    this.owner.stopped(this)
  }

  /** Its guest has returned, thrown or trapped. */
  finish(): void {
    this.state = 'done'
    if (this.#ended !== undefined || this.onEnd !== undefined) this.#tellEnded()
  }

  /** The signal in a microtask: who listens may do anything, and this may be the middle of a poll. */
  #tellEnded(): void {
    const { onEnd } = this
    this.onEnd = undefined
    onEnd?.()
    const ended = this.#ended
    if (ended === undefined || ended.signal.aborted) return
    const { code, cause } = this.stopped ?? {}
    const reason =
      code === undefined ? new DOMException('The call has ended', 'AbortError') : code === 'aborted' ? cause : callError(code, 'the call was stopped')
    queueMicrotask(() => ended.abort(reason))
  }

  /** Makes the call under a lease: it ends with that at the latest. */
  under(lease: Call): void {
    this.lease = lease
    this.starting = lease.starting
  }

  /** Stops the call if its time, or that of its lease or of a call it is nested in, has run out or its signal was aborted. */
  expire(at: number): boolean {
    const { signal, timeoutCode } = this.budget
    if (this.stopped === undefined) {
      const outer = this.lease?.expire(at) ? this.lease : this.parent?.expire(at) ? this.parent : undefined
      if (outer?.stopped !== undefined) this.stop(outer.stopped.code, outer.stopped.cause)
      else if (signal?.aborted) this.stop('aborted', signal.reason)
      else if (at >= this.deadline) this.stop(timeoutCode)
      else if (at >= this.cpuEnd) this.stop('cpu-timeout')
    }
    return this.stopped !== undefined
  }

  /** The guest starts to run, without a look at the clock. */
  begin(): void {
    this.state = 'running'
    this.ran = true
  }

  /** The guest starts to run, or runs on. */
  resume(at: number): void {
    this.begin()
    if (this.lease !== undefined) this.lease.ran = true
    this.#meter ??= new Meter()
    this.#meter.resume(at)
    this.#timeCpu(at)
    const waiting = this.#waitingParent
    if (waiting !== undefined) waiting.#timeCpu(at)
    if (this.sliced) this.sliceEnd = Math.min(at + this.budget.slice - usedOfTurn(), this.runUntil)
  }

  /** The guest has stopped running, for now or for good. */
  pause(at: number): void {
    const ran = this.#meter?.pause(at) ?? 0
    this.cpu += ran
    this.cpuEnd = Number.POSITIVE_INFINITY
    const waiting = this.#waitingParent
    if (waiting !== undefined) {
      waiting.cpu += ran
      waiting.cpuEnd = Number.POSITIVE_INFINITY
    }
    // The time of a nested call is part of that of the call around it, while that runs
    if (this.parent === undefined || waiting !== undefined) this.owner.account.charge(ran + AROUND)
  }

  /** The call around a nested one, if its guest is suspended. */
  get #waitingParent(): Call | undefined {
    return this.parent?.state === 'suspended' ? this.parent : undefined
  }

  #timeCpu(at: number): void {
    if (this.budget.cpuTimeout !== Number.POSITIVE_INFINITY) this.cpuEnd = at + this.budget.cpuTimeout - this.cpu
  }

  /** What the guest's poll answers. */
  poll(): number {
    const at = now()
    if (Number.isNaN(this.began)) this.lookAtClock(at)
    if (this.expire(at) || this.#exceeds()) return STOP
    const simple = this.parent === undefined && this.lease === undefined && !this.inHost
    return (this.#meter as Meter).grant(at, simple ? this : this.#combined())
  }

  /** Has its guest grown to more than there may be? */
  #exceeds(): boolean {
    const excess = this.instance?.look()
    if (excess === undefined) return false
    this.stop('memory-limit', undefined, excess)
    return true
  }

  /**
   * A host function has returned. Its time counts as the guest's: it makes the next grants smaller, never larger.
   * @returns has so much time passed, in one host function or many, that the guest is to poll soon?
   */
  leftHost(at: number): boolean {
    return (this.#meter as Meter).looksAgain(at)
  }

  /** The guest has used up something, and ends. */
  exhausted(reason: number): void {
    this.stop(reason === EXHAUSTED.fuel ? 'out-of-fuel' : reason === EXHAUSTED.memory ? 'out-of-memory' : 'stack-overflow')
  }

  /** A synchronous call begins to count its time. */
  lookAtClock(at: number): void {
    this.resume(at)
    this.began = at
    this.deadline = at + this.budget.timeout
  }

  /** What is left also to the calls around this one. With JavaScript frames below, a guest cannot be suspended. */
  #combined(): Limits {
    let deadline = this.lease === undefined ? this.deadline : Math.min(this.deadline, this.lease.deadline)
    let { cpuEnd } = this
    for (let outer = this.parent; outer !== undefined; outer = outer.parent) {
      deadline = Math.min(deadline, outer.deadline, outer.lease?.deadline ?? Number.POSITIVE_INFINITY)
      cpuEnd = Math.min(cpuEnd, outer.cpuEnd)
    }
    return { deadline, cpuEnd, sliceEnd: this.parent === undefined && !this.inHost ? this.sliceEnd : Number.POSITIVE_INFINITY }
  }
}
