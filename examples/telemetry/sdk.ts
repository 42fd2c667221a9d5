/** An OpenTelemetry SDK that keeps everything in memory. A real one exports it: all that changes is the processor and the reader. */
import { type Attributes, context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { DataPointType, type Histogram, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Telemetry } from './instrument.ts'

export interface Measured {
  readonly name: string
  readonly unit: string
  readonly points: readonly { readonly attributes: Attributes; readonly value: number | Histogram }[]
}

export class MemorySdk implements Telemetry {
  readonly #exporter = new InMemorySpanExporter()
  readonly #reader = new OnDemandReader()
  readonly #tracers = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: this.#exporter })] })
  readonly #meters = new MeterProvider({ readers: [this.#reader] })
  readonly tracer = this.#tracers.getTracer('curfew')
  readonly meter = this.#meters.getMeter('curfew')

  /** Without a context manager no span would have a parent. */
  constructor() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  }

  /** Those that have ended, in the order they did. */
  async spans(): Promise<readonly ReadableSpan[]> {
    await this.#tracers.forceFlush()
    return this.#exporter.getFinishedSpans()
  }

  /** Totals so far. */
  async metrics(): Promise<readonly Measured[]> {
    const { resourceMetrics } = await this.#reader.collect()
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
    return all.flatMap((metric) => {
      if (metric.dataPointType === DataPointType.EXPONENTIAL_HISTOGRAM) return []
      const { name, unit } = metric.descriptor
      return { name, unit, points: metric.dataPoints.map(({ attributes, value }) => ({ attributes, value })) }
    })
  }

  async close(): Promise<void> {
    context.disable()
    await Promise.all([this.#tracers.shutdown(), this.#meters.shutdown()])
  }
}

/** Has no timer: it is asked. */
class OnDemandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {
    return undefined
  }

  protected override async onShutdown(): Promise<void> {
    return undefined
  }
}
