/** An instance of another thread, as the caller of host functions of this one. */
import { callError } from '../errors.ts'
import { isLateIn, TrackedFunctions } from '../guests/async-context.ts'
import { type Caller, type CallingInstance, type NestedTerms, tellGone } from '../guests/caller.ts'
import { type GuestMemory, noMemory } from '../guests/guest-memory.ts'
import type { ImportSource, Link } from '../guests/imports.ts'
import { nestingHere } from '../guests/reentrancy.ts'
import type { Signature } from '../guests/signature.ts'
import type { Call, CallOwner, Guest } from '../runtime/call.ts'
import type { HostFunctions } from '../runtime/instance.ts'
import { hostingCall } from '../runtime/thread.ts'
import type { RemoteCall } from './remote-call.ts'
import { RemoteMemory } from './remote-memory.ts'

/** The module that it is of. */
export interface RemoteModule {
  readonly name: string
  readonly owner: CallOwner
  readonly imports: ImportSource
  readonly signatures: ReadonlyMap<string, Signature>
  /** How many memories each instance has. */
  readonly memories: number
  /** Runs an export, nested in that call, and waits for it. */
  runNested(call: RemoteCall, signature: Signature, args: readonly unknown[], terms: NestedTerms | undefined): unknown[]
}

export class RemoteInstance implements CallingInstance, Guest {
  readonly identity = {}
  /** By which its thread knows it. */
  readonly number: number
  readonly caller: Caller
  readonly links: readonly Link[]
  /** By what it imports. */
  readonly functions: HostFunctions
  /** The call that waits for what a host function has promised. */
  waiting: RemoteCall | undefined = undefined
  readonly #module: RemoteModule

  /** @param promising those of the module's host functions that are known to promise @throws LoadError as at load, of what the instance is given */
  constructor(number: number, module: RemoteModule, promising: Set<number>) {
    this.number = number
    this.#module = module
    const { caller, links } = module.imports.linksOf(this)
    this.caller = caller
    this.links = links
    this.functions = new TrackedFunctions(
      links.map((link) => (link.kind === 'function' ? link.fn : () => undefined)),
      this,
      promising,
    )
  }

  get signatures(): ReadonlyMap<string, Signature> {
    return this.#module.signatures
  }

  /** What it grows by is counted where it is. */
  look(): undefined {
    return undefined
  }

  hostedCall(): RemoteCall | undefined {
    for (let call = hostingCall(); call !== undefined; call = call.parent) if (call.hosting === this) return call as RemoteCall
    // What goes on after its promise has settled is part of no call, though the instance may wait in another by now
    return isLateIn(this) ? undefined : this.waiting
  }

  isEnteredBy(call: Call): boolean {
    return call.instance === this
  }

  memory(index: number): GuestMemory {
    const { name, memories } = this.#module
    if (this.hostedCall() === undefined) throw stale(name)
    if (!(index >= 0 && index < memories)) throw noMemory(name, index)
    return new RemoteMemory(name, this.number, index, () => {
      const call = this.hostedCall()
      if (call !== undefined) return call.thread
      throw stale(name)
    })
  }

  canSuspend(call: RemoteCall): boolean {
    return call.whyNotWait === undefined
  }

  /** Who holds something for it is told. */
  drop(): void {
    tellGone(this.caller)
  }

  callNested(call: RemoteCall, signature: Signature, args: readonly unknown[], terms?: NestedTerms): unknown[] {
    return this.#module.runNested(call, signature, args, terms)
  }
}

function stale(module: string): Error {
  return callError('stale', 'no host function of this caller is running or waited for: its call has ended, or its instance is gone', { module })
}

/** The call of a module that a call made here is one back into, from a host function of it. @param instance in which it has to be, if it matters */
export function callAround(owner: CallOwner, instance?: RemoteInstance): RemoteCall | undefined {
  const nesting = nestingHere(owner, instance)
  return (nesting?.around as RemoteCall | undefined) ?? nesting?.instance.hostedCall()
}
