/** `use`: one instance, held for several steps. */
import assert from 'node:assert/strict'
import { type Lease, UsageError } from '../../src/index.ts'
import { behaviour, failure, hostCalls, type Mode, nextTurn, sleep } from '../support/host.ts'

/** Never settles: what a lease whose holder has forgotten it waits for. */
const NEVER = new Promise<never>(() => undefined)

export function leases(mode: Mode): void {
  behaviour('`use` returns what its work returns, and rejects with what it throws', async (bench) => {
    const module = await bench.load('counter')
    assert.equal(await module.use(async (instance) => (await instance.call('increment'))[0]), 1)
    assert.equal(await module.use(() => 'sync'), 'sync')
    const reason = new Error('work failed')
    await assert.rejects(
      module.use(() => {
        throw reason
      }),
      reason,
    )
    assert.deepEqual(await module.call('increment'), [2])
    assert.equal(module.stats.restarts, 0)
  })

  behaviour('a lease that is over as it begins ends with `lease-timeout`', async (bench) => {
    const module = await bench.load('counter')
    const work = () => new Promise(() => undefined)
    for (let time = 0; time < 20; time++) await failure(module.use(work, { timeout: 1e-6 }), 'lease-timeout')
  })

  behaviour('a lease is exclusive: other calls and leases wait until its work has settled', async (bench) => {
    const module = await bench.load('counter')
    const order: string[] = []
    const lease = module.use(async (instance) => {
      order.push(`lease ${await instance.call('increment')}`)
      await sleep(10)
      order.push(`lease ${await instance.call('increment')}`)
    })
    const call = module.call('increment').then((result) => order.push(`call ${result}`))
    const second = module.use(async (instance) => order.push(`second ${await instance.call('increment')}`))
    await Promise.all([lease, call, second])
    assert.deepEqual(order, ['lease 1', 'lease 2', 'call 3', 'second 4'])
  })

  behaviour('what is written can be read by the guest and back', async (bench) => {
    const module = await bench.load('counter')
    await module.use(async (instance) => {
      await instance.write(0, Uint8Array.of(1, 2, 0, 0))
      assert.deepEqual(await instance.call('stored'), [0x0201])
      assert.equal(new TextDecoder().decode(await instance.read(16, 5)), 'fresh')
      assert.equal(instance.memorySize, 65536)
      assert.deepEqual(await instance.read(0n, 2), Uint8Array.of(1, 2))
    })
  })

  behaviour('reading gives a copy, and writing takes one', async (bench) => {
    const module = await bench.load('counter')
    await module.use(async (instance) => {
      const before = await instance.read(16, 5)
      await instance.write(16, Uint8Array.of(120))
      assert.equal(new TextDecoder().decode(before), 'fresh')
      before.fill(0)
      assert.equal(new TextDecoder().decode(await instance.read(16, 5)), 'xresh')
      assert.equal(before.buffer.byteLength, 5, 'the copy does not carry the whole memory')
      const mine = Uint8Array.of(1)
      await instance.write(16, mine)
      mine[0] = 9
      assert.deepEqual(await instance.read(16, 1), Uint8Array.of(1))
    })
  })

  behaviour('reads and writes outside the memory are refused with the figures, at its very edge too', async (bench) => {
    const module = await bench.load('counter')
    await module.use(async (instance) => {
      assert.equal((await instance.read(65535, 1)).length, 1)
      assert.equal((await instance.read(65536, 0)).length, 0)
      await instance.write(65534, Uint8Array.of(1, 2))
      for (const [address, length] of [
        [65536, 1],
        [65535, 2],
        [2 ** 32, 1],
        [Number.MAX_SAFE_INTEGER, 1],
        [0, 65537],
      ] as const) {
        const error = await failure(instance.read(address, length), 'out-of-bounds')
        assert.deepEqual(error.figures, { address, length, size: 65536 })
        assert.ok(error instanceof UsageError)
      }
      const error = await failure(instance.write(65535, Uint8Array.of(1, 2)), 'out-of-bounds')
      assert.match(error.message, /bytes 65535 to 65537 are outside the guest's memory of 65536 bytes \(module "counter"\)/)
      assert.deepEqual(await instance.read(65535, 1), Uint8Array.of(2), 'nothing is written of what does not fit')
      await failure(instance.read(2n ** 64n, 1), 'out-of-bounds')
      await failure(instance.read(0, 1, { memory: 1 }), 'out-of-bounds')
      for (const wrong of [-1, 1.5, Number.NaN, '0', undefined]) {
        await failure(instance.read(wrong as number, 1), 'invalid-option')
        await failure(instance.read(0, wrong as number), 'invalid-option')
        await failure(instance.write(wrong as number, Uint8Array.of(1)), 'invalid-option')
      }
      await failure(instance.write(0, 'text' as unknown as Uint8Array), 'invalid-option')
      assert.deepEqual(await instance.call('count'), [0], 'the instance is unharmed')
    })
  })

  behaviour('a memory that has grown is read and written in its new size, and a second memory by its index', async (bench) => {
    const module = await bench.load(
      '(module (memory 1) (memory 1) (data (memory 1) (i32.const 0) "two") (func (export "grow") (drop (memory.grow (i32.const 1)))))',
    )
    await module.use(async (instance) => {
      await failure(instance.read(65536, 1), 'out-of-bounds')
      await instance.call('grow')
      assert.equal((await instance.read(131071, 1)).length, 1)
      assert.equal(new TextDecoder().decode(await instance.read(0, 3, { memory: 1 })), 'two')
    })
  })

  behaviour('after `use` has ended its lease is stale, whatever is asked of it', async (bench) => {
    const module = await bench.load('counter')
    let kept: Lease | undefined
    await module.use((instance) => {
      kept = instance
    })
    await stale(kept as Lease)
    assert.deepEqual(await module.call('increment'), [1])
  })

  behaviour('after a stop in a lease everything is stale, and the next lease has a fresh instance', async (bench) => {
    const module = await bench.load('counter', { host: { execTimeout: 5_000 } })
    await module.use(async (instance) => {
      await instance.call('increment')
      await failure(instance.call('increment_and_loop', [], { timeout: 20 }), 'deadline')
      await stale(instance)
    })
    assert.deepEqual(await module.use((instance) => instance.call('increment')), [1])
  })

  behaviour('after a trap in a lease everything is stale', async (bench) => {
    const module = await bench.load('traps')
    await module.use(async (instance) => {
      await failure(instance.call('unreachable'), 'trap')
      await failure(instance.call('ok'), 'stale')
      await failure(() => instance.callSync('ok'), 'stale')
    })
    assert.deepEqual(await module.call('ok'), [7])
  })

  behaviour('a lease has a time limit: past it everything throws, and others get a fresh instance', async (bench) => {
    const module = await bench.load('counter')
    await module.call('increment')
    let work: Promise<unknown> | undefined
    const error = await failure(
      module.use(
        (instance) => {
          work = sleep(40).then(() => failure(instance.call('increment')))
          return work
        },
        { timeout: 15 },
      ),
      'lease-timeout',
    )
    const { code } = (await work) as { code?: string }
    assert.ok(code === 'lease-timeout' || code === 'stale', code)
    assert.equal(error.module, 'counter')
    assert.equal(error.figures.timeout, 15)
    assert.match(error.message, /the lease was held past its 15 ms/)
    assert.deepEqual(await module.call('increment'), [1])
  })

  behaviour('`use` rejects at its time limit though its work never settles', async (bench) => {
    const module = await bench.load('counter')
    const error = await failure(
      module.use(() => NEVER, { timeout: 15 }),
      'lease-timeout',
    )
    assert.equal(error.figures.timeout, 15)
    assert.deepEqual(await module.call('increment'), [1])
  })

  behaviour('a guest that loops in a lease ends at the limit of the lease, though calls have none', async (bench) => {
    const module = await bench.load('infinite_loop', { host: { execTimeout: 2_000 } })
    const error = await failure(
      module.use((instance) => instance.call('loop'), { timeout: 20 }),
      'lease-timeout',
    )
    assert.match(error.message, /the lease was held past its 20 ms/)
    assert.equal(error.figures.timeout, 20)
    assert.deepEqual(await module.call('ready'), [1])
  })

  behaviour('`callSync` that loops in a lease ends at the limit of the lease', async (bench) => {
    const module = await bench.load('infinite_loop', { host: { execTimeout: 2_000 } })
    const began = performance.now()
    const error = await failure(
      module.use((instance) => instance.callSync('loop'), { timeout: 20 }),
      'lease-timeout',
    )
    assert.ok(performance.now() - began < 1_000)
    assert.equal(error.figures.timeout, 20)
  })

  behaviour('waiting for a lease counts against its limit', async (bench) => {
    const module = await bench.load('counter')
    await module.use(async () => {
      const error = await failure(
        module.use(() => 1, { timeout: 15 }),
        'lease-timeout',
      )
      assert.equal(error.phase, 'queued')
      assert.equal(error.ran, false)
    })
    assert.equal(module.stats.restarts, 0)
  })

  behaviour('a signal ends a lease: its reason is the cause, and the instance is replaced', async (bench) => {
    const module = await bench.load('counter')
    const controller = bench.abortController()
    const error = await failure(
      module.use(
        async (instance) => {
          await instance.call('increment')
          controller.abort('enough')
          await nextTurn()
          return instance.call('increment')
        },
        { signal: controller.signal },
      ),
    )
    assert.ok(error.code === 'aborted' || error.code === 'stale', error.code)
    assert.deepEqual(await module.call('increment'), [1])
    await failure(
      module.use(() => 1, { signal: controller.signal }),
      'aborted',
    )
  })

  behaviour('`callSync` works in a lease, and is busy while another call of it is under way', async (bench) => {
    const module = await bench.load('infinite_loop')
    await module.use(async (instance) => {
      assert.deepEqual(instance.callSync('ready'), [1])
      const running = failure(instance.call('loop', [], { timeout: 30 }), 'deadline')
      if (mode.jspi) await failure(() => instance.callSync('ready'), 'busy')
      await running
    })
  })

  behaviour('calls made at once in one lease run one after another, in order', async (bench) => {
    const order: number[] = []
    const module = await bench.load('host_calls', { imports: hostCalls({ log: (value) => order.push(value) }) })
    await module.use((instance) => Promise.all([1, 2, 3, 4].map((value) => instance.call('log', [value]))))
    assert.deepEqual(order, [1, 2, 3, 4])
  })

  behaviour('when the first of several calls in a lease is stopped, the others are stale', async (bench) => {
    const module = await bench.load('counter', { host: { execTimeout: 5_000 } })
    await module.use(async (instance) => {
      const first = failure(instance.call('increment_and_loop', [], { timeout: 20 }), 'deadline')
      const others = [failure(instance.call('increment'), 'stale'), failure(instance.call('increment'), 'stale')]
      await first
      for (const error of await Promise.all(others)) assert.equal(error.ran, false)
    })
  })

  behaviour('calls in a lease are checked like any other', async (bench) => {
    const module = await bench.load('add')
    await module.use(async (instance) => {
      await failure(instance.call('nope'), 'no-such-function')
      await failure(instance.call('add', [1]), 'bad-argument')
      await failure(() => instance.callSync('add', [1, 2n]), 'bad-argument')
      await failure(instance.call('add', [1, 2], { timeout: Number.NaN }), 'invalid-option')
      await failure(instance.call('add', [1, 2], { signal: AbortSignal.abort() }), 'aborted')
      assert.deepEqual(await instance.call('add', [1, 2]), [3])
    })
    await failure(module.use('work' as unknown as () => void), 'invalid-option')
    await failure(
      module.use(() => 1, { timeout: -1 }),
      'invalid-option',
    )
  })
}

async function stale(lease: Lease): Promise<void> {
  await failure(lease.call('increment'), 'stale')
  await failure(() => lease.callSync('increment'), 'stale')
  await failure(lease.read(0, 1), 'stale')
  await failure(lease.write(0, Uint8Array.of(1)), 'stale')
  await failure(() => lease.memorySize, 'stale')
}
