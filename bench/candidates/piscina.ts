import { load } from '../peers/packages.ts'
import { type Candidate, lateness } from './candidate.ts'
import { plainPlugin } from './plugin.ts'
import type { Task } from './threads/plain.js'

const THREAD = new URL('threads/piscina.js', import.meta.url).href

/** What is used of its interface. */
interface Sdk {
  readonly Piscina: new (options: { filename: string; minThreads: number; maxThreads: number; idleTimeout: number }) => Pool
}

interface Pool {
  run(task: Task, options: { signal: AbortSignal }): Promise<unknown>
  destroy(): Promise<void>
}

export const piscina: Candidate = {
  id: 'piscina',
  name: 'piscina',
  what: 'a pool of worker threads that run raw WebAssembly; `AbortSignal.timeout` ends the worker',
  package: 'piscina',
  threads: true,
  async start({ timeout, threads = 1 }) {
    const { Piscina } = await load<Sdk>('piscina')
    const pool = new Piscina({ filename: THREAD, minThreads: threads, maxThreads: threads, idleTimeout: 60_000 })
    return {
      async plugin(number) {
        const bytes = plainPlugin(number)
        // A worker compiles it once; the module crosses without a copy of its code
        const module = await WebAssembly.compile(bytes)
        const run = (name: Task['name'], text = '') => pool.run({ number, module, name, text } satisfies Task, { signal: AbortSignal.timeout(timeout) })
        return {
          add: () => run('add'),
          upper: (text) => run('upper', text) as Promise<string>,
          compute: () => run('compute') as Promise<number>,
          hang: () => lateness(timeout, () => run('loop')),
        }
      },
      close: () => pool.destroy(),
    }
  },
}
