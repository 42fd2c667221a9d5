import { setImmediate as nextTurn } from 'node:timers/promises'
import { CurfewError, type Module } from 'curfew'
import { Samples } from '../../examples/gateway/samples.ts'
import type { Figure, Subject } from '../figures.ts'
import { withHost } from '../host.ts'
import { type MeasureLag, withLag } from '../lag.ts'
import { TRIVIAL } from '../plugins.ts'

const RUNAWAYS = 100
/** Short calls each second, of ten modules, and for how long, ms. */
const RATE = 1_000
const DURATION = 3_000
const SHORT_MODULES = 10
/** Runaways end between these, ms, and begin again. */
const SHORTEST = 300
const LONGEST = 1_000

export const crowd: Subject = {
  id: 'crowd',
  title: `${RUNAWAYS} endless loops beside ${RATE.toLocaleString('en')} short calls a second`,
  async measure({ quick }) {
    const duration = quick ? 50 : DURATION
    return withHost({}, async (host) => {
      const load = async (name: string, count: number) => {
        const modules: Module[] = []
        for (let index = 0; index < count; index++) modules.push(await host.loadModule(`${name} ${index}`, TRIVIAL))
        return modules
      }
      const runaways = await load('runaway', RUNAWAYS)
      const short = await load('short', SHORT_MODULES)
      for (const module of [...short, ...runaways]) await module.call('add', [1, 2])
      return withLag(async (during) => {
        const plain = await inJavaScript(during, host.slice, duration)
        if (!host.features.slices)
          return { figures: plainFigures(plain), note: 'without JSPI each loop holds the event loop until its deadline, a hundred of them in a row' }
        const together = await besides(during, runaways, short, duration, 0)
        const earlier = await besides(during, runaways, short, duration, quick ? 20 : LONGEST)
        return { figures: [...figuresOf('', earlier, plain), ...figuresOf('together-', together, plain), ...plainFigures(plain)] }
      })
    })
  },
}

interface Measured {
  readonly latency: Samples
  readonly lag: Samples
  readonly late: Samples
}

/** @param ahead ms by which the loops begin before the short calls do */
async function besides(during: MeasureLag, runaways: readonly Module[], short: readonly Module[], duration: number, ahead: number): Promise<Measured> {
  const late = new Samples()
  const over = new AbortController()
  const loops = runaways.map((module) => runAway(module, over.signal, late))
  try {
    await new Promise((resolve) => setTimeout(resolve, ahead))
    const { result: latency, lag } = await during(() =>
      shortCalls((index) => (short[index % short.length] as Module).call('add', [1, 2], { timeout: 10_000 }), duration),
    )
    return { latency, lag, late }
  } finally {
    over.abort()
    await Promise.all(loops)
  }
}

async function runAway(module: Module, signal: AbortSignal, late: Samples): Promise<void> {
  while (!signal.aborted) {
    const timeout = SHORTEST + Math.random() * (LONGEST - SHORTEST)
    const began = performance.now()
    try {
      await module.call('loop', [], { timeout, signal })
    } catch (error) {
      if (!(error instanceof CurfewError)) throw error
      if (error.code === 'deadline') late.add(performance.now() - began - timeout)
    }
  }
}

/** The same without guests, for what is not Curfew's doing: slices of JavaScript beside short functions; its deadlines are looked at all the time. */
async function inJavaScript(during: MeasureLag, slice: number, duration: number): Promise<Measured> {
  const late = new Samples()
  let isOver = false
  const spin = async () => {
    let deadline = performance.now()
    while (!isOver) {
      for (let now = performance.now(), end = now + slice; now < end; now = performance.now()) {
        if (now < deadline) continue
        late.add(now - deadline)
        deadline = now + (Math.random() * 2 * LONGEST) / RUNAWAYS
      }
      await nextTurn()
    }
  }
  const spinning = spin()
  const { result: latency, lag } = await during(() => shortCalls(async () => undefined, duration))
  isOver = true
  await spinning
  return { latency, lag, late }
}

/** As many calls as are due by now, each turn. @param call makes the call of a number */
async function shortCalls(call: (index: number) => Promise<unknown>, duration: number): Promise<Samples> {
  const latency = new Samples()
  const calls: Promise<void>[] = []
  const began = performance.now()
  const dueAt = (index: number) => began + (index * 1000) / RATE
  for (let now = began; now < began + duration; now = performance.now()) {
    for (let due = dueAt(calls.length); due < now; due = dueAt(calls.length)) calls.push(answered(call(calls.length), due, latency))
    await nextTurn()
  }
  await Promise.all(calls)
  return latency
}

/** Its latency counts from when it was due: what keeps the event loop from making it is part of it. */
async function answered(call: Promise<unknown>, due: number, latency: Samples): Promise<void> {
  await call
  latency.add(performance.now() - due)
}

function figuresOf(prefix: string, { latency, lag, late }: Measured, plain: Measured): Figure[] {
  const when = prefix === '' ? 'begun before' : 'begun together'
  return [
    { id: `${prefix}latency-p50`, label: `${when}: a short call, p50`, value: latency.median, unit: 'ms' },
    {
      id: `${prefix}latency-p99`,
      label: `${when}: a short call, p99`,
      value: latency.percentile(0.99),
      unit: 'ms',
      goal: 5,
      control: plain.latency.percentile(0.99),
    },
    { id: `${prefix}latency-max`, label: `${when}: a short call, max of ${latency.count.toLocaleString('en')}`, value: latency.max, unit: 'ms' },
    { id: `${prefix}lag-p99`, label: `${when}: event-loop lag, p99`, value: lag.percentile(0.99), unit: 'ms', goal: 2, control: plain.lag.percentile(0.99) },
    { id: `${prefix}lag-max`, label: `${when}: event-loop lag, max`, value: lag.max, unit: 'ms' },
    { id: `${prefix}late-p50`, label: `${when}: rejected after the deadline, p50`, value: late.median, unit: 'ms' },
    {
      id: `${prefix}late-p99`,
      label: `${when}: rejected after the deadline, p99`,
      value: late.percentile(0.99),
      unit: 'ms',
      goal: 1,
      control: plain.late.percentile(0.99),
    },
    { id: `${prefix}late-max`, label: `${when}: rejected after the deadline, max of ${late.count.toLocaleString('en')}`, value: late.max, unit: 'ms' },
  ]
}

function plainFigures({ latency, lag, late }: Measured): Figure[] {
  return [
    { id: 'plain-latency-p99', label: 'JavaScript in slices: a short function, p99', value: latency.percentile(0.99), unit: 'ms' },
    { id: 'plain-lag-p99', label: 'JavaScript in slices: event-loop lag, p99', value: lag.percentile(0.99), unit: 'ms' },
    { id: 'plain-late-p99', label: 'JavaScript in slices: from a deadline to seeing it, p99', value: late.percentile(0.99), unit: 'ms' },
  ]
}
