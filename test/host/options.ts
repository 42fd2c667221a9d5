/** Wrong options throw at once, and name the option, what it takes and what it got. */
import assert from 'node:assert/strict'
import { totalmem } from 'node:os'
import { type CallOptions, CurfewError, Host, type HostOptions, type LoadOptions, type ReplaceOptions } from '../../src/index.ts'
import { behaviour, failure, fixture } from '../support/host.ts'

const TIMES = ['execTimeout', 'maxExecTimeout', 'cpuTimeout'] as const
const COUNTS = ['memoryLimit', 'totalMemoryLimit', 'tableLimit', 'moduleSizeLimit', 'maxConcurrent', 'maxQueue'] as const
const WRONG: readonly (readonly [unknown, string])[] = [
  [Number.NaN, 'NaN'],
  [-1, '-1'],
  ['50', '"50"'],
  [null, 'null'],
  [5n, '5n'],
  [{}, 'an object ("Object")'],
]

export function options(): void {
  behaviour('wrong options of a host throw', async () => {
    for (const [value, shown] of WRONG) {
      for (const name of TIMES)
        await refuses(() => new Host({ [name]: value }), `option \`${name}\` takes a number of milliseconds, 0 or more, but got ${shown}`)
      for (const name of COUNTS)
        await refuses(() => new Host({ [name]: value }), new RegExp(`^option \`${name}\` takes a whole number, [01] or more, but got `))
      await refuses(() => new Host({ slice: value as number }), `option \`slice\` takes a finite number of milliseconds above 0, but got ${shown}`)
    }
    for (const name of COUNTS) await refuses(() => new Host({ [name]: 1.5 }), /a whole number/)
    for (const slice of [0, Number.POSITIVE_INFINITY]) await refuses(() => new Host({ slice }), /above 0/)
    await refuses(() => new Host({ maxConcurrent: 0 }), /1 or more/)
    await refuses(() => new Host({ moduleSizeLimit: 0 }), /1 or more/)
    for (const value of [null, 5, 'options']) await refuses(() => new Host(value as HostOptions), /option `options` takes an object/)
  })

  behaviour('unknown options throw, and the error lists the known ones', async (bench) => {
    await refuses(() => new Host({ timeout: 5 } as HostOptions), /^new Host has no option `timeout`; it has execTimeout, /)
    const module = await bench.load('add')
    await refuses(module.call('add', [1, 2], { timeOut: 5 } as CallOptions), /^call has no option `timeOut`; it has timeout, cpuTimeout, fuel, signal/)
    await refuses(bench.host().loadModule('m', fixture('add'), { timeout: 5 } as LoadOptions), /^loadModule has no option `timeout`/)
    await refuses(bench.host().loadModule('m', fixture('add'), { caps: { imprts: 5 } } as LoadOptions), /^caps has no option `imprts`/)
  })

  behaviour('wrong options of a load reject', async (bench) => {
    const host = bench.host()
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ execTimeout: '5' }, /`execTimeout`/],
      [{ cpuTimeout: -1 }, /`cpuTimeout`/],
      [{ fuel: -1 }, /`fuel` takes a whole number or bigint, 0 or more, but got -1/],
      [{ fuel: 1.5 }, /`fuel`/],
      [{ fuel: '5' }, /`fuel`/],
      [{ fuelCosts: { 'i32.ad': 1 } }, /`fuelCosts` has "i32.ad", but there is no such instruction/],
      [{ fuelCosts: { 'i32.add': -1 } }, /`fuelCosts\["i32.add"\]` takes a whole number from 0 to 1000000, but got -1/],
      [{ fuelCosts: [] }, /`fuelCosts` takes an object of numbers, but got an array/],
      [{ fuelCosts: true }, /`fuelCosts` takes an object of numbers, but got true/],
      [{ deterministic: 1 }, /`deterministic` takes true or false, but got 1/],
      [{ startTimeout: Number.NaN }, /`startTimeout`/],
      [{ nestedTimeout: -5 }, /`nestedTimeout`/],
      [{ memoryLimit: 0.5 }, /`memoryLimit`/],
      [{ tableLimit: -1 }, /`tableLimit`/],
      [{ caps: 5 }, /`caps` takes an object/],
      [{ caps: { imports: -1 } }, /`caps\.imports`/],
      [{ imports: null }, /`imports` takes an object of objects/],
      [{ imports: 'env' }, /`imports`/],
      [{ setup: true }, /`setup` takes a function/],
      [{ restart: 'sometimes' }, /`restart` takes 'always' or 'never', but got "sometimes"/],
      [{ group: 5 }, /`group` takes a string, but got 5/],
      [{ weight: 0 }, /`weight` takes a number from 0.001 to 1,000, but got 0/],
      [{ weight: Number.NaN }, /`weight`/],
      [{ weight: '2' }, /`weight`/],
      [{ reuse: true }, /`reuse` takes 'always' or 'never', but got true/],
      [{ onTrap: 'drop' }, /`onTrap` takes 'restart' or 'keep'/],
      [{ signal: {} }, /`signal` takes an AbortSignal/],
    ]
    for (const [given, message] of wrong) await refuses(host.loadModule('m', fixture('add'), given as LoadOptions), message)
    await refuses(host.loadModule('m', fixture('add'), null as unknown as LoadOptions), /`options`/)
    assert.equal(host.modules.size, 0)
    await host.loadModule('m', fixture('add'))
  })

  behaviour('wrong options of a call reject, and the guest does not run', async (bench) => {
    const module = await bench.load('counter')
    const wrong: readonly object[] = [{ timeout: '5' }, { timeout: Number.NaN }, { timeout: -1 }, { cpuTimeout: null }, { signal: 'stop' }, { signal: null }]
    for (const given of wrong) {
      const [name] = Object.keys(given)
      await refuses(module.call('increment', [], given), new RegExp(`\`${name}\``))
      await refuses(() => module.callSync('increment', [], given), new RegExp(`\`${name}\``))
      await refuses(
        module.use((instance) => instance.call('increment', [], given)),
        new RegExp(`\`${name}\``),
      )
    }
    await refuses(module.call('increment', [], null as unknown as CallOptions), /`options` takes an object/)
    assert.deepEqual(await module.call('count'), [0])
  })

  behaviour('options of a replacement, and of reading and writing, are checked like others', async (bench) => {
    const module = await bench.load('memory_hog')
    for (const given of [null, 5] as unknown as ReplaceOptions[]) await refuses(module.replace(fixture('add'), given), /`options` takes an object/)
    await module.use(async (instance) => {
      for (const given of [null, 5] as unknown as { memory: number }[]) {
        await refuses(instance.read(0, 1, given), /`options` takes an object/)
        await refuses(instance.write(0, Uint8Array.of(1), given), /`options` takes an object/)
      }
      for (const memory of ['length', -1, 0.5] as number[]) await refuses(instance.read(0, 1, { memory }), /`memory` takes a whole number/)
      await refuses(instance.read(0, 1, { memories: 1 } as object), /read has no option `memories`; it has memory/)
    })
    assert.deepEqual(await module.call('size'), [1])
  })

  behaviour('options can be read back, defaults included', async (bench) => {
    const { memoryLimit, tableLimit, moduleSizeLimit, slice, maxConcurrent, maxQueue, execTimeout, maxExecTimeout, cpuTimeout, fuel } = bench.host()
    assert.deepEqual(
      { memoryLimit, tableLimit, moduleSizeLimit, slice, maxConcurrent, maxQueue, execTimeout, maxExecTimeout, cpuTimeout, fuel },
      {
        memoryLimit: 128 * 1024 * 1024,
        tableLimit: 100_000,
        moduleSizeLimit: 64 * 1024 * 1024,
        slice: 1,
        maxConcurrent: 1_000,
        maxQueue: 10_000,
        execTimeout: 0,
        maxExecTimeout: 0,
        cpuTimeout: 0,
        fuel: 0,
      },
    )
    const given = {
      execTimeout: 1,
      maxExecTimeout: 2,
      cpuTimeout: 3,
      fuel: 10n,
      memoryLimit: 4,
      totalMemoryLimit: 11,
      tableLimit: 5,
      moduleSizeLimit: 6,
      slice: 7,
      maxConcurrent: 8,
      maxQueue: 9,
    }
    const host = bench.host(given)
    for (const [name, value] of Object.entries(given)) assert.equal(host[name as keyof typeof given], value)
    assert.equal(bench.host({ execTimeout: Number.POSITIVE_INFINITY }).execTimeout, 0)
    const { totalMemoryLimit } = bench.host()
    assert.ok(Number.isSafeInteger(totalMemoryLimit) && totalMemoryLimit > 0 && totalMemoryLimit <= totalmem() / 2, `${totalMemoryLimit} bytes`)
  })
}

async function refuses(attempt: Promise<unknown> | (() => unknown), message: string | RegExp): Promise<void> {
  const error = await failure(attempt, 'invalid-option')
  assert.ok(error instanceof CurfewError)
  if (typeof message === 'string') assert.ok(error.message.startsWith(message), error.message)
  else assert.match(error.message, message)
}
