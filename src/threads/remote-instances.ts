/** The instances of a module on another thread that have called the host, or were given something of their own; and how their calls are served. */
import { type HostCall, runHostFunction } from './host-functions.ts'
import type { Report } from './messages.ts'
import { RemoteCall } from './remote-call.ts'
import { RemoteInstance, type RemoteModule } from './remote-instance.ts'
import type { RemoteThread } from './remote-thread.ts'

export class RemoteInstances {
  readonly #module: RemoteModule
  readonly #instances = new Map<number, RemoteInstance>()
  readonly #promising = new Set<number>()

  constructor(module: RemoteModule) {
    this.#module = module
  }

  /** The calls for whose host functions instances wait. */
  get waiting(): readonly RemoteCall[] {
    return [...this.#instances.values()].flatMap(({ waiting }) => waiting ?? [])
  }

  /** A guest calls the host. @param request as part of which */
  serve(thread: RemoteThread, request: number | undefined, asked: HostCall): void {
    const instance = this.#instance(asked.instance)
    const call = thread.calls.get(asked.call) ?? this.#newCall(thread, request, instance, asked)
    runHostFunction(call, instance, asked)
  }

  /** One is being made, and is given what is its own. */
  made(thread: RemoteThread, { id, instance }: Extract<Report, { verb: 'instance' }>): void {
    try {
      this.#instance(instance)
      thread.tell({ verb: 'answer', id })
    } catch (error) {
      thread.tell({ verb: 'answer', id, threw: thread.crossing.send(error) })
    }
  }

  gone(number: number): void {
    this.#instances.get(number)?.drop()
    this.#instances.delete(number)
  }

  /** All of them are. */
  clear(): void {
    for (const number of this.#instances.keys()) this.gone(number)
  }

  #newCall(thread: RemoteThread, request: number | undefined, instance: RemoteInstance, asked: HostCall): RemoteCall {
    const parent = asked.parent === undefined ? undefined : thread.calls.get(asked.parent)
    const call = new RemoteCall(this.#module.owner, thread, asked, parent)
    thread.calls.set(call.number, call)
    // A start function is part of a load, of which there may be several
    const about = asked.isStarting ? undefined : thread.begun(request, call)
    call.context = about?.context
    call.origin = about?.origin
    about?.lease?.runsIn(instance)
    return call
  }

  /** @throws LoadError of what it is given */
  #instance(number: number): RemoteInstance {
    const known = this.#instances.get(number)
    if (known !== undefined) return known
    const instance = new RemoteInstance(number, this.#module, this.#promising)
    this.#instances.set(number, instance)
    return instance
  }
}
