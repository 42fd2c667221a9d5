/** A lease of an instance of this thread. */
import type { Allowance } from '../budget.ts'
import { callError, type ErrorCode } from '../errors.ts'
import type { Call } from '../runtime/call.ts'
import { now } from '../runtime/clock.ts'
import type { Instance } from '../runtime/instance.ts'
import type { GuestLease, Particulars } from './executor.ts'
import { failedCall } from './failure.ts'
import { checkRange, memoryAt } from './guest-memory.ts'
import { nestingHere } from './reentrancy.ts'
import type { Held, Runner } from './runner.ts'
import type { Signature } from './signature.ts'

export class InstanceLease implements GuestLease, Held {
  readonly instance: Instance
  readonly hold: Call
  readonly steps: Set<Call>
  readonly #guest: Runner
  readonly #end: (code: ErrorCode | undefined) => void
  /** Rejects when the lease is stopped; never settles otherwise. */
  readonly stopped: Promise<never>
  #reject: (error: unknown) => void = () => undefined
  #over = false
  /** Steps of one lease come one after another too. */
  #last: Promise<unknown> = Promise.resolve()
  #pending = 0

  /** @param end gives the instance back, or has it dropped if there is a code */
  constructor(guest: Runner, hold: Call, instance: Instance, end: (code: ErrorCode | undefined) => void) {
    this.#guest = guest
    this.hold = hold
    this.steps = hold.steps ??= new Set()
    this.instance = instance
    this.#end = end
    this.stopped = new Promise((_, reject) => {
      this.#reject = reject
    })
    this.stopped.catch(() => undefined) // whoever waits for it is told; nobody need
    hold.state = 'running'
    hold.onStop = () => this.#stop()
  }

  async call(
    signature: Signature,
    args: readonly unknown[],
    allowance: Allowance,
    signal: AbortSignal | undefined,
    particulars?: Particulars,
  ): Promise<unknown[]> {
    this.#check()
    const previous = this.#pending > 0 ? this.#last : undefined
    this.#pending++
    const step = this.#guest.runFor(this, signature, args, allowance, signal, previous, particulars)
    this.#last = step
    try {
      return await step
    } finally {
      this.#pending--
    }
  }

  callSync(signature: Signature, args: readonly unknown[], allowance: Allowance, particulars?: Particulars): unknown[] {
    this.#check()
    const nested = nestingHere(this.#guest, this.instance)
    if (nested !== undefined) return this.#guest.runNested(this.instance, signature, args, this.#guest.budget(allowance, undefined), particulars, nested.around)
    if (this.#pending > 0) throw callError('busy', 'the leased instance is running another call', { module: this.#guest.name, function: signature.name })
    return this.#guest.runSync(this.instance, signature, args, this.#guest.budget(allowance, undefined), now(), particulars, this.hold)
  }

  async read(address: number | bigint, length: number, memory: number): Promise<Uint8Array> {
    return this.#range(address, length, memory).slice()
  }

  async write(address: number | bigint, bytes: Uint8Array, memory: number): Promise<void> {
    this.#range(address, bytes.length, memory).set(bytes)
  }

  get memorySize(): number {
    this.#check()
    return this.instance.memorySize
  }

  release(): void {
    if (this.#over) return
    this.#over = true
    this.hold.onStop = undefined
    const abandoned = [...this.steps].some(({ state }) => state === 'running' || state === 'suspended')
    // Steps that nobody waited for end with the lease: the one that runs, and those behind it
    this.hold.stop('stale')
    for (const step of this.steps) step.stop('stale')
    this.#end(abandoned ? 'stale' : undefined)
  }

  /** The lease ran out, or was aborted or closed: what it runs is stopped with it. */
  #stop(): void {
    const stop = this.hold.stopped
    if (this.#over || stop === undefined) return
    this.#over = true
    for (const step of this.steps) step.stop(stop.code, stop.cause)
    this.#reject(failedCall(this.hold, stop.code, '', { module: this.#guest.name }, stop.cause))
    this.#end(stop.code)
  }

  #check(): void {
    const { stopped } = this.hold
    const module = this.#guest.name
    if (stopped?.code === 'lease-timeout') throw failedCall(this.hold, 'lease-timeout', '', { module }, undefined)
    if (this.#over || this.instance.stopped) throw callError('stale', 'the instance of this lease is gone', { module, cause: stopped?.cause })
  }

  /** @throws UsageError `out-of-bounds` with what was asked for and what there is */
  #range(address: number | bigint, length: number, index: number): Uint8Array {
    this.#check()
    const module = this.#guest.name
    const { buffer } = memoryAt(this.instance.memories, index, module)
    checkRange(module, address, length, buffer.byteLength)
    return new Uint8Array(buffer, Number(address), length)
  }
}
