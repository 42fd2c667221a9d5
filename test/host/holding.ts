/** Who has the instance, when a lease, a nested call or a restart ends in the middle of another: after each, the module answers. */
import assert from 'node:assert/strict'
import type { Lease, Module } from '../../src/index.ts'
import { behaviour, failure, type Mode, nextTurn, within } from '../support/host.ts'

const GUEST = `(module (import "h" "f" (func $f)) (global $calls (mut i32) (i32.const 0))
  (func (export "i") (result i32) (global.set $calls (i32.add (global.get $calls) (i32.const 1))) (global.get $calls))
  (func (export "loop") (loop $l (br $l)))
  (func (export "trap") unreachable)
  (func (export "host") (call $f) (call $f)))`

/** A guest whose host function can be set. */
class Hosted {
  f: () => void = () => undefined
  readonly imports = { h: { f: () => this.f() } }
}

async function answers(module: Module): Promise<void> {
  assert.equal((await within(module.call('i', [], { timeout: 1_000 }), 'the module to answer')).length, 1)
}

export function holding(mode: Mode): void {
  behaviour('a lease that runs out under its synchronous call leaves a module that works', async (bench) => {
    const module = await bench.load(GUEST, { imports: new Hosted().imports })
    await failure(
      module.use((lease) => void lease.callSync('loop'), { timeout: 20 }),
      'lease-timeout',
    )
    await answers(module)
  })

  behaviour('a lease that is aborted in a host function under its synchronous call leaves a module that works', async (bench) => {
    const hosted = new Hosted()
    const module = await bench.load(GUEST, { imports: hosted.imports })
    const controller = bench.abortController()
    hosted.f = () => controller.abort()
    await failure(
      module.use((lease) => void lease.callSync('host'), { signal: controller.signal }),
      'aborted',
    )
    await answers(module)
  })

  behaviour('`setup` that goes on after a failure of its calls has failed', async (bench) => {
    const setup = (lease: Lease) => lease.call('trap').catch(() => undefined)
    await failure(bench.load(GUEST, { imports: new Hosted().imports, setup }), 'start-failed')
  })

  behaviour("a synchronous call in `setup` is fine with `reuse: 'never'`", async (bench) => {
    const module = await bench.load(GUEST, { imports: new Hosted().imports, reuse: 'never', setup: (lease) => void lease.callSync('i') })
    assert.deepEqual(await module.call('i'), [2])
    assert.deepEqual(await module.call('i'), [2])
  })

  behaviour('a lease cannot be used to enter its suspended guest from a host function of another module', async (bench) => {
    const hosted = new Hosted()
    const leased = await bench.load(GUEST, { imports: new Hosted().imports })
    const other = await bench.load(GUEST, { imports: hosted.imports })
    await leased.use(async (lease) => {
      const looping = failure(lease.call('loop', [], { timeout: 30 }), 'deadline')
      const codes: string[] = []
      hosted.f = () => {
        try {
          lease.callSync('i')
        } catch (error) {
          codes.push((error as { code: string }).code)
        }
      }
      await nextTurn()
      await other.call('host')
      for (const code of codes) assert.match(code, /busy|stale/)
      assert.equal(codes.length, 2)
      await looping
    })
    await answers(leased)
  })

  behaviour('a step of a lease that waits for the one before it has its own deadline', async (bench) => {
    const module = await bench.load(GUEST, { imports: new Hosted().imports })
    await module.use(async (lease) => {
      const first = failure(lease.call('loop', [], { timeout: 60 }), 'deadline')
      // Without JSPI the first is over before the second is made, and the instance with it
      const second = await failure(lease.call('i', [], { timeout: 15 }), mode.jspi ? 'deadline' : 'stale')
      assert.equal(second.ran, false)
      await first
    })
    await answers(module)
  })

  behaviour('a synchronous call has its deadline from the first host function on, whatever credit is left from before', async (bench) => {
    const hosted = new Hosted()
    const module = await bench.load(GUEST, { imports: hosted.imports, nestedTimeout: 0 })
    module.callSync('i', [], { timeout: 20 })
    hosted.f = () => void module.call('loop').catch(() => undefined)
    assert.throws(() => module.callSync('host', [], { timeout: 20 }), { code: 'deadline' })
    await answers(module)
  })

  behaviour('closing from a host function under a lease ends the lease, and makes no further instance', async (bench) => {
    const hosted = new Hosted()
    let setups = 0
    const module = await bench.load(GUEST, { imports: hosted.imports, setup: () => void setups++ })
    hosted.f = () => void module.close()
    await failure(
      module.use((lease) => {
        lease.callSync('host')
        return new Promise(() => undefined)
      }),
      'closed',
    )
    await nextTurn()
    assert.equal(setups, 1)
  })

  behaviour('a restart that a host function of another module brings about has limits of its own', async (bench) => {
    const hosted = new Hosted()
    const broken = await bench.load(GUEST, { imports: new Hosted().imports, setup: async (lease) => void (await lease.call('i')) })
    const module = await bench.load(GUEST, { imports: hosted.imports })
    hosted.f = () => assert.throws(() => broken.callSync('trap', [], { timeout: 100 }), { code: /trap|busy/ })
    await module.call('host')
    await answers(broken)
  })

  behaviour('`maxQueue` is about calls that wait for others, not for their turn', async (bench) => {
    const module = await bench.load(GUEST, { imports: new Hosted().imports, host: { maxQueue: 0, slice: 0.05 } })
    for (let n = 0; n < 500; n++) await module.call('i')
  })
}
