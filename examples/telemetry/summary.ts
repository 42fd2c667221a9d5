/** The spans as a tree and the metrics as a table. */
import { type Attributes, SpanStatusCode } from '@opentelemetry/api'
import type { Histogram } from '@opentelemetry/sdk-metrics'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { Measured } from './sdk.ts'

export interface SpanSummary {
  readonly name: string
  readonly ms: number
  readonly isError: boolean
  readonly attributes: Attributes
  readonly events: readonly string[]
  readonly children: readonly SpanSummary[]
}

export interface Report {
  readonly spans: readonly SpanSummary[]
  readonly metrics: readonly Measured[]
}

export function treeOf(spans: readonly ReadableSpan[], parent?: string): SpanSummary[] {
  return spans
    .filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent)
    .sort((a, b) => milliseconds(a.startTime) - milliseconds(b.startTime))
    .map((span) => ({
      name: span.name,
      ms: milliseconds(span.duration),
      isError: span.status.code === SpanStatusCode.ERROR,
      attributes: span.attributes,
      events: span.events.map(({ name }) => name),
      children: treeOf(spans, span.spanContext().spanId),
    }))
}

export function formatReport({ spans, metrics }: Report): string {
  return [...spans.flatMap((span) => spanLines(span, '')), '', ...metrics.flatMap(metricLines)].join('\n')
}

function spanLines({ name, ms, isError, attributes, events, children }: SpanSummary, indent: string): string[] {
  const shown = ['curfew.outcome', 'curfew.cpu_ms', 'curfew.slices', 'curfew.fuel'].filter((key) => attributes[key] !== undefined)
  const facts = shown.map((key) => `${key.slice('curfew.'.length)} ${short(attributes[key])}`)
  const title = `${indent}${name}`.padEnd(28)
  const line = `${title} ${ms.toFixed(2).padStart(7)} ms  ${isError ? 'ERROR' : '     '}  ${[...facts, ...events.map((event) => `[${event}]`)].join(', ')}`
  return [line.trimEnd(), ...children.flatMap((child) => spanLines(child, `${indent}  `))]
}

function metricLines({ name, unit, points }: Measured): string[] {
  return points.map(({ attributes, value }) => {
    const by = Object.values(attributes).join(' ')
    return `${name.padEnd(20)} ${by.padEnd(26)} ${typeof value === 'number' ? value : histogramText(value, unit)}`
  })
}

function histogramText({ count, sum = 0, max = 0 }: Histogram, unit: string): string {
  return `${count} calls, mean ${(sum / count).toFixed(3)} ${unit}, at most ${max.toFixed(3)} ${unit}`
}

function short(value: unknown): string {
  return typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(3) : String(value)
}

function milliseconds([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1_000 + nanoseconds / 1e6
}
