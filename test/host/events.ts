/** What a host tells through diagnostics channels. */
import assert from 'node:assert/strict'
import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { CallEvent, LoadEvent } from '../../src/index.ts'
import { behaviour, failure, fixture, type Mode, nextTurn } from '../support/host.ts'
import { wat } from '../support/wat.ts'

interface Told {
  readonly on: string
  readonly event: Record<string, unknown>
}

/** A guest that calls the host, and then counts. */
const CALLS_HOST = `(module (import "h" "f" (func $f))
  (func (export "host") (param $rounds i32) (result i32) (local $done i32)
    (call $f)
    (loop $next
      (if (i32.ge_u (local.get $done) (local.get $rounds)) (then (return (local.get $done))))
      (local.set $done (i32.add (local.get $done) (i32.const 1)))
      (br $next))
    unreachable))`

const PLAIN = ['stop', 'restart', 'replace', 'close']

/** Everything that is told of one module while `work` runs, in order. */
async function told(module: string, work: () => Promise<unknown>): Promise<Told[]> {
  const all: Told[] = []
  const note = (on: string) => (event: unknown) => {
    if ((event as { module: string }).module === module) all.push({ on, event: event as Record<string, unknown> })
  }
  const traced = ['load', 'call'].map((name) => {
    const subscribers = Object.fromEntries(['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((phase) => [phase, note(`${name} ${phase}`)]))
    const tracing = tracingChannel<string, CallEvent | LoadEvent>(`curfew.${name}`)
    tracing.subscribe(subscribers as unknown as Parameters<typeof tracing.subscribe>[0])
    return () => tracing.unsubscribe(subscribers as unknown as Parameters<typeof tracing.subscribe>[0])
  })
  const plain = PLAIN.map((name) => {
    const subscriber = note(name)
    channel(`curfew.${name}`).subscribe(subscriber)
    return () => channel(`curfew.${name}`).unsubscribe(subscriber)
  })
  try {
    await work()
  } finally {
    for (const end of [...traced, ...plain]) end()
  }
  return all
}

const names = (events: readonly Told[]) => events.map(({ on }) => on)
const find = (events: readonly Told[], on: string) => events.filter((each) => each.on === on).map(({ event }) => event)

export function events(mode: Mode): void {
  behaviour('a call is told as it starts and as it ends, by one object that has its outcome and figures then', async (bench) => {
    const module = await bench.load('add')
    const seen = await told('add', () => module.call('add', [2, 3]))
    assert.deepEqual(names(seen), ['call start', 'call end', 'call asyncStart', 'call asyncEnd'])
    assert.equal(new Set(seen.map(({ event }) => event)).size, 1)
    const { cpu, ...rest } = (seen[0] as Told).event
    assert.deepEqual(rest, { module: 'add', function: 'add', outcome: 'ok', ran: true, slices: 1, result: [5] })
    assert.ok((cpu as number) >= 0)
  })

  behaviour('a call that fails is told with its error, and one that was refused too', async (bench) => {
    const module = await bench.load('traps')
    const errors: unknown[] = []
    const seen = await told('traps', async () => {
      errors.push(await failure(module.call('unreachable'), 'trap'))
      errors.push(await failure(module.call('ok', [], { signal: AbortSignal.abort() }), 'aborted'))
    })
    const [trapped, refused] = find(seen, 'call error')
    assert.deepEqual([trapped?.error, refused?.error], errors)
    assert.deepEqual([trapped?.outcome, trapped?.ran], ['trap', true])
    assert.deepEqual([refused?.outcome, refused?.ran, refused?.cpu, refused?.slices], ['aborted', false, 0, 0])
  })

  behaviour('a synchronous call is told within itself', async (bench) => {
    const module = await bench.load('traps')
    const seen = await told('traps', async () => {
      module.callSync('ok')
      await failure(() => module.callSync('unreachable'), 'trap')
    })
    assert.deepEqual(
      names(seen).filter((name) => name.startsWith('call')),
      ['call start', 'call end', 'call start', 'call error', 'call end'],
    )
    assert.deepEqual([seen[0]?.event.outcome, seen[0]?.event.result], ['ok', [7]])
    assert.equal(find(seen, 'call error')[0]?.outcome, 'trap')
  })

  behaviour('calls of a lease are told like others', async (bench) => {
    const module = await bench.load('counter')
    const seen = await told('counter', () => module.use((instance) => instance.call('increment')))
    assert.deepEqual(names(seen), ['call start', 'call end', 'call asyncStart', 'call asyncEnd'])
    assert.equal(seen[0]?.event.outcome, 'ok')
  })

  behaviour('fuel that a call burnt is told, if its module counts any', async (bench) => {
    const module = await bench.load('add', { fuel: 1_000 })
    const [event] = find(await told('add', () => module.call('add', [1, 2])), 'call asyncEnd')
    assert.equal(event?.fuel, module.stats.lastFuel)
    assert.ok((event?.fuel as bigint) > 0n)
  })

  behaviour('a stop is told when it happens, and the restart that follows', async (bench) => {
    const module = await bench.load('infinite_loop', { host: { execTimeout: 5_000 } })
    const seen = await told('infinite_loop', async () => {
      await failure(module.call('loop', [], { timeout: 15 }), 'deadline')
      await module.call('ready')
    })
    const [stop] = find(seen, 'stop')
    assert.equal(stop?.code, 'deadline')
    assert.match(stop?.phase as string, /running|suspended/)
    assert.ok((stop?.elapsed as number) >= 15)
    assert.deepEqual(find(seen, 'restart'), [{ module: 'infinite_loop', generation: 2 }])
    const [event] = find(seen, 'call error')
    assert.ok((event?.cpu as number) > 0)
    if (mode.jspi) assert.ok((event?.slices as number) > 1)
    const order = names(seen)
    assert.ok(order.indexOf('stop') < order.indexOf('call error'))
  })

  behaviour('a lease that is closed as it gets its instance is told as stopped once, and does not begin', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const module = await host.loadModule('plugin', fixture('counter'), { weight: 1_000 })
    const closing = await host.loadModule('closing', wat(CALLS_HOST), { imports: { h: { f: () => void module.close() } } })
    const endless = await host.loadModule('endless', fixture('infinite_loop'))
    const seen = await told('plugin', async () => {
      // While one holds the instance the turn is used up; the next has it in the turn in which it is closed
      const before = module.use(() => failure(() => endless.callSync('loop', [], { timeout: 5 }), 'deadline'))
      let began = false
      const lease = module.use(() => {
        began = true
      })
      await before
      const call = closing.call('host', [0])
      await failure(lease, 'closed')
      await call
      assert.equal(began, false)
    })
    assert.equal(find(seen, 'stop').length, 1)
  })

  behaviour('who is told of a stop may call another guest, and harms no call on whose stack that is', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const called = await host.loadModule('called', fixture('add'))
    const endless = await host.loadModule('endless', fixture('infinite_loop'))
    const f = () => void failure(() => endless.callSync('loop', [], { timeout: 5 }), 'deadline')
    const module = await host.loadModule('plugin', wat(CALLS_HOST), { imports: { h: { f } } })
    const results: unknown[] = []
    const onStop = () => results.push(called.callSync('add', [1, 2]))
    channel('curfew.stop').subscribe(onStop)
    try {
      assert.deepEqual(await module.call('host', [3_000_000]), [3_000_000])
      await failure(() => module.callSync('host', [0x7fff_ffff], { timeout: 10 }), 'deadline')
    } finally {
      channel('curfew.stop').unsubscribe(onStop)
    }
    assert.deepEqual(results, [[3], [3], [3]])
  })

  behaviour('a restart that fails is told with its error', async (bench) => {
    let failing = false
    const setup = () => {
      if (failing) throw new Error('no more')
    }
    const module = await bench.load('infinite_loop', { setup, host: { execTimeout: 5_000 } })
    failing = true
    const seen = await told('infinite_loop', async () => {
      await failure(module.call('loop', [], { timeout: 5 }), 'deadline')
      await failure(module.call('ready'), 'broken')
    })
    assert.deepEqual(
      find(seen, 'restart').map(({ generation, error }) => [generation, (error as { code: string }).code]),
      [
        [2, 'start-failed'],
        [3, 'start-failed'],
        [4, 'start-failed'],
      ],
    )
  })

  behaviour('loading, replacing and closing are told', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const seen = await told('plugin', async () => {
      const module = await host.loadModule('plugin', fixture('add'))
      await failure(module.replace(Uint8Array.of(1)), 'malformed')
      await module.replace(fixture('counter'))
      await module.call('increment')
      await module.close()
      await module.close()
      await nextTurn()
    })
    assert.deepEqual(
      find(seen, 'load start').map(({ isReplacement }) => isReplacement),
      [false, true, true],
    )
    assert.deepEqual(
      find(seen, 'load error').map(({ error }) => (error as { code: string }).code),
      ['malformed'],
    )
    assert.equal(find(seen, 'load asyncEnd').length, 3)
    assert.deepEqual(find(seen, 'replace'), [{ module: 'plugin' }])
    const closed = find(seen, 'close')
    assert.equal(closed.length, 1)
    assert.deepEqual(
      closed.map(({ stats }) => (stats as { calls: number }).calls),
      [1],
    )
  })
}
