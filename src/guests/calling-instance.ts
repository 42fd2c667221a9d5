/** An instance of this thread, as the caller of host functions. */
import { callError } from '../errors.ts'
import type { Call } from '../runtime/call.ts'
import { whyNotWait } from '../runtime/host-function.ts'
import type { Instance } from '../runtime/instance.ts'
import { hostingCall } from '../runtime/thread.ts'
import { isLateIn } from './async-context.ts'
import type { CallingInstance, NestedTerms } from './caller.ts'
import { type GuestMemory, InstanceMemory, memoryAt } from './guest-memory.ts'
import type { Runner } from './runner.ts'
import type { Signature } from './signature.ts'

export class OwnInstance implements CallingInstance {
  readonly #instance: Instance
  readonly #guest: Runner
  readonly #memories: GuestMemory[] = []

  constructor(instance: Instance, guest: Runner) {
    this.#instance = instance
    this.#guest = guest
  }

  get signatures(): ReadonlyMap<string, Signature> {
    return this.#guest.signatures
  }

  hostedCall(): Call | undefined {
    for (let call = hostingCall(); call !== undefined; call = call.parent) if (call.hosting === this.#instance) return call
    // What goes on after its promise has settled is part of no call, though the instance may wait in another by now
    return isLateIn(this.#instance) ? undefined : this.#instance.waiting
  }

  isEnteredBy(call: Call): boolean {
    return call.instance === this.#instance
  }

  memory(index: number): GuestMemory {
    memoryAt(this.#current(), index, this.#guest.name)
    const known = this.#memories[index]
    if (known !== undefined) return known
    const memory = new InstanceMemory(this.#guest.name, () => memoryAt(this.#current(), index, this.#guest.name))
    this.#memories[index] = memory
    return memory
  }

  canSuspend(call: Call): boolean {
    return whyNotWait(call, true, false) === undefined
  }

  callNested(call: Call, signature: Signature, args: readonly unknown[], terms?: NestedTerms): unknown[] {
    const budget = this.#guest.budget(terms?.allowance ?? this.#guest.allowance, terms?.signal)
    const around = call.state === 'suspended' ? call : undefined
    return this.#guest.runNested(this.#instance, signature, args, budget, terms?.particulars, around)
  }

  #current(): readonly WebAssembly.Memory[] {
    if (!this.#instance.stopped && this.hostedCall() !== undefined) return this.#instance.memories
    throw callError('stale', 'no host function of this caller is running or waited for: its call has ended, or its instance is gone', {
      module: this.#guest.name,
    })
  }
}
