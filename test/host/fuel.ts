/** Fuel: what calls may burn, counted by the instruction, the same however they run. */
import assert from 'node:assert/strict'
import { type Caller, type CurfewError, currentCall, type LoadOptions, type Module, StopError, TrapError } from '../../src/index.ts'
import { behaviour, failure, hostCalls, type Mode } from '../support/host.ts'

/** Three instructions a time around, and five in all besides; and what it has come to in a global. */
const COUNT = `(module
  (global $done (export "done") (mut i32) (i32.const 0))
  (func (export "count") (param $n i32)
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $n)))
        (global.set $done (i32.add (global.get $done) (i32.const 1)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next))))
  (func (export "done_so_far") (result i32) (global.get $done))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`

/** What `count` costs: each time around, and the last time. */
const AROUND = 3 + 4 + 4 + 1
const LAST = 3

const CALLER = `(module
  (import "env" "host" (func $host))
  (func (export "run") (result i32) (call $host) (call $nothing) (i32.const 7))
  (func $nothing)
  (func (export "nested") (param $n i32)
    (loop $next
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next (local.get $n)))))`

/** Calls of a guest whose host function does something with its call. */
async function calling(
  load: (text: string, options: LoadOptions) => Promise<Module>,
  host: (call: Caller, self: Module) => void,
  options: LoadOptions,
): Promise<Module> {
  const module: Module = await load(CALLER, { imports: { env: { host: () => host(currentCall() as Caller, module) } }, ...options })
  return module
}

export function fuel(mode: Mode): void {
  behaviour('a guest whose fuel runs out ends, called either way, and the module works on', async (bench) => {
    const module = await bench.load('infinite_loop', { fuel: 1_000 })
    for (const attempt of [() => module.call('loop'), () => module.callSync('loop')]) {
      const error = await failure(attempt, 'out-of-fuel')
      assert.ok(error instanceof StopError)
      assert.match(error.message, /^the guest used up its fuel of 1000 while running, [\d.]+ ms after it was made, having run for [\d.]+ ms \(function "loop"/)
      assert.deepEqual([error.figures.fuel, error.figures.fuelUsed, error.ran, error.phase], [1_000, 1_000, true, 'running'])
    }
    assert.equal(module.stats.restarts, 2)
    assert.deepEqual(await module.call('ready'), [1])
  })

  behaviour('what a call burnt is counted by the instruction, and shows in `stats`', async (bench) => {
    const module = await bench.load(COUNT, { fuel: Number.POSITIVE_INFINITY })
    await module.call('add', [1, 2])
    assert.deepEqual([module.stats.fuel, module.stats.lastFuel], [3n, 3n])
    module.callSync('count', [100])
    assert.deepEqual([module.stats.fuel, module.stats.lastFuel], [3n + 100n * BigInt(AROUND) + BigInt(LAST), 100n * BigInt(AROUND) + BigInt(LAST)])
    await module.use((lease) => lease.call('count', [0]))
    assert.equal(module.stats.lastFuel, BigInt(LAST))
  })

  behaviour('exactly enough is enough, and one less is not', async (bench) => {
    const module = await bench.load(COUNT, { fuel: Number.POSITIVE_INFINITY })
    const needs = 50 * AROUND + LAST
    await module.call('count', [50], { fuel: needs })
    assert.equal(module.stats.lastFuel, BigInt(needs))
    const error = await failure(module.call('count', [50], { fuel: needs - 1 }), 'out-of-fuel')
    assert.equal(error.figures.fuel, needs - 1)
  })

  behaviour('a guest stops at the same place however it is called and sliced', async (bench) => {
    const places = new Set<unknown>()
    for (const slice of [0.01, 1, 1_000]) {
      const module = await bench.load(COUNT, { host: { execTimeout: 5_000, slice }, fuel: 5_000_000, onTrap: 'keep' })
      for (const call of [() => module.call('count', [-1]), () => module.callSync('count', [-1])]) {
        await module.use(async (lease) => {
          await failure(mode.jspi || slice > 1 ? lease.call('count', [-1]) : () => lease.callSync('count', [-1]), 'out-of-fuel')
        })
        places.add(module.stats.lastFuel)
        await failure(call, 'out-of-fuel')
        places.add(module.stats.lastFuel)
      }
    }
    assert.deepEqual([...places], [5_000_000n])
  })

  behaviour('the least of host, module and call counts, as number or bigint; a call can only tighten', async (bench) => {
    const limit = async (host: number | bigint | undefined, module: number | bigint | undefined, call: number | bigint | undefined) => {
      const loaded = await bench.load('infinite_loop', {
        name: 'm',
        host: { execTimeout: 5_000, ...(host === undefined ? {} : { fuel: host }) },
        ...(module === undefined ? {} : { fuel: module }),
      })
      return (await failure(loaded.call('loop', [], call === undefined ? {} : { fuel: call }), 'out-of-fuel')).figures.fuel
    }
    assert.equal(await limit(100, undefined, undefined), 100)
    assert.equal(await limit(100n, 200, undefined), 100)
    assert.equal(await limit(200, 100n, undefined), 100)
    assert.equal(await limit(200, 300, 100n), 100)
    assert.equal(await limit(undefined, 100, 200), 100)
    assert.equal(await limit(Number.POSITIVE_INFINITY, undefined, 100), 100)
    assert.equal(await limit(undefined, Number.POSITIVE_INFINITY, 100), 100)
    assert.equal(await limit(100, 0, 0n), 100)
  })

  behaviour('a host and its modules say what fuel there is', async (bench) => {
    assert.equal(bench.host({ fuel: 5n }).fuel, 5n)
    assert.equal(bench.host().fuel, 0)
  })

  behaviour('a table of costs replaces the usual ones', async (bench) => {
    const costs = { default: 0, 'global.set': 10, br: 3 }
    const module = await bench.load(COUNT, { fuelCosts: costs })
    await module.call('count', [7])
    assert.equal(module.stats.lastFuel, 7n * 13n)
    const error = await failure(module.call('count', [-1], { fuel: 100 }), 'out-of-fuel')
    assert.equal(error.figures.fuelUsed, 100)
  })

  behaviour('a module that counts no fuel takes none, and says how it would', async (bench) => {
    const module = await bench.load('add')
    const wrong = /^the module counts no fuel: load it with `fuel` \(`Infinity` to count without a limit\) or `fuelCosts` \(module "add"\)/
    const check = (error: CurfewError) => assert.match(error.message, wrong)
    check(await failure(module.call('add', [1, 2], { fuel: 5 }), 'invalid-option'))
    check(await failure(() => module.callSync('add', [1, 2], { fuel: 5 }), 'invalid-option'))
    check(
      await failure(
        module.use((lease) => lease.call('add', [1, 2], { fuel: 5 })),
        'invalid-option',
      ),
    )
    assert.deepEqual([module.stats.fuel, module.stats.lastFuel], [0n, 0n])
  })

  behaviour('fuel bounds `callSync`, which then needs no limit on time', async (bench) => {
    const module = await bench.load('infinite_loop', { host: {}, fuel: Number.POSITIVE_INFINITY })
    await failure(() => module.callSync('ready'), 'unbounded')
    assert.deepEqual(module.callSync('ready', [], { fuel: 100 }), [1])
    await failure(() => module.callSync('loop', [], { fuel: 100_000 }), 'out-of-fuel')
    const other = await bench.load('infinite_loop', { host: { fuel: 100_000 } })
    await failure(() => other.callSync('loop'), 'out-of-fuel')
  })

  behaviour('a host function reads, burns and sets what its caller has left', async (bench) => {
    const seen: unknown[] = []
    const load = (text: string, options: LoadOptions) => bench.load(text, options)
    const module = await calling(
      load,
      (call) => {
        seen.push(call.module, call.fuel, call.consumeFuel(40), call.fuel)
        call.fuel = 5_000n
        seen.push(call.fuel, call.consumeFuel(0n), call.consumeFuel(1_000))
      },
      { name: 'caller', fuel: 100 } as LoadOptions,
    )
    assert.deepEqual(await module.call('run'), [7])
    // The call of the host, that of nothing, and a constant cost 1 each; the first is paid when the host is called
    assert.deepEqual(seen, ['caller', 99n, true, 59n, 5_000n, true, true])
    assert.equal(module.stats.lastFuel, 1n + 40n + 1_000n + 2n)
    assert.equal(currentCall(), undefined)
  })

  behaviour('a host function that burns more than is left ends its caller when it returns', async (bench) => {
    let enough: boolean | undefined
    const module = await calling(
      (text, options) => bench.load(text, options),
      (call) => {
        enough = call.consumeFuel(10n ** 30n)
      },
      { fuel: 100 },
    )
    const error = await failure(module.call('run'), 'out-of-fuel')
    assert.deepEqual([enough, error.phase, error.figures.fuelUsed], [false, 'host', 100])
  })

  behaviour('a call that is over cannot be read or charged', async (bench) => {
    let kept: Caller | undefined
    const module = await calling(
      (text, options) => bench.load(text, options),
      (call) => {
        kept = call
      },
      { fuel: 100 },
    )
    await module.call('run')
    await failure(() => kept?.fuel, 'stale')
    await failure(() => kept?.consumeFuel(1), 'stale')
    await failure(() => {
      if (kept !== undefined) kept.fuel = 5
    }, 'stale')
  })

  behaviour('without fuel a host function sees none, and wrong amounts are refused', async (bench) => {
    const seen: unknown[] = []
    const load = (text: string, options: LoadOptions) => bench.load(text, options)
    const none = await calling(
      load,
      (call) => {
        seen.push(call.fuel)
        call.consumeFuel(1)
      },
      {},
    )
    assert.equal(
      (await failure(none.call('run'), 'host-function')).what,
      'a host function threw CurfewError: the module counts no fuel: load it with `fuel` (`Infinity` to count without a limit) or `fuelCosts` (module \\"text\\"). Pass what the message says the option takes.'.replaceAll(
        '\\"',
        '"',
      ),
    )
    assert.deepEqual(seen, [undefined])
    const some = await calling(load, (call) => call.consumeFuel(-1), { fuel: 100 })
    assert.match((await failure(some.call('run'), 'host-function')).what, /option `amount` takes a whole number or bigint, 0 or more, but got -1/)
  })

  behaviour("a nested call burns its caller's fuel, and no more than its own", async (bench) => {
    const nested = 6 * 10
    const load = (text: string, options: LoadOptions) => bench.load(text, options)
    const left: unknown[] = []
    const module = await calling(
      load,
      (call, self) => {
        self.callSync('nested', [10])
        left.push(call.fuel)
      },
      { fuel: 1_000 },
    )
    await module.call('run')
    assert.deepEqual(left, [999n - BigInt(nested)])
    assert.equal(module.stats.lastFuel, BigInt(3 + nested))
    assert.equal(module.stats.fuel, BigInt(3 + nested))

    const ownLimit = await calling(load, (_, self) => void self.callSync('nested', [10], { fuel: nested - 1 }), { fuel: 1_000 })
    const own = await failure(ownLimit.call('run'), 'out-of-fuel')
    assert.equal((own.cause as CurfewError).figures.fuel, nested - 1)

    const outerLimit = await calling(load, (_, self) => void self.callSync('nested', [10]), { fuel: nested })
    const outer = await failure(outerLimit.call('run'), 'out-of-fuel')
    assert.equal((outer.cause as CurfewError).figures.fuel, nested - 1)
    assert.equal(outer.figures.fuelUsed, nested)
  })

  behaviour('a start function and `setup` have as much as a call', async (bench) => {
    const endless = '(module (func $start (loop $again (br $again))) (start $start))'
    const error = await failure(bench.load(endless, { fuel: 10_000 }), 'start-failed')
    assert.equal((error.cause as CurfewError).code, 'out-of-fuel')
    const setup = await failure(bench.load('infinite_loop', { fuel: 10_000, setup: (lease) => lease.call('loop') }), 'start-failed')
    assert.equal((setup.cause as CurfewError).code, 'out-of-fuel')
  })

  behaviour('what a call leaves is not for others who reach its instance through a table', async (bench) => {
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1, maximum: 1 })
    const imports = { env: { table: { shared: true as const, value: table } } }
    const host = bench.host({ execTimeout: 5_000 })
    const { wat } = await import('../support/wat.ts')
    const lender = await host.loadModule(
      'lender',
      wat(
        `(module (import "env" "table" (table 1 funcref)) (func $work (export "work") (loop $l (br $l))) (func (export "ready")) (elem (i32.const 0) $work))`,
      ),
      { imports, restart: 'never', fuel: 1_000 },
    )
    const user = await host.loadModule('user', wat(`(module (import "env" "table" (table 1 funcref)) (func (export "use") (call_indirect (i32.const 0))))`), {
      imports,
      restart: 'never',
    })
    await lender.call('ready')
    const error = await failure(user.call('use'), 'out-of-fuel')
    assert.match(error.message, /^the guest ran code of a module whose own fuel was used up while running/)
    assert.equal(lender.stats.fuel, 0n)
  })

  behaviour('how deep a guest may recurse is counted, not left to the engine', async (bench) => {
    const text = `(module
      (global $depth (mut i32) (i32.const 0))
      (func $down (export "down") (param i64 f64) (global.set $depth (i32.add (global.get $depth) (i32.const 1))) (call $down (local.get 0) (local.get 1)))
      (func (export "depth") (result i32) (global.get $depth) (global.set $depth (i32.const 0))))`
    const module = await bench.load(text, { fuel: Number.POSITIVE_INFINITY, onTrap: 'keep' })
    const depths: unknown[] = []
    for (let round = 0; round < 3; round++) {
      for (const attempt of [() => module.call('down', [0n, 0]), () => module.callSync('down', [0n, 0])]) {
        const error = await failure(attempt, 'stack-overflow')
        assert.ok(error instanceof TrapError)
        assert.match(error.message, /^the guest used up its stack \(function "down"/)
        depths.push((await module.call('depth'))[0])
      }
    }
    assert.equal(new Set(depths).size, 1, String(depths))
    assert.ok((depths[0] as number) > 1_000)
  })

  behaviour('growing that fails although its limit allows it ends the guest', async (bench) => {
    const text = `(module (table 1 funcref) (func (export "grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))`
    const limits = { tableLimit: 2 ** 31 }
    const module = await bench.load(text, { ...limits, fuel: Number.POSITIVE_INFINITY })
    // Above what V8 lets a table have, which is 10,000,000
    const error = await failure(module.call('grow', [20_000_000]), 'out-of-memory')
    assert.match(error.message, /^the guest could not grow a memory or table although its limit allows it, while running/)
    assert.deepEqual(await module.call('grow', [2 ** 31]), [-1])
    assert.deepEqual(await (await bench.load(text, limits)).call('grow', [20_000_000]), [-1])
  })

  behaviour('a deterministic module counts fuel, and is refused what depends on the machine', async (bench) => {
    const module = await bench.load(COUNT, { deterministic: true })
    await module.call('count', [0])
    assert.equal(module.stats.lastFuel, BigInt(LAST))
    const relaxed = '(module (func (export "f") (drop (f32x4.relaxed_min (v128.const i32x4 0 0 0 0) (v128.const i32x4 0 0 0 0)))))'
    const error = await failure(bench.load(relaxed, { deterministic: true }), 'unsupported-feature')
    assert.match(error.message, /^the module uses f32x4.relaxed_min, whose result depends on the machine, and `deterministic` was asked for/)
  })

  behaviour('a deterministic module sees one NaN, whatever bits come in', async (bench) => {
    const odd = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0123n]).buffer)[0] as number
    const imports = { env: { one: () => odd, two: () => [odd, odd], value: odd } }
    const text = `(module
      (import "env" "one" (func $one (result f64)))
      (import "env" "two" (func $two (result f64 f64)))
      (import "env" "value" (global $value f64))
      (func (export "argument") (param f64) (result i64) (i64.reinterpret_f64 (local.get 0)))
      (func (export "one") (result i64) (i64.reinterpret_f64 (call $one)))
      (func (export "two") (result i64 i64) (local f64) (call $two) (local.set 0) (i64.reinterpret_f64) (i64.reinterpret_f64 (local.get 0)))
      (func (export "value") (result i64) (i64.reinterpret_f64 (global.get $value)))
      (func (export "negated") (result i64) (i64.reinterpret_f64 (f64.sub (f64.neg (f64.const inf)) (f64.neg (f64.const inf))))))`
    const results = async (module: Module) => [
      ...(await module.call('argument', [odd])),
      ...(await module.call('one')),
      ...(await module.call('two')),
      ...(await module.call('value')),
    ]
    const one = 0x7ff8_0000_0000_0000n
    const module = await bench.load(text, { imports, deterministic: true })
    assert.deepEqual(await results(module), [one, one, one, one, one])
    assert.deepEqual(await module.call('negated'), [one])
    assert.notDeepEqual(await results(await bench.load(text, { imports })), [one, one, one, one, one])
  })

  behaviour('a module that counts fuel takes part in everything else', async (bench) => {
    const module = await bench.load('host_calls', { fuel: 10_000_000, imports: hostCalls() })
    await failure(module.call('log_loop', [], { timeout: 20 }), 'deadline')
    assert.ok(module.stats.lastFuel > 0n)
    assert.deepEqual(await module.call('nested'), [1])
  })
}
