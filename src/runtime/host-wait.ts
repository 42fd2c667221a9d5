/**
 * A guest that waits for what its host function promised. Call first, suspend second: an engine suspends no guest with JavaScript below it,
 * and throws as soon as such a guest calls what might suspend it. So a host function is called plainly. If it has promised something it
 * throws `PENDING`, which its trampoline (`trampolines.ts`) catches, and only then calls what suspends the guest.
 */
import { Suspending } from '../abi.ts'
import type { Call } from './call.ts'
import type { Instance } from './instance.ts'
import { putAside, runOn } from './thread.ts'
import { UNCATCHABLE } from './trap.ts'

/** What TypeScript's library does not know yet. */
interface ExceptionHandling {
  readonly Tag: new (type: { parameters: string[] }) => object
  readonly Exception: new (tag: object, values: unknown[]) => object
}

const { Tag, Exception } = WebAssembly as unknown as ExceptionHandling
/** Nobody else has it: a trampoline catches nothing that a guest or a host function threw. */
const tag = new Tag({ parameters: [] })
const PENDING = new Exception(tag, [])

type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** What was promised to a guest, and what becomes of it. */
class Wait {
  readonly instance: Instance
  /** The call that waits; undefined before its guest is suspended, and once that runs on or has ended. */
  call: Call | undefined
  readonly #promised: PromiseLike<unknown>
  #outcome: Outcome | undefined

  constructor(promised: PromiseLike<unknown>, instance: Instance) {
    this.#promised = promised
    this.instance = instance
  }

  /** By `await`, which settles once: a `then` of somebody's own may call back twice, or before it returns. */
  async follow(): Promise<void> {
    try {
      this.#outcome = { value: await this.#promised }
    } catch (error) {
      this.#outcome = { error }
    }
    this.call?.owner.settled(this.call)
  }

  /** Once it has settled: what was promised, or throws in its place. */
  result(call: Call): unknown {
    const outcome = this.#outcome as Outcome
    if ('value' in outcome) return outcome.value
    call.thrown = outcome
    throw outcome.error
  }
}

/** Of the host function that has thrown `PENDING` just now. */
let pending: Wait | undefined
/** What each call waits for, or has waited for last. */
const waits = new WeakMap<Call, Wait>()

/** @returns what a host function throws to have its guest wait; only if that can be suspended, and a trampoline called it */
export function waitFor(promised: PromiseLike<unknown>, instance: Instance): unknown {
  pending = new Wait(promised, instance)
  return PENDING
}

function wait(): Promise<number> {
  const begun = pending as Wait
  return putAside((call) => {
    begun.call = call
    call.hosting = begun.instance
    begun.instance.waiting = call
    waits.set(call, begun)
    call.owner.waits(call)
    void begun.follow()
  })
}

/** Called right before the guest runs on. It must not if it was stopped meanwhile; what was promised to it is nobody's then. */
function result(token: number): unknown {
  const call = runOn(token)
  const ended = waits.get(call) as Wait
  ended.call = ended.instance.waiting = undefined
  call.hosting = undefined
  if (call.stopped !== undefined || ended.instance.stopped) throw UNCATCHABLE
  // The credit that it has left is of an earlier turn
  ended.instance.pollSoon()
  return ended.result(call)
}

/** What trampolines import. */
export const WAITING = { tag, wait: Suspending === undefined ? wait : new Suspending(wait), result } as unknown as WebAssembly.ModuleImports
