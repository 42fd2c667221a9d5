import { readFileSync } from 'node:fs'
import { Host } from 'curfew'
import { alternate, type Work } from '../alternate.ts'
import type { Figure, Settings, Subject } from '../figures.ts'
import { kernel, raw } from '../plugins.ts'

const KERNELS = [
  { name: 'loop', label: 'tight loop' },
  { name: 'hash', label: 'hash over memory' },
  { name: 'fib', label: 'recursion' },
  { name: 'sieve', label: 'nested loops, stores' },
  { name: 'matrix', label: 'floating point' },
] as const

const TIMEOUT = 60_000
const REDACT = new URL('../../examples/redact/', import.meta.url)

export const kernels: Subject = {
  id: 'kernels',
  title: 'Time of guest code, guarded / raw',
  async measure(settings) {
    const host = new Host({ execTimeout: TIMEOUT })
    try {
      const figures: Figure[] = []
      for (const { name, label } of KERNELS) figures.push({ id: name, label, value: await kernelRatio(host, name, settings), unit: 'x' })
      figures.push({ id: 'redact', label: 'redact, the example', value: await redactRatio(host, settings), unit: 'x' })
      const mean = Math.exp(figures.reduce((sum, { value }) => sum + Math.log(value), 0) / figures.length)
      return { figures: [...figures, { id: 'mean', label: 'geometric mean', value: mean, unit: 'x' }] }
    } finally {
      await host.close()
    }
  },
}

async function kernelRatio(host: Host, name: string, settings: Settings): Promise<number> {
  const bytes = kernel(name)
  const module = await host.loadModule(name, bytes)
  const bare = raw(bytes).run as () => unknown
  const [expected, actual] = [bare(), module.callSync('run')[0]]
  if (expected !== actual) throw new Error(`${name}: guarded ${actual}, raw ${expected}`)
  return ratio(
    (times) => {
      for (let i = 0; i < times; i++) module.callSync('run')
    },
    (times) => {
      for (let i = 0; i < times; i++) bare()
    },
    settings,
  )
}

/** The example's plugin on all of the example's text at once. */
async function redactRatio(host: Host, settings: Settings): Promise<number> {
  const bytes = new Uint8Array(readFileSync(new URL('redact.wasm', REDACT)))
  const text = readFileSync(new URL('messages.txt', REDACT))
  const bare = raw(bytes) as unknown as { memory: WebAssembly.Memory; alloc(size: number): number; redact(at: number, length: number): bigint; reset(): void }
  const module = await host.loadModule('redact', bytes)
  const bareAt = bare.alloc(text.length)
  new Uint8Array(bare.memory.buffer).set(text, bareAt)
  return module.use(async (instance) => {
    const [at] = instance.callSync('alloc', [text.length]) as [number]
    await instance.write(at, text)
    // `reset` gives back the input too; it stays where it is, because nothing is written over it until it is allocated again
    return ratio(
      (times) => {
        for (let i = 0; i < times; i++) {
          instance.callSync('reset')
          instance.callSync('alloc', [text.length])
          instance.callSync('redact', [at, text.length])
        }
      },
      (times) => {
        for (let i = 0; i < times; i++) {
          bare.reset()
          bare.alloc(text.length)
          bare.redact(bareAt, text.length)
        }
      },
      settings,
    )
  })
}

/** Of the best rounds: what disturbs a round only ever makes it slower. */
async function ratio(guarded: Work, bare: Work, settings: Settings): Promise<number> {
  const samples = await alternate({ guarded, bare }, settings)
  return samples.guarded.min / samples.bare.min
}
