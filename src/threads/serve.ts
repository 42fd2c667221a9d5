/** The thread's end of the line: does what the host orders, on an executor of its own. */
import { callError } from '../errors.ts'
import { asHosted } from '../guests/async-context.ts'
import type { Executor, Guest, GuestEvent, GuestLease, GuestSpec } from '../guests/executor.ts'
import type { GuestMemory } from '../guests/guest-memory.ts'
import { InThreadExecutor } from '../guests/in-thread.ts'
import type { Admission } from '../guests/scheduler.ts'
import type { Signature } from '../guests/signature.ts'
import type { Port, Threads } from '../node.ts'
import { now } from '../runtime/clock.ts'
import { collectGarbage } from '../runtime/dropped-memory.ts'
import { Ledger, shareProcess } from '../runtime/ledger.ts'
import { canSuspend, whilePolling } from '../runtime/thread.ts'
import { nextTurn } from '../runtime/turn.ts'
import { type Bells, count, heard, ring } from './bells.ts'
import { Crossing } from './crossing.ts'
import { Inbox } from './inbox.ts'
import type { LeaseState, Order, Outcome, Report, Terms } from './messages.ts'
import { Outbox } from './outbox.ts'
import { type Packed, Packer, Unpacker } from './packing.ts'
import { changeFuel, Questions } from './questions.ts'
import { asRequest } from './request-context.ts'
import { RequestSignals } from './request-signals.ts'
import { ServedCallers } from './served-callers.ts'
import { ServedCalls } from './served-calls.ts'
import { ServedGuest } from './served-guest.ts'
import { ServedLeases } from './served-leases.ts'
import { publish, sharedAdmission, sharedUse } from './shared-counts.ts'
import { fromShared } from './shared-time.ts'
import type { WorkerData } from './worker-transport.ts'

/** What runs the guests of a thread. */
export interface ServingExecutor extends Executor {
  reload(spec: GuestSpec): Guest
}

type MakeExecutor = (admission: Admission, ledger: Ledger) => ServingExecutor

/** While guests run that cannot be suspended, messages are looked for so often, ms. */
const LOOK_EVERY = 3
/** What cannot wait until the event loop turns. */
const URGENT: ReadonlySet<Order['verb']> = new Set(['abort', 'answer', 'promised', 'stop', 'ping', 'signature', 'size', 'peek', 'poke'])

export function serve(port: Port, threads: Threads, executor: MakeExecutor = (admission, ledger) => new InThreadExecutor(admission, ledger)): void {
  new Server(port, threads, executor)
}

type GuestFunction = (...args: unknown[]) => Promise<unknown[]>

class Server {
  readonly #outbox: Outbox<Report>
  readonly #inbox: Inbox<Order>
  readonly #sendNow: (report: Report) => void
  readonly #crossing: Crossing
  readonly #callers: ServedCallers
  readonly #questions: Questions
  readonly #makeExecutor: MakeExecutor
  #executor: ServingExecutor | undefined
  /** Has the others see what guests hold. */
  #publish: () => void = () => undefined
  readonly #guests = new Map<number, ServedGuest>()
  readonly #signatures = new Map<number, Map<number, Signature>>()
  readonly #signals: RequestSignals
  readonly #leases: ServedLeases
  readonly #calls: ServedCalls
  /** Requests that are being done. */
  #pending = 0
  /** Does any guest call host functions? */
  #callsHost = false
  /** Guests whose figures may have changed since the host was told of them. */
  readonly #changed = new Set<ServedGuest>()
  #lookedAt = 0

  constructor(port: Port, threads: Threads, executor: MakeExecutor) {
    const { line, packing: memory } = threads.workerData as WorkerData
    const [packer, unpacker] = [new Packer(memory.reports), new Unpacker<Order>(memory.orders)]
    this.#makeExecutor = executor
    this.#outbox = new Outbox<Report>(
      (batch) => {
        this.#publish()
        port.postMessage(packer.pack([...this.#figures(), ...batch]))
      },
      // While nothing else is being done, nothing is to be waited for
      (flush) => (this.#pending === 0 ? queueMicrotask(flush) : nextTurn(flush)),
    )
    this.#crossing = new Crossing({
      copiesErrors: true,
      dropped: (handle, count) => this.#outbox.add({ verb: 'dropped', handle, count }),
      invoke: () => undefined,
      collect: collectGarbage,
    })
    this.#inbox = new Inbox<Order>(
      {
        listen: (listener) => void port.on('message', (packed: Packed<Order>) => listener(unpacker.unpack(packed))),
        receive: () => {
          const next = threads.receiveMessageOnPort(port) as { message: Packed<Order> } | undefined
          return next === undefined ? undefined : unpacker.unpack(next.message)
        },
      },
      (order) => this.#obey(order),
      (order) => this.#isUrgent(order),
    )
    this.#sendNow = (report) => {
      line.postMessage([report])
      ring(this.#questions.bells as Bells, 'host')
    }
    this.#signals = new RequestSignals(this.#crossing)
    this.#leases = new ServedLeases((report) => this.#outbox.add(report), this.#crossing)
    this.#callers = new ServedCallers((report) => this.#outbox.add(report), this.#crossing)
    this.#calls = new ServedCalls(this.#crossing, this.#signals, this.#callers)
    this.#questions = new Questions(this.#outbox, this.#sendNow, this.#crossing, this.#callers, () => this.#lookNow())
  }

  #isUrgent(order: Order): boolean {
    if (URGENT.has(order.verb)) return true
    // What the host runs in a guest that is on the stack here, and waits for it, cannot be waited for in turn. It would be in the time of a guest that polls
    // The end of a lease ends the step that waits
    if (order.verb === 'nested' || order.verb === 'release') return this.#questions.isWaiting
    return order.verb === 'close' && this.#guests.has(order.guest)
  }

  #obey(order: Order): void {
    // Urgent ones, as a close may be, overtake others that can be aborted still
    if ('id' in order && !URGENT.has(order.verb) && order.verb !== 'close') this.#signals.read(order.id)
    switch (order.verb) {
      case 'begin':
        return this.#do(order.id, () => this.#begin(order))
      case 'load':
        return this.#do(order.id, () => this.#load(order))
      case 'signature':
        this.#signaturesOf(order.guest).set(order.number, order.signature)
        return
      case 'call': {
        const guest = this.#guests.get(order.guest)
        return this.#do(order.id, () => this.#calls.call(order, this.#served(guest)), guest)
      }
      case 'lease':
        return this.#do(order.id, () => this.#lease(order), this.#guests.get(order.guest))
      case 'step': {
        const guest = this.#leases.guest(order.lease)
        return this.#do(order.id, () => this.#step(order), guest, order.lease)
      }
      case 'read':
        return this.#do(order.id, () => this.#leases.get(order.lease).lease.read(order.address, order.length, order.memory), undefined, order.lease)
      case 'write':
        return this.#do(order.id, () => this.#leases.get(order.lease).lease.write(order.address, order.bytes, order.memory), undefined, order.lease)
      case 'release':
        this.#signals.done(order.lease)
        return this.#leases.release(order.lease)
      case 'invoke':
        return this.#invoke(order)
      case 'idle':
        return this.#do(order.id, async () => this.#guests.get(order.guest)?.guest.idle(), this.#guests.get(order.guest))
      case 'close':
        return this.#do(order.id, () => this.#close(order.guest))
      case 'abort':
        return this.#signals.abort(order.id, this.#crossing.receive(order.reason))
      case 'nested':
        return this.#nested(order)
      case 'size':
        return this.#answerNow(order.id, () => ({ value: this.#memoryOf(order).size }))
      case 'peek':
        return this.#answerNow(order.id, () => ({ value: this.#memoryOf(order).read(order.address, order.length) }))
      case 'poke':
        return this.#answerNow(order.id, () => ({ value: this.#memoryOf(order).write(order.address, order.bytes) }))
      case 'stop':
        return this.#stop(order)
      case 'promised':
        return this.#questions.promised(order.id)
      case 'ping':
        this.#outbox.add({ verb: 'answer', id: order.id })
        return this.#outbox.flush()
      case 'answer':
        return this.#questions.answered(order)
      case 'dropped':
        return this.#crossing.release(order.handle, order.count)
    }
  }

  /** Does what was asked for, and answers. @param guest whose figures change by it */
  #do(id: number, work: () => Promise<unknown>, guest?: ServedGuest, lease?: number): void {
    this.#pending++
    guest?.ask()
    let done: Promise<unknown>
    try {
      done = this.#callsHost ? asRequest(id, work) : work()
    } catch (error) {
      done = Promise.reject(error)
    }
    done.then(
      (value) => this.#answer(id, guest, lease, { value }),
      (error) => this.#answer(id, guest, lease, { threw: this.#crossing.send(error) }),
    )
  }

  #answer(id: number, guest: ServedGuest | undefined, lease: number | undefined, outcome: { value: unknown } | { threw: ReturnType<Crossing['send']> }): void {
    this.#pending--
    // That of a lease goes on
    if (!this.#leases.has(id)) this.#signals.done(id)
    if (guest !== undefined) {
      this.#changed.add(guest)
      guest.answer()
    }
    const state = lease === undefined ? undefined : this.#leases.state(lease)
    this.#outbox.add({ verb: 'answer', id, ...outcome, ...(state === undefined ? {} : { lease: state }), ...this.#calls.takeFigures(id) })
  }

  /** On the direct line: the host waits. */
  #answerNow(id: number, work: () => Outcome): void {
    let outcome: Outcome
    try {
      outcome = work()
    } catch (error) {
      // It may come across once more, as the cause of what it ends
      outcome = { threw: this.#crossing.keep(error) }
    }
    this.#signals.done(id)
    this.#sendNow({ verb: 'answer', id, ...outcome, ...this.#calls.takeFigures(id) })
  }

  #memoryOf({ instance, memory }: { readonly instance: number; readonly memory: number }): GuestMemory {
    const calling = this.#callers.instance(instance)
    if (calling === undefined) throw callError('stale', 'the instance of this caller is gone')
    return calling.memory(memory)
  }

  #nested(order: Extract<Order, { verb: 'nested' }>): void {
    this.#answerNow(order.id, () => {
      const guest = this.#served(this.#guests.get(order.guest))
      try {
        return this.#questions.whileNested(() => this.#calls.nested(order, guest))
      } finally {
        this.#changed.add(guest)
      }
    })
  }

  /** A host function ends the call that it is part of. */
  #stop({ call: number, code, cause, fuel }: Extract<Order, { verb: 'stop' }>): void {
    const received = this.#crossing.receive(cause)
    const call = this.#callers.call(number)?.call
    if (call === undefined) return
    changeFuel(call, fuel)
    call.stop(code, received)
  }

  async #begin(terms: Terms): Promise<void> {
    const { counts, thread } = terms
    this.#questions.bells = terms.bells
    shareProcess(terms.threads)
    const ledger = new Ledger(terms.totalMemoryLimit, sharedUse(counts, thread))
    this.#executor = this.#makeExecutor(sharedAdmission(terms, counts, thread), ledger)
    this.#publish = () => publish(ledger.held, counts, thread)
    whilePolling(() => this.#look(terms.bells))
  }

  /** While guests run. One that runs to its end keeps the event loop from turning; and the host may wait. */
  #look(bells: Bells): void {
    if (heard(bells, 'waiting') > 0) this.#lookNow()
    if (canSuspend) return
    const at = now()
    if (at - this.#lookedAt < LOOK_EVERY) return
    this.#lookedAt = at
    this.#inbox.look()
    this.#outbox.flush()
  }

  #lookNow(): void {
    count(this.#questions.bells as Bells, 'beat', 1)
    this.#inbox.look()
  }

  async #load(order: Extract<Order, { verb: 'load' }>): Promise<void> {
    const executor = this.#executor as ServingExecutor
    const served = new ServedGuest(order.guest, order.spec, this.#signaturesOf(order.guest), this.#signals.make(order), {
      crossing: this.#crossing,
      callers: this.#callers,
      questions: this.#questions,
      setUp: (guest, lease) => this.#setUp(guest, lease),
      closed: (guest) => this.#outbox.add({ verb: 'closed', guest }),
      happened: (guest, event) => this.#happened(guest, event),
    })
    this.#guests.set(order.guest, served)
    if (order.spec.imports.some(({ kind }) => kind === 'function')) this.#callsHost = true
    try {
      served.guest = order.again ? executor.reload(served.spec) : await executor.load(served.spec)
      this.#changed.add(served)
    } catch (error) {
      this.#guests.delete(order.guest)
      this.#signatures.delete(order.guest)
      throw error
    }
  }

  #step(order: Extract<Order, { verb: 'step' }>): Promise<unknown> {
    const { guest, lease } = this.#leases.get(order.lease)
    return this.#calls.call(order, guest, lease)
  }

  async #lease(order: Extract<Order, { verb: 'lease' }>): Promise<LeaseState> {
    const served = this.#served(this.#guests.get(order.guest))
    const { timeout, began, isInner = false } = order
    const lease = await served.guest.lease(timeout, this.#signals.make(order), { began: fromShared(began), isInner })
    return this.#leases.hold(order.id, lease, served)
  }

  async #setUp(guest: number, lease: GuestLease): Promise<void> {
    const served = this.#served(this.#guests.get(guest))
    const id = this.#questions.nextId()
    await this.#questions.ask(id, { verb: 'setup', id, guest, lease: this.#leases.hold(-1 - id, lease, served) })
  }

  /** Calls a function that a guest returned. What it gave to a host function is its bare function, which nothing would bound. */
  #invoke(order: Extract<Order, { verb: 'invoke' }>): void {
    const fn = this.#crossing.receive(order.function) as GuestFunction
    const guest = this.#calls.returnedBy(fn)
    const around = order.around === undefined ? undefined : this.#callers.call(order.around)?.call
    const work = async () => {
      if (guest === undefined) throw callError('unsupported', 'a function that a guest gave to a host function cannot be called from another thread')
      return this.#crossing.sendAll(await fn(...this.#crossing.receiveAll(order.args)))
    }
    this.#do(order.id, around === undefined ? work : () => asHosted(around, work), guest)
  }

  #happened(guest: number, event: GuestEvent): void {
    const { error, ...plain } = event as GuestEvent & { error?: unknown }
    const served = this.#guests.get(guest)
    if (served !== undefined) this.#changed.add(served)
    this.#outbox.add({ verb: 'event', guest, event: plain as GuestEvent, error: this.#crossing.send(error) })
  }

  async #close(id: number): Promise<void> {
    const served = this.#guests.get(id)
    await served?.guest.close()
    // With the answer to this the host forgets the guest. Whatever else it was asked is answered and counted before: also what this order has overtaken
    await new Promise<void>(nextTurn)
    await served?.answered()
    this.#guests.delete(id)
    this.#signatures.delete(id)
  }

  /** What the host says of a guest's functions may come before the guest is looked at: it is urgent, and loading is not. */
  #signaturesOf(guest: number): Map<number, Signature> {
    let signatures = this.#signatures.get(guest)
    if (signatures === undefined) {
      signatures = new Map()
      this.#signatures.set(guest, signatures)
    }
    return signatures
  }

  #served(guest: ServedGuest | undefined): ServedGuest {
    if (guest === undefined) throw callError('closed', 'the module is closed', { phase: 'queued' })
    return guest
  }

  #figures(): Report[] {
    if (this.#changed.size === 0) return []
    const reports = [...this.#changed].flatMap((guest) => guest.report ?? [])
    this.#changed.clear()
    return reports
  }
}
