/** Host functions that call back into the guest that called them. */
import assert from 'node:assert/strict'
import type { CurfewError, LoadOptions, Module } from '../../src/index.ts'
import { withFakeClock } from '../support/fake-clock.ts'
import { type Bench, behaviour, busy, failure, hostCalls, nextTurn } from '../support/host.ts'

/** A guest whose import `callback` is given the module itself. */
async function guest(bench: Bench, callback: (self: Module) => unknown, options: LoadOptions & { host?: object } = {}): Promise<Module> {
  const module: Module = await bench.load('host_calls', { imports: hostCalls({ callback: () => callback(module) }), ...options })
  return module
}

function thrownBy(attempt: () => unknown): CurfewError {
  try {
    attempt()
  } catch (error) {
    return error as CurfewError
  }
  return assert.fail('nothing was thrown')
}

export function nesting(): void {
  behaviour('a host function may call back into its caller by `callSync`, and sees and makes its state', async (bench) => {
    const module = await guest(bench, (self) => (self.callSync('nested')[0] as number) + (self.callSync('nested')[0] as number))
    assert.deepEqual(await module.call('callback'), [1 + 2 + 1])
    assert.deepEqual(module.callSync('callback'), [3 + 4 + 1])
    assert.deepEqual(await module.call('nested'), [5])
    assert.deepEqual(module.stats.outcomes, { ok: 7 })
  })

  behaviour('a host function may call back by `call`, which has run when it returns', async (bench) => {
    const results: unknown[] = []
    const module = await guest(bench, (self) => {
      void self.call('nested').then((result) => results.push(result))
      return self.callSync('nested')[0]
    })
    assert.deepEqual(await module.call('callback'), [2 + 1])
    assert.deepEqual(results, [[1]])
  })

  behaviour('a host function may call back through a lease that its caller runs in', async (bench) => {
    const module: Module = await bench.load('host_calls', { imports: hostCalls({ callback: () => inside?.() }) })
    let inside: (() => unknown) | undefined
    await module.use(async (instance) => {
      inside = () => instance.callSync('nested')[0]
      assert.deepEqual(await instance.call('callback'), [2])
      assert.deepEqual(instance.callSync('callback'), [3])
    })
  })

  behaviour('nesting goes deeper: a nested call may call the host, which calls back', async (bench) => {
    let depth = 0
    const module = await guest(bench, (self) => (++depth < 5 ? self.callSync('callback')[0] : 100), { nestedTimeout: 5_000 })
    assert.deepEqual(await module.call('callback'), [105])
  })

  behaviour('nesting without end is a stack overflow or runs out of `nestedTimeout`, and the module works on', async (bench) => {
    const module = await guest(bench, (self) => self.callSync('callback')[0])
    const error = await failure(module.call('callback'))
    assert.ok(['stack-overflow', 'nested-timeout', 'host-function'].includes(error.code), error.code)
    assert.deepEqual(await module.call('nested'), [1])
  })

  behaviour('however deep a guest is when it calls the host, what that does with guests is done whole or not at all', async (bench) => {
    const deep = `(module (import "h" "f" (func $f))
      (func $down (export "down") (param i32) (if (i32.eqz (local.get 0)) (then (call $f)) (else (call $down (i32.sub (local.get 0) (i32.const 1)))))) (func (export "nothing")))`
    const other = await bench.load('host_calls', { imports: hostCalls() })
    const later: Promise<unknown>[] = []
    const doings: ((self: Module) => unknown)[] = [
      () => void later.push(other.call('nested').catch(() => undefined)),
      () => void later.push(other.use((instance) => instance.call('nested')).catch(() => undefined)),
      (self) => self.callSync('nothing'),
    ]
    let doing = 0
    const module: Module = await bench.load(deep, { imports: { h: { f: () => (doings[doing] as (self: Module) => unknown)(module) } }, restart: 'always' })
    const attempt = (depth: number): boolean => {
      try {
        module.callSync('down', [depth], { timeout: 1_000 })
        return true
      } catch {
        return false
      }
    }
    let [works, fails] = [0, 1 << 20]
    while (fails - works > 1) {
      const middle = (works + fails) >> 1
      if (attempt(middle)) works = middle
      else fails = middle
      await nextTurn()
    }
    for (; doing < doings.length; doing++) {
      for (let depth = works - 3_000; depth < works + 100; depth += 31) {
        attempt(depth)
        await Promise.all(later.splice(0))
        assert.equal((await other.call('nested')).length, 1, `a depth of ${depth}`)
        await module.call('nothing')
      }
    }
    // Deeper and deeper, by steps of any size: the stack ends in each place of the way
    for (let step = 0; step < 40; step++) {
      doings[doing] = (self) => self.callSync('down', [step])
      attempt(step)
      await module.call('nothing')
    }
  })

  behaviour('a nested call that loops ends at `nestedTimeout`, which the outer call says', async (bench) => {
    let inner: CurfewError | undefined
    const module = await guest(bench, (self) => {
      inner = thrownBy(() => self.callSync('nested_loop'))
      throw inner
    })
    const error = await failure(module.call('callback'))
    assert.equal(inner?.code, 'nested-timeout')
    assert.equal(inner.figures.timeout, 10)
    assert.equal(inner.function, 'nested_loop')
    assert.ok(error.code === 'nested-timeout' || error.code === 'host-function', `the guest did not ${error.code} by itself`)
    assert.equal(error.function, 'callback')
    assert.equal(error.cause, inner)
    assert.deepEqual(await module.call('nested'), [1])
  })

  behaviour('`nestedTimeout` can be set, and 0 leaves the budget of the outer call', async (bench) => {
    let inner: CurfewError | undefined
    const set = await guest(
      bench,
      (self) => {
        inner = thrownBy(() => self.callSync('nested_loop'))
      },
      { nestedTimeout: 3 },
    )
    await failure(set.call('callback'))
    assert.equal(inner?.figures.timeout, 3)
    const none = await guest(bench, (self) => self.callSync('nested_loop'), { nestedTimeout: 0, host: { execTimeout: 30 } })
    const error = await failure(none.call('callback'), 'deadline')
    assert.equal(error.function, 'callback')
    assert.equal(error.figures.timeout, 30)
  })

  behaviour('a nested call is within the deadline of the outer one', async (bench) => {
    let inner: CurfewError | undefined
    const module = await guest(
      bench,
      (self) => {
        inner = thrownBy(() => self.callSync('nested_loop'))
      },
      { nestedTimeout: 5_000, host: { execTimeout: 20 } },
    )
    const error = await failure(module.call('callback'), 'deadline')
    assert.equal(error.function, 'callback')
    assert.equal(inner?.code, 'deadline')
    assert.ok((error.figures.elapsed as number) < 1_000)
  })

  behaviour('a nested call is within the CPU time of the outer one', async (bench) => {
    const module = await guest(bench, (self) => self.callSync('nested_loop'), { nestedTimeout: 5_000, host: { execTimeout: 5_000, cpuTimeout: 20 } })
    await failure(module.call('callback'), 'cpu-timeout')
  })

  behaviour('a stop of a nested call cannot be swallowed by the host function: its guest is gone', async (bench) => {
    let after: string | undefined
    const module = await guest(bench, (self) => {
      thrownBy(() => self.callSync('nested_loop'))
      after = thrownBy(() => self.callSync('nested')).code
      return 5
    })
    for (const name of ['callback', 'callback_catching']) {
      const error = await failure(module.call(name))
      assert.equal(error.code, 'nested-timeout', 'the guest did not trap by itself')
      assert.ok(after === 'stale' || after === 'busy', after)
    }
    assert.deepEqual(await module.call('nested'), [1])
  })

  behaviour('a host function that swallows the stop of its nested call and then loops in the host is ended as it returns', async (bench) => {
    const module = await guest(bench, (self) => {
      thrownBy(() => self.callSync('nested_loop'))
      busy(40)
      return 1
    })
    const error = await failure(module.call('callback', [], { timeout: 30 }))
    assert.ok(error.code === 'deadline' || error.code === 'nested-timeout', error.code)
    assert.deepEqual(await module.call('nested'), [1])
  })

  const TRAPPING = `(module
    (import "env" "callback" (func $callback (result i32)))
    (func (export "callback") (result i32) (call $callback))
    (func (export "fail") unreachable)
    (func (export "ok") (result i32) (i32.const 7)))`

  async function trapping(bench: Bench, options: LoadOptions): Promise<{ module: Module; inner: () => CurfewError | undefined }> {
    let inner: CurfewError | undefined
    const callback = () => {
      inner = thrownBy(() => module.callSync('fail'))
      return 5
    }
    const module: Module = await bench.load(TRAPPING, { imports: { env: { callback } }, ...options })
    return { module, inner: () => inner }
  }

  behaviour('a nested trap that the host function catches ends the outer call as well, for that reason', async (bench) => {
    const { module, inner } = await trapping(bench, {})
    const error = await failure(module.call('callback'), 'trap')
    assert.equal(inner()?.code, 'trap')
    assert.equal(inner()?.function, 'fail')
    assert.equal(error.function, 'callback')
    assert.ok(error.cause === inner() || error.cause === inner()?.cause, 'the cause is the trap that happened')
    assert.deepEqual(await module.call('ok'), [7])
    assert.equal(module.stats.restarts, 1)
  })

  behaviour("with `onTrap: 'keep'` a nested trap that the host function catches leaves the outer call running", async (bench) => {
    const { module } = await trapping(bench, { onTrap: 'keep' })
    assert.deepEqual(await module.call('callback'), [5])
    assert.equal(module.stats.restarts, 0)
  })

  behaviour('wrong nested calls are errors of their own and harm nothing', async (bench) => {
    const module = await guest(bench, (self) => {
      assert.equal(thrownBy(() => self.callSync('nope')).code, 'no-such-function')
      assert.equal(thrownBy(() => self.callSync('log', [])).code, 'bad-argument')
      return 1
    })
    assert.deepEqual(await module.call('callback'), [2])
  })

  behaviour('time of a nested call is counted once', async (bench) => {
    await withFakeClock(async (clock) => {
      const callback = () => void thrownBy(() => module.callSync('log_loop'))
      const imports = hostCalls({ callback, log: () => clock.advance(1) })
      const module: Module = await bench.load('host_calls', { nestedTimeout: 30, imports })
      const error = await failure(module.call('callback'))
      assert.equal(error.figures.cpu, 30)
      assert.equal(module.stats.cpu, 30)
    })
  })
}
