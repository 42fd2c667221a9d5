/**
 * What Curfew tells through diagnostics channels, as OpenTelemetry spans and metrics. Copy this file: it needs `@opentelemetry/api` alone.
 *
 * A call is a span, child of the span that was active where the call was made; a load is one too. That the host stopped a call is an
 * event of its span. Metrics have a module's name and an outcome as attributes, not the names of functions: a plugin has as many as it likes.
 */
import { type Channel, channel, tracingChannel } from 'node:diagnostics_channel'
import { type Attributes, type Meter, type Span, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import type { CallEvent, CloseEvent, CurfewError, LoadEvent, ReplaceEvent, RestartEvent, StopEvent } from 'curfew'

export interface Telemetry {
  readonly tracer: Tracer
  readonly meter: Meter
}

/** For all hosts of this process, from now on. @returns switches it off, and ends the spans of what is under way */
export function instrument({ tracer, meter }: Telemetry): () => void {
  const spans = new Spans(tracer)
  const metrics = makeMetrics(meter)
  const calls = tracingChannel<CallEvent, CallEvent>('curfew.call')
  const loads = tracingChannel<LoadEvent, LoadEvent>('curfew.load')

  const endCall = (event: CallEvent): void => {
    spans.end(event, callAttributes(event), event.error as CurfewError | undefined)
    metrics.countCall(event)
  }
  const endings = [
    listen<CallEvent>(calls.start, (event) => {
      spans.start(event, `call ${event.module}.${event.function}`, { 'curfew.module': event.module, 'curfew.function': event.function })
    }),
    listen<CallEvent>(calls.asyncEnd, endCall),
    // Of a synchronous call this is the end; one that goes on has no outcome yet
    listen<CallEvent>(calls.end, (event) => {
      if (event.outcome !== undefined) endCall(event)
    }),
    listen<LoadEvent>(loads.start, (event) => {
      spans.start(event, `load ${event.module}`, { 'curfew.module': event.module, 'curfew.replacement': event.isReplacement })
    }),
    listen<LoadEvent>(loads.asyncEnd, (event) => {
      spans.end(event, { 'curfew.outcome': outcomeOf(event) }, event.error)
      metrics.loads.add(1, { 'curfew.module': event.module, 'curfew.outcome': outcomeOf(event) })
    }),
    listen<StopEvent>(channel('curfew.stop'), ({ module, code, phase }) => {
      metrics.stops.add(1, { 'curfew.module': module, 'curfew.code': code, 'curfew.phase': phase })
    }),
    listen<RestartEvent>(channel('curfew.restart'), (event) => {
      metrics.restarts.add(1, { 'curfew.module': event.module, 'curfew.outcome': outcomeOf(event) })
    }),
    listen<ReplaceEvent>(channel('curfew.replace'), ({ module }) => metrics.replacements.add(1, { 'curfew.module': module })),
    listen<CloseEvent>(channel('curfew.close'), ({ module }) => metrics.closes.add(1, { 'curfew.module': module })),
  ]
  return () => {
    for (const end of endings) end()
    spans.endAll()
  }
}

/** The spans of what is under way, by the object that is published when it starts and again when it ends. */
class Spans {
  readonly #tracer: Tracer
  readonly #open = new Map<object, Span>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  /** It is published where the call was made, so the active span is the caller's, and becomes the parent. */
  start(event: object, name: string, attributes: Attributes): void {
    this.#open.set(event, this.#tracer.startSpan(name, { attributes }))
  }

  /** Nothing is open of what started before the instrumentation did. */
  end(event: object, attributes: Attributes, error: CurfewError | undefined): void {
    const span = this.#open.get(event)
    if (span === undefined) return
    this.#open.delete(event)
    span.setAttributes(attributes)
    if (error !== undefined) fail(span, error)
    span.end()
  }

  endAll(): void {
    for (const span of this.#open.values()) span.end()
    this.#open.clear()
  }
}

function fail(span: Span, error: CurfewError): void {
  const stop = stopOf(error)
  if (stop !== undefined) span.addEvent('curfew.stop', stop)
  span.recordException(error)
  span.setAttribute('error.type', error.code)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
}

/** Where the host stopped a call. One that was refused before it began has not been stopped, and has no figures. */
function stopOf({ name, code, phase, figures }: CurfewError): Attributes | undefined {
  const { elapsed, cpu } = figures
  if ((name !== 'StopError' && code !== 'lease-timeout') || phase === undefined || elapsed === undefined || cpu === undefined) return undefined
  return { 'curfew.code': code, 'curfew.phase': phase, 'curfew.elapsed_ms': elapsed, 'curfew.cpu_ms': cpu }
}

function callAttributes({ outcome, cpu, slices, fuel, ran }: CallEvent): Attributes {
  return {
    'curfew.outcome': outcome,
    'curfew.cpu_ms': cpu,
    'curfew.slices': slices,
    'curfew.ran': ran,
    // Attributes are no bigints; exact up to 2 ** 53
    ...(fuel === undefined ? {} : { 'curfew.fuel': Number(fuel) }),
  }
}

/** From microseconds to seconds, ms. */
const CPU_BOUNDARIES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000]

function makeMetrics(meter: Meter) {
  const counter = (name: string, unit: string, description: string) => meter.createCounter(name, { unit, description })
  const calls = counter('curfew.calls', '{call}', 'Calls that ended, however')
  const slices = counter('curfew.slices', '{slice}', 'Slices of turns of the event loop that guests ran in')
  const fuel = counter('curfew.fuel', '{unit}', 'Fuel that calls burnt')
  const cpu = meter.createHistogram('curfew.call.cpu', {
    unit: 'ms',
    description: 'Time that the guest of a call ran',
    advice: { explicitBucketBoundaries: CPU_BOUNDARIES },
  })
  return {
    countCall(event: CallEvent): void {
      const attributes = { 'curfew.module': event.module, 'curfew.outcome': event.outcome }
      calls.add(1, attributes)
      cpu.record(event.cpu ?? 0, attributes)
      slices.add(event.slices ?? 0, attributes)
      if (event.fuel !== undefined) fuel.add(Number(event.fuel), attributes)
    },
    loads: counter('curfew.loads', '{load}', 'Modules and versions of them that were loaded, or could not be'),
    stops: counter('curfew.stops', '{stop}', 'Calls, leases and start functions that the host stopped'),
    restarts: counter('curfew.restarts', '{instance}', 'Instances made in place of one that was lost'),
    replacements: counter('curfew.replacements', '{replacement}', 'Versions that took the place of another'),
    closes: counter('curfew.closes', '{module}', 'Modules that closed'),
  }
}

function outcomeOf({ error }: { readonly error?: CurfewError }): string {
  return error?.code ?? 'ok'
}

/** @returns ends it */
function listen<Event>(to: Channel, listener: (event: Event) => void): () => void {
  const onMessage = (message: unknown): void => listener(message as Event)
  to.subscribe(onMessage)
  return () => to.unsubscribe(onMessage)
}
