/**
 * What a host tells whoever wants to know, by Node's diagnostics channels: nothing is made, and no time taken, while nobody listens.
 *
 * `curfew.load` and `curfew.call` are tracing channels (`diagnostics_channel.tracingChannel`): start, end and error are published with one
 * object, which what is known by then is added to. The others are plain channels.
 */
import type { CurfewError, ErrorCode, Phase } from '../errors.ts'
import type { CallFigures, GuestEvent, Observe } from '../guests/executor.ts'
import type { ModuleStats } from '../guests/stats.ts'
import { builtin, type Channel, type TracingChannel } from '../node.ts'

/** Of `tracing:curfew.load:*`: a module is loaded, or a version that is to replace it. */
export interface LoadEvent {
  readonly module: string
  readonly isReplacement: boolean
  /** Why it failed. */
  error?: CurfewError
}

/** Of `tracing:curfew.call:*`: a call of a module, or of a lease. What is optional is known when it has ended. */
export interface CallEvent {
  readonly module: string
  readonly function: string
  outcome?: 'ok' | ErrorCode
  /** ms that its guest ran. */
  cpu?: number
  /** What it burnt, if its module counts fuel. */
  fuel?: bigint
  /** Slices that its guest ran in: 1 if it was never suspended, 0 if it did not run. */
  slices?: number
  /** Did code of the guest run? */
  ran?: boolean
  error?: unknown
  result?: unknown
}

/** Of `curfew.stop`: a call, lease or start function was stopped by the host; its guest ends now, if it has begun. */
export interface StopEvent {
  readonly module: string
  readonly code: ErrorCode
  readonly phase: Phase
  /** ms since it was made, and that its guest has run. */
  readonly elapsed: number
  readonly cpu: number
}

/** Of `curfew.restart`: an instance was made in place of one that was stopped or trapped, or could not be made. */
export interface RestartEvent {
  readonly module: string
  /** Instances made so far. */
  readonly generation: number
  readonly error?: CurfewError
}

/** Of `curfew.replace`: new calls go to another version. */
export interface ReplaceEvent {
  readonly module: string
}

/** Of `curfew.close`: a module has closed, by itself (`restart: 'never'`) or not. */
export interface CloseEvent {
  readonly module: string
  readonly stats: ModuleStats
}

const diagnostics = builtin('diagnostics_channel')
const tracing = <Event extends object>(name: string): TracingChannel<Event> | undefined => diagnostics?.tracingChannel<Event>(name)
const channel = <Event>(name: string): Channel<Event> | undefined => diagnostics?.channel<Event>(name)

const loads = tracing<LoadEvent>('curfew.load')
const calls = tracing<CallEvent>('curfew.call')
const stops = channel<StopEvent>('curfew.stop')
const restarts = channel<RestartEvent>('curfew.restart')
const replacements = channel<ReplaceEvent>('curfew.replace')
const closes = channel<CloseEvent>('curfew.close')

/** Does anybody want to know of calls? */
export function tracesCalls(): boolean {
  return calls?.hasSubscribers === true
}

export function traceLoad<T>(module: string, isReplacement: boolean, load: () => Promise<T>): Promise<T> {
  return loads?.hasSubscribers ? loads.tracePromise(load, { module, isReplacement }) : load()
}

/** @param make makes the call, and has it observed */
export function traceCall(module: string, name: string, make: (observe: Observe) => Promise<unknown[]>): Promise<unknown[]> {
  const event: CallEvent = { module, function: name }
  const call = (): Promise<unknown[]> => {
    const made = make((figures) => void Object.assign(event, seen(figures)))
    return made.then(
      (results) => {
        event.outcome = 'ok'
        return results
      },
      (error: CurfewError) => {
        throw failed(event, error)
      },
    )
  }
  return (calls as TracingChannel<CallEvent>).tracePromise(call, event)
}

/** The same of a synchronous call. */
export function traceCallSync(module: string, name: string, make: (observe: Observe) => unknown[]): unknown[] {
  const event: CallEvent = { module, function: name }
  const call = (): unknown[] => {
    try {
      const results = make((figures) => void Object.assign(event, seen(figures)))
      event.outcome = 'ok'
      return results
    } catch (error) {
      throw failed(event, error as CurfewError)
    }
  }
  return (calls as TracingChannel<CallEvent>).traceSync(call, event)
}

/** What an executor tells of a guest. */
export function tellGuestEvent(module: string, { kind, ...event }: GuestEvent): void {
  const to = kind === 'stop' ? stops : restarts
  if (to?.hasSubscribers) to.publish({ module, ...event } as StopEvent & RestartEvent)
}

export function tellReplaced(module: string): void {
  if (replacements?.hasSubscribers) replacements.publish({ module })
}

export function tellClosed(module: string, stats: () => ModuleStats): void {
  if (closes?.hasSubscribers) closes.publish({ module, stats: stats() })
}

function seen({ cpu, fuel, slices, ran }: CallFigures): Partial<CallEvent> {
  return { cpu, slices, ran, ...(fuel === undefined ? {} : { fuel }) }
}

function failed(event: CallEvent, error: CurfewError): CurfewError {
  event.outcome = error.code
  event.ran ??= error.ran
  event.cpu ??= 0
  event.slices ??= 0
  return error
}
