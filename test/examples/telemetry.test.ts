import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { channel, tracingChannel } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Attributes, DiagLogLevel, diag, SpanStatusCode } from '@opentelemetry/api'
import type { Histogram } from '@opentelemetry/sdk-metrics'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { instrument } from '../../examples/telemetry/instrument.ts'
import { type Measured, MemorySdk } from '../../examples/telemetry/sdk.ts'
import type { Report, SpanSummary } from '../../examples/telemetry/summary.ts'
import { type Bench, behaviour, failure, fixture, hostCalls } from '../support/host.ts'

const ROOT = join(import.meta.dirname, '../..')

/** A claim about what spans and metrics there are, and its proof. */
function traced(claim: string, prove: (bench: Bench, sdk: MemorySdk, switchOff: () => void) => Promise<void>): void {
  behaviour(claim, async (bench) => {
    const complaints: string[] = []
    const note = (message: string) => complaints.push(message)
    diag.setLogger({ error: note, warn: note, info: note, debug: note, verbose: note }, DiagLogLevel.WARN)
    const sdk = new MemorySdk()
    const switchOff = instrument(sdk)
    try {
      await prove(bench, sdk, switchOff)
    } finally {
      switchOff()
      await sdk.close()
      diag.disable()
    }
    assert.deepEqual(complaints, [], 'the SDK was not used as it wants to be')
  })
}

/** Runs `work` in a span of the application. @returns its id */
function inSpan(sdk: MemorySdk, work: () => Promise<unknown>): Promise<string> {
  return sdk.tracer.startActiveSpan('application', async (span) => {
    try {
      await work()
    } finally {
      span.end()
    }
    return span.spanContext().spanId
  })
}

async function spansNamed(sdk: MemorySdk, name: string): Promise<ReadableSpan[]> {
  return (await sdk.spans()).filter((span) => span.name === name)
}

const parentOf = (span: ReadableSpan | undefined): string | undefined => span?.parentSpanContext?.spanId
const eventsOf = (span: ReadableSpan | undefined): string[] | undefined => span?.events.map(({ name }) => name)

traced('a call is a span, child of the span that was active where it was made, however it came to its turn', async (bench, sdk) => {
  const module = await bench.load('add')
  const parents = await Promise.all([
    inSpan(sdk, () => module.call('add', [1, 2])),
    inSpan(sdk, () => module.call('add', [3, 4])),
    inSpan(sdk, () => module.use((instance) => instance.call('add', [5, 6]))),
  ])
  const last = await inSpan(sdk, async () => module.callSync('add', [7, 8]))
  await module.call('add', [9, 10])
  const calls = await spansNamed(sdk, 'call add.add')
  assert.deepEqual(calls.map(parentOf), [...parents, last, undefined])
  for (const { attributes, status, events, ended } of calls) {
    const { 'curfew.cpu_ms': cpu, ...rest } = attributes
    assert.deepEqual(rest, { 'curfew.module': 'add', 'curfew.function': 'add', 'curfew.outcome': 'ok', 'curfew.slices': 1, 'curfew.ran': true })
    assert.ok((cpu as number) >= 0)
    assert.deepEqual([status.code, events, ended], [SpanStatusCode.UNSET, [], true])
  }
})

traced('a span that a host function starts has the parent that the call has, also if that had to wait', async (bench, sdk) => {
  const log = () => sdk.tracer.startSpan('host function').end()
  const module = await bench.load('host_calls', { imports: hostCalls({ log }) })
  const parents = await Promise.all([1, 2, 3].map((value) => inSpan(sdk, () => module.call('log', [value]))))
  assert.deepEqual((await spansNamed(sdk, 'host function')).map(parentOf), parents)
})

traced('a call that fails is a span with its error; one that was stopped says where', async (bench, sdk) => {
  const module = await bench.load('infinite_loop', { fuel: Number.POSITIVE_INFINITY })
  const stopped = await failure(module.call('loop', [], { timeout: 15 }), 'deadline')
  const refused = await failure(module.call('loop', [], { signal: AbortSignal.abort() }), 'aborted')
  const traps = await bench.load('traps')
  const trapped = await failure(traps.call('unreachable'), 'trap')
  const spans = [...(await spansNamed(sdk, 'call infinite_loop.loop')), ...(await spansNamed(sdk, 'call traps.unreachable'))]
  assert.deepEqual(
    spans.map(({ status, attributes }) => [status, attributes['error.type'], attributes['curfew.outcome'], attributes['curfew.ran']]),
    [stopped, refused, trapped].map(({ code, message, ran }) => [{ code: SpanStatusCode.ERROR, message }, code, code, ran]),
  )
  assert.deepEqual(spans.map(eventsOf), [['curfew.stop', 'exception'], ['exception'], ['exception']])
  const { phase, figures } = stopped
  assert.deepEqual(spans[0]?.events[0]?.attributes, {
    'curfew.code': 'deadline',
    'curfew.phase': phase,
    'curfew.elapsed_ms': figures.elapsed,
    'curfew.cpu_ms': figures.cpu,
  })
  assert.equal(spans[0]?.attributes['curfew.fuel'], figures.fuelUsed)
})

traced('a call that ends with its lease says that it was stopped', async (bench, sdk) => {
  const module = await bench.load('infinite_loop')
  await failure(
    module.use((instance) => instance.call('loop'), { timeout: 15 }),
    'lease-timeout',
  )
  await module.call('ready')
  assert.deepEqual((await spansNamed(sdk, 'call infinite_loop.loop')).map(eventsOf), [['curfew.stop', 'exception']])
})

traced('a load is a span, that of a new version too, and one that fails has its error', async (bench, sdk) => {
  const host = bench.host()
  const parent = await inSpan(sdk, async () => {
    const module = await host.loadModule('plugin', fixture('add'))
    await module.replace(fixture('counter'))
    await failure(module.replace(Uint8Array.of(0)), 'malformed')
  })
  const loads = await spansNamed(sdk, 'load plugin')
  assert.deepEqual(loads.map(parentOf), [parent, parent, parent])
  assert.deepEqual(
    loads.map(({ attributes }) => [attributes['curfew.replacement'], attributes['curfew.outcome'], attributes['error.type']]),
    [
      [false, 'ok', undefined],
      [true, 'ok', undefined],
      [true, 'malformed', 'malformed'],
    ],
  )
  assert.deepEqual(
    loads.map(({ status }) => status.code),
    [SpanStatusCode.UNSET, SpanStatusCode.UNSET, SpanStatusCode.ERROR],
  )
})

traced('metrics add up to what the module counted itself', async (bench, sdk) => {
  const module = await bench.load('infinite_loop', { fuel: Number.POSITIVE_INFINITY })
  for (let round = 0; round < 3; round++) await module.call('ready')
  module.callSync('ready')
  await failure(module.call('loop', [], { timeout: 5 }), 'deadline')
  await failure(module.call('loop', [], { timeout: 5 }), 'deadline')
  await module.call('ready')
  await failure(module.replace(Uint8Array.of(0)), 'malformed')
  await module.replace(fixture('infinite_loop'))
  await module.close()
  const { outcomes, cpu, fuel, restarts } = module.stats
  assert.deepEqual(outcomes, { ok: 5, deadline: 2 })
  const metrics = await sdk.metrics()
  const of = (name: string, by = 'curfew.outcome') => totals(metrics, name, by)
  assert.deepEqual(of('curfew.calls'), outcomes)
  assert.equal(sum(Object.values(of('curfew.fuel'))), Number(fuel))
  assert.ok((of('curfew.slices').deadline as number) >= 2)
  assert.equal(of('curfew.slices').ok, 5)
  assert.deepEqual(of('curfew.loads'), { ok: 2, malformed: 1 })
  assert.deepEqual(of('curfew.stops', 'curfew.code'), { deadline: 2 })
  assert.deepEqual(of('curfew.restarts'), { ok: restarts })
  assert.deepEqual(of('curfew.replacements', 'curfew.module'), { infinite_loop: 1 })
  assert.deepEqual(of('curfew.closes', 'curfew.module'), { infinite_loop: 1 })
  const histogram = metrics.find(({ name }) => name === 'curfew.call.cpu')
  assert.equal(histogram?.unit, 'ms')
  const values = histogram?.points.map(({ value }) => value as Histogram) ?? []
  assert.equal(sum(values.map(({ count }) => count)), 7)
  assert.ok(Math.abs(sum(values.map((each) => each.sum ?? 0)) - cpu) < 0.001)
})

traced('when it is switched off nobody listens, and what was under way has ended for it', async (bench, sdk, switchOff) => {
  const module = await bench.load('add')
  const controller = bench.abortController()
  const waiting = await module.use(async () => {
    const call = module.call('add', [1, 2], { signal: controller.signal })
    assert.equal((await spansNamed(sdk, 'call add.add')).length, 0)
    switchOff()
    controller.abort()
    return failure(call, 'aborted')
  })
  assert.equal(waiting.phase, 'queued')
  for (const name of ['call', 'load']) assert.equal(tracingChannel(`curfew.${name}`).hasSubscribers, false, name)
  for (const name of ['stop', 'restart', 'replace', 'close']) assert.equal(channel(`curfew.${name}`).hasSubscribers, false, name)
  assert.deepEqual(
    (await spansNamed(sdk, 'call add.add')).map(({ ended, attributes }) => [ended, attributes['curfew.outcome']]),
    [[true, undefined]],
  )
  const before = [await sdk.spans(), await sdk.metrics()].map((all) => all.length)
  await module.call('add', [1, 2])
  await module.close()
  assert.deepEqual(
    [await sdk.spans(), await sdk.metrics()].map((all) => all.length),
    before,
  )
})

test('the example prints spans below those of its requests, and metrics', () => {
  const { status, stdout, stderr } = example('--json')
  assert.deepEqual([status, stderr], [0, ''])
  const { spans, metrics }: Report = JSON.parse(stdout)
  assert.deepEqual(spans.map(outline), [
    'start-up (load plugin: ok)',
    'three at once (call plugin.double: ok, call plugin.double: ok, call plugin.double: ok)',
    'a synchronous one (call plugin.double: ok)',
    'division by zero (call plugin.divide: trap)',
    'a runaway (call plugin.spin: deadline)',
    'a new version (load plugin: ok)',
    'a broken version (load plugin: malformed)',
    'after all that (call plugin.double: ok)',
  ])
  assert.deepEqual(totals(metrics, 'curfew.calls', 'curfew.outcome'), { ok: 5, trap: 1, deadline: 1 })
})

test('the example prints the same for people, and refuses arguments that it does not know', () => {
  const { status, stdout } = example()
  assert.equal(status, 0)
  assert.match(stdout, /^ {2}call plugin\.spin +[\d.]+ ms {2}ERROR {2}outcome deadline, .*\[curfew\.stop\]/m)
  assert.match(stdout, /^curfew\.calls +plugin ok +5$/m)
  assert.match(stdout, /^curfew\.call\.cpu +plugin ok +5 calls, mean [\d.]+ ms/m)
  const wrong = example('--nonsense')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /usage: node/)
})

function example(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(ROOT, 'examples/telemetry/main.ts'), ...args], { encoding: 'utf8', timeout: 60_000 })
}

function outline({ name, children }: SpanSummary): string {
  return `${name} (${children.map((child) => `${child.name}: ${child.attributes['curfew.outcome']}`).join(', ')})`
}

/** A counter's totals, by one attribute. */
function totals(metrics: readonly Measured[], name: string, by: keyof Attributes): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { attributes, value } of metrics.find((metric) => metric.name === name)?.points ?? []) {
    const key = String(attributes[by])
    sums[key] = (sums[key] ?? 0) + (value as number)
  }
  return sums
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
