/** Values on their way between threads: two ends, and what one sends given to the other as structured cloning makes it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type CurfewError, callError, LoadError } from '../../src/errors.ts'
import { Crossing, type Sent } from '../../src/threads/crossing.ts'
import { nextTurn } from '../support/host.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

class Ends {
  readonly dropped: [handle: number, count: number][] = []
  readonly host: Crossing
  readonly thread: Crossing

  constructor() {
    const invoke = () => 'called'
    this.host = new Crossing({ copiesErrors: false, dropped: () => undefined, invoke })
    this.thread = new Crossing({ copiesErrors: true, dropped: (...what) => this.dropped.push(what), invoke })
  }

  toThread(value: unknown): unknown {
    return this.thread.receive(structuredClone(this.host.send(value)))
  }

  toHost(value: unknown): unknown {
    return this.host.receive(structuredClone(this.thread.send(value)))
  }
}

test('what can be copied is, and is not kept', () => {
  const ends = new Ends()
  for (const value of [1, -0, Number.NaN, 2n ** 63n, 'text', true, null, undefined]) assert.ok(Object.is(ends.toThread(value), value))
  assert.equal(ends.host.size, 0)
})

test('an object, a function or a symbol comes back as itself, and is one thing at the other side however often it is sent', () => {
  const ends = new Ends()
  for (const value of [{ a: 1 }, [1], () => 1, Symbol('s'), Symbol.for('s'), new Error('e'), new Date(), new Map(), Object.create(null)]) {
    const there = ends.toThread(value)
    assert.notEqual(there, value)
    assert.equal(ends.toThread(value), there)
    assert.equal(ends.toHost(there), value)
  }
})

test('what stands for a value looks like it to who describes it', () => {
  const ends = new Ends()
  assert.ok(Array.isArray(ends.toThread([1])))
  assert.equal(typeof ends.toThread(() => 1), 'function')
  assert.equal(typeof ends.toThread(Symbol()), 'symbol')
  assert.equal(Object.prototype.toString.call(ends.toThread(new Date())), '[object Date]')
  const error = ends.toThread(Object.assign(new TypeError('why'), { name: 'Mine' })) as Error
  assert.ok(error instanceof Error)
  assert.deepEqual([error.name, error.message], ['Mine', 'why'])
  assert.ok(ends.toThread(new WebAssembly.RuntimeError('made by hand')) instanceof WebAssembly.RuntimeError)
})

test('errors of a thread are made anew here: class, code, fields, stack and cause', () => {
  const ends = new Ends()
  const trap = new WebAssembly.RuntimeError('unreachable')
  const details = { module: 'm', function: 'f', phase: 'running' as const, ran: true, figures: { elapsed: 1 }, cause: trap }
  const error = callError('trap', 'it trapped', details)
  const here = ends.toHost(error) as CurfewError
  assert.equal(here.constructor, error.constructor)
  assert.deepEqual({ ...here, message: here.message }, { ...error, message: error.message })
  const cause = here.cause as WebAssembly.RuntimeError
  assert.ok(cause instanceof WebAssembly.RuntimeError)
  assert.deepEqual([cause.message, cause.stack], [trap.message, trap.stack])
  assert.equal('cause' in (ends.toHost(callError('closed', 'it closed')) as Error), false)
  assert.ok(ends.toHost(new LoadError('closed', 'while it loaded')) instanceof LoadError)
  // What the host threw is not made anew
  const thrown = { reason: 1 }
  const failed = ends.toHost(callError('host-function', 'it threw', { cause: ends.toThread(thrown) })) as Error
  assert.equal(failed.cause, thrown)
})

test('a value is kept until everything that stands for it is gone, whatever is on its way meanwhile', () => {
  const ends = new Ends()
  const value = {}
  const sent = ends.host.send(value) as { mine: number }
  ends.host.send(value)
  assert.equal(ends.host.size, 1)
  // The other side dropped what came first while the second was on its way
  ends.host.release(sent.mine, 1)
  assert.equal(ends.host.size, 1)
  assert.equal(ends.host.receive({ yours: sent.mine }), value)
  ends.host.release(sent.mine, 1)
  assert.equal(ends.host.size, 0)
})

test('what stands for a value is not kept: the other side is told, with how often it came', async () => {
  const ends = new Ends()
  const value = {}
  ;(() => {
    for (let n = 0; n < 3; n++) ends.toThread(value)
  })()
  for (let turn = 0; turn < 50 && ends.dropped.length === 0; turn++) {
    collect()
    await nextTurn()
  }
  assert.equal(ends.dropped.length, 1)
  for (const [handle, count] of ends.dropped) ends.host.release(handle, count)
  assert.equal(ends.host.size, 0)
})

test('arrays of what can be copied are sent as they were when they were given', () => {
  const ends = new Ends()
  const args: unknown[] = [1, 2]
  const sent = ends.host.sendAll(args)
  args[0] = {}
  assert.deepEqual(structuredClone(sent) as Sent[], [1, 2])
})

test('a value that does not bear a look at it crosses like any other', () => {
  const no = () => {
    throw new Error('no')
  }
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const odd = [
    proxy,
    Object.defineProperty(new Error('e'), 'message', { get: no }),
    Object.defineProperty({}, Symbol.toStringTag, { get: no }),
    Object.assign(new Error('e'), { name: Symbol('name') }),
    Object.assign(new Error('e'), { stack: no }),
    Object.assign(new Error('e'), { stack: [{ getFileName: no }] }),
    Object.assign(callError('closed', 'it closed'), { code: 'mine' }),
  ]
  const ends = new Ends()
  for (const value of odd) assert.equal(ends.toHost(ends.toThread(value)), value)
})
