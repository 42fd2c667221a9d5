import { readFileSync } from 'node:fs'
import type { Host, Lease, LoadOptions } from 'curfew'
import { alternate, type Work } from '../alternate.ts'
import { type Figure, geometricMean, type Settings, type Subject } from '../figures.ts'
import { withHost } from '../host.ts'
import { kernel, raw } from '../plugins.ts'

const KERNELS = [
  { name: 'loop', label: 'tight loop' },
  { name: 'hash', label: 'hash over memory' },
  { name: 'fib', label: 'recursion' },
  { name: 'indirect', label: 'indirect calls' },
  { name: 'sieve', label: 'nested loops, stores' },
  { name: 'matrix', label: 'floating point' },
  { name: 'simd', label: 'SIMD' },
  { name: 'interpreter', label: 'interpreter' },
] as const

const TIMEOUT = 60_000
const REDACT = new URL('../../examples/redact/', import.meta.url)
/** Fuel is counted, and none runs out. */
const WITH_FUEL = { fuel: Number.POSITIVE_INFINITY } as const

interface Ratios {
  readonly guarded: number
  readonly fuelled: number
}

export const kernels: Subject = {
  id: 'kernels',
  title: 'Time of guest code, guarded / raw',
  async measure(settings) {
    return withHost({ execTimeout: TIMEOUT }, async (host) => {
      const measured: { id: string; label: string; ratios: Ratios }[] = []
      for (const { name, label } of KERNELS) measured.push({ id: name, label, ratios: await kernelRatios(host, name, settings) })
      measured.push({ id: 'redact', label: 'redact, the example', ratios: await redactRatios(host, settings) })
      const figures = (['guarded', 'fuelled'] as const).flatMap((side): Figure[] => {
        const [prefix, suffix] = side === 'guarded' ? ['', ''] : ['fuel-', ', with fuel']
        const each = measured.map(({ id, label, ratios }) => ({ id: prefix + id, label: label + suffix, value: ratios[side], unit: 'x' }))
        return [...each, { id: `${prefix}mean`, label: `geometric mean${suffix}`, value: geometricMean(measured.map(({ ratios }) => ratios[side])), unit: 'x' }]
      })
      return { figures }
    })
  },
}

async function kernelRatios(host: Host, name: string, settings: Settings): Promise<Ratios> {
  const bytes = kernel(name)
  const bare = raw(bytes).run as () => unknown
  const expected = bare()
  const run = async (loadedAs: string, options: LoadOptions): Promise<Work> => {
    const module = await host.loadModule(loadedAs, bytes, options)
    const [actual] = module.callSync('run')
    if (expected !== actual) throw new Error(`${loadedAs}: ${actual}, raw ${expected}`)
    return (times) => {
      for (let i = 0; i < times; i++) module.callSync('run')
    }
  }
  return ratios(
    await run(name, {}),
    await run(`${name}, with fuel`, WITH_FUEL),
    (times) => {
      for (let i = 0; i < times; i++) bare()
    },
    settings,
  )
}

/** The example's plugin on all of the example's text at once. */
async function redactRatios(host: Host, settings: Settings): Promise<Ratios> {
  const bytes = new Uint8Array(readFileSync(new URL('redact.wasm', REDACT)))
  const text = readFileSync(new URL('messages.txt', REDACT))
  const bare = raw(bytes) as unknown as { memory: WebAssembly.Memory; alloc(size: number): number; redact(at: number, length: number): bigint; reset(): void }
  const [module, fuelled] = [await host.loadModule('redact', bytes), await host.loadModule('redact, with fuel', bytes, WITH_FUEL)]
  const bareAt = bare.alloc(text.length)
  new Uint8Array(bare.memory.buffer).set(text, bareAt)
  // `reset` gives back the input too; it stays where it is, because nothing is written over it until it is allocated again
  const work = async (lease: Lease): Promise<Work> => {
    const [at] = lease.callSync('alloc', [text.length]) as [number]
    await lease.write(at, text)
    return (times) => {
      for (let i = 0; i < times; i++) {
        lease.callSync('reset')
        lease.callSync('alloc', [text.length])
        lease.callSync('redact', [at, text.length])
      }
    }
  }
  return module.use((one) =>
    fuelled.use(async (other) =>
      ratios(
        await work(one),
        await work(other),
        (times) => {
          for (let i = 0; i < times; i++) {
            bare.reset()
            bare.alloc(text.length)
            bare.redact(bareAt, text.length)
          }
        },
        settings,
      ),
    ),
  )
}

/** Of the best rounds: what disturbs a round only ever makes it slower. */
async function ratios(guarded: Work, fuelled: Work, bare: Work, settings: Settings): Promise<Ratios> {
  const samples = await alternate({ guarded, fuelled, bare }, settings)
  return { guarded: samples.guarded.min / samples.bare.min, fuelled: samples.fuelled.min / samples.bare.min }
}
