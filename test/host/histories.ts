/**
 * Histories at random: some callers do to one module whatever its API has, at the same time, while it is replaced, closes, and loses instances. A
 * small model says how each attempt may end; every one must, and be counted once.
 */
import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import type { ErrorCode, Host, Lease, LoadOptions, Module } from '../../src/index.ts'
import { Random } from '../fuzz/random.ts'
import { Account, type Outcome, type Seen } from '../soak/account.ts'
import { behaviour, type Mode, nextTurn, within } from '../support/host.ts'
import { wat } from '../support/wat.ts'

const SEEDS = 16
const CALLERS = 6
const ATTEMPTS = 12

/** `enter` returns how many calls its instance has had, or -1 if another is inside of it. */
const GUEST = wat(`(module (import "h" "wait" (func $wait (param i32)))
  (global $inside (mut i32) (i32.const 0)) (global $calls (mut i32) (i32.const 0))
  (func (export "enter") (param $rounds i32) (param $wait i32) (result i32)
    (if (global.get $inside) (then (return (i32.const -1))))
    (global.set $inside (i32.const 1))
    (if (local.get $wait) (then (call $wait (local.get $wait))))
    (loop $again
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $again (i32.gt_s (local.get $rounds) (i32.const 0))))
    (global.set $inside (i32.const 0))
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (global.get $calls))
  (func (export "trap") unreachable)
  (func (export "loop") (loop $forever (br $forever))))`)

/** What a guest asks of `wait`: a turn, or for ever. */
const A_TURN = 1
const FOR_EVER = 2

class History {
  readonly #random: Random
  readonly #host: Host
  readonly #mode: Mode
  readonly #account = new Account()
  #module: Module | undefined
  #options: LoadOptions
  /** Has it told that it is closed? */
  #isClosed = false
  /** Was there a version whose calls may end with `closed` while the module goes on? */
  #endsFormer = false
  #replaced = 0
  readonly #closes: unknown[] = []
  readonly #replaces: unknown[] = []

  constructor(seed: number, host: Host, mode: Mode) {
    this.#random = new Random(seed)
    this.#host = host
    this.#mode = mode
    this.#options = this.#anyOptions()
  }

  async run(): Promise<void> {
    const onClose = (event: unknown) => {
      this.#isClosed = true
      this.#closes.push(event)
    }
    const onReplace = (event: unknown) => this.#replaces.push(event)
    channel('curfew.close').subscribe(onClose)
    channel('curfew.replace').subscribe(onReplace)
    try {
      this.#module = await this.#host.loadModule('plugin', GUEST, this.#options)
      await within(Promise.all(Array.from({ length: CALLERS }, () => this.#act())), 'a history')
      if (this.#random.oneIn(2)) await within(this.#module.close(), 'closing the module')
      await within(this.#host.close(), 'closing the host')
      await within(this.#account.idle(), 'what was begun')
    } finally {
      channel('curfew.close').unsubscribe(onClose)
      channel('curfew.replace').unsubscribe(onReplace)
    }
    // What other threads count comes by message, which a replaced version may have been summed up without
    if (this.#mode.threads === undefined) assert.deepEqual(this.#account.differences(this.module.stats), [])
    assert.deepEqual([this.#closes.length, this.#replaces.length], [1, this.#replaced])
    const { calls, instances, modules } = this.#host.stats()
    assert.deepEqual({ calls, instances, modules }, { calls: { running: 0, waiting: 0 }, instances: 0, modules: 0 })
  }

  get module(): Module {
    return this.#module as Module
  }

  #anyOptions(): LoadOptions {
    const random = this.#random
    return {
      imports: { h: { wait: (what: number) => (what === A_TURN ? nextTurn() : new Promise<void>(() => undefined)) } },
      instances: random.between(1, 3),
      reuse: random.pick(['always', 'always', 'never']),
      restart: random.pick(['always', 'always', 'always', 'never']),
      onTrap: random.pick(['restart', 'keep']),
      maxQueue: random.pick([0, 1, 100, 100]),
      ...(random.oneIn(2) ? {} : { setup: () => (random.oneIn(2) ? undefined : nextTurn()) }),
    }
  }

  async #act(): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const kind = this.#random.weighted<() => Promise<unknown>>([
        [8, () => this.#enter()],
        [3, () => this.#call('trap', [], ['trap'])],
        [3, () => this.#call('loop', [], ['deadline'])],
        [this.#mode.threads === undefined ? 3 : 0, () => this.#enterNow()],
        [4, () => this.#lease()],
        [1, () => this.#replace()],
        [this.#random.oneIn(8) ? 1 : 0, () => this.module.close()],
      ])
      await kind()
      if (this.#random.oneIn(2)) await nextTurn()
    }
  }

  async #enter(): Promise<void> {
    const random = this.#random
    const wait = this.#mode.jspi ? random.pick([0, 0, A_TURN, FOR_EVER]) : 0
    const { outcome, value } = await this.#call('enter', [random.pick([1, 200_000]), wait], wait === FOR_EVER ? ['deadline'] : ['ok', 'deadline'])
    if (outcome === 'ok') assert.ok(((value as number[])[0] as number) > 0, 'another call was inside')
  }

  /** A call that ends by itself, at its deadline or by its signal. */
  async #call(name: string, args: number[], expected: Outcome[]): Promise<Seen> {
    const controller = new AbortController()
    const isAborted = this.#random.oneIn(4)
    const timer = isAborted ? setTimeout(() => controller.abort(), this.#random.between(0, 5)) : undefined
    const options = { timeout: this.#random.between(1, 15), signal: controller.signal }
    const seen = await this.#settle(() => this.module.call(name, args, options), [...expected, 'deadline', ...(isAborted ? (['aborted'] as const) : [])])
    clearTimeout(timer)
    return seen
  }

  async #enterNow(): Promise<void> {
    await this.#settle(async () => this.module.callSync('enter', [1, 0], { timeout: 50 }), ['ok', 'busy'])
  }

  async #lease(): Promise<void> {
    let began = false
    const timeout = this.#random.between(1, 20)
    const work = async (lease: Lease) => {
      began = true
      const steps = Array.from({ length: this.#random.between(0, 3) }, () => this.#step(lease))
      if (this.#random.oneIn(2)) await Promise.all(steps)
      if (this.#random.oneIn(4)) await new Promise(() => undefined)
    }
    await this.#settle(
      () => this.module.use(work, { timeout }),
      ['ok', 'lease-timeout'],
      ({ outcome }) => !began && outcome !== 'ok',
    )
  }

  /** One that the lease itself refuses names no function, and is not counted. */
  #step(lease: Lease): Promise<Seen> {
    const [name, ends] = this.#random.pick<[string, ErrorCode]>([
      ['enter', 'deadline'],
      ['enter', 'deadline'],
      ['trap', 'trap'],
      ['loop', 'deadline'],
    ])
    const attempt = () => lease.call(name, name === 'enter' ? [1, 0] : [], { timeout: this.#random.between(1, 10) })
    const expected: Outcome[] = [name === 'enter' ? 'ok' : ends, 'deadline', 'stale', 'lease-timeout']
    return this.#settle(attempt, expected, ({ error }) => error === undefined || error.function !== undefined)
  }

  async #replace(): Promise<void> {
    const drainTimeout = this.#random.pick([0, 1, 10])
    if (drainTimeout > 0 || this.#options.restart === 'never') this.#endsFormer = true
    const isBad = this.#random.oneIn(3)
    const changes = this.#anyOptions()
    const replacing = this.module.replace(isBad ? Uint8Array.of(1) : GUEST, { ...changes, drainTimeout })
    const { outcome } = await this.#settle(
      () => replacing,
      [isBad ? 'malformed' : 'ok', 'busy'],
      () => false,
    )
    if (outcome === 'ok') this.#replaced++
    if (outcome === 'ok') this.#options = { ...this.#options, ...changes }
  }

  /** Has an attempt end as the model says it may, whoever else does what meanwhile. */
  async #settle(make: () => Promise<unknown>, expected: readonly Outcome[], counts: (seen: Seen) => boolean = () => true): Promise<Seen> {
    const wasClosed = this.#isClosed
    const seen = await this.#account.settle(make(), counts)
    const { outcome } = seen
    if (outcome === 'closed') assert.ok(this.#isClosed || this.#endsFormer, 'nobody has closed anything')
    else if (wasClosed) assert.ok(outcome === 'stale' || outcome === 'lease-timeout', `${outcome} of what was made after the module had closed`)
    else if (outcome !== 'overloaded') assert.ok(expected.includes(outcome), `${outcome} in place of ${expected.join(' or ')}: ${seen.error?.stack}`)
    return seen
  }
}

export function histories(mode: Mode): void {
  for (let seed = 1; seed <= SEEDS; seed++) {
    behaviour(`calls, leases, replacements and closes at random: each ends as it may, and is counted once (${seed})`, async (bench) => {
      const random = new Random(seed)
      const host = bench.host({ maxConcurrent: random.pick([1, 2, 1_000]), maxQueue: random.pick([1, 1_000]), slice: random.pick([0.1, 1]) })
      await new History(seed, host, mode).run()
    })
  }
}
