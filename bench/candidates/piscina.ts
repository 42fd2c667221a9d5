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
        // The module crosses without a copy of its code, once to each worker: the pool does not say which one will have a task
        const module = await WebAssembly.compile(bytes)
        const run = async (name: Task['name'], ...input: Task['input']) => {
          const task = { number, name, input } satisfies Task
          const how = { signal: AbortSignal.timeout(timeout) }
          return (await pool.run(task, how)) ?? pool.run({ ...task, module } satisfies Task, how)
        }
        return {
          add: (left, right) => run('add', left, right) as Promise<number>,
          upper: (text) => run('upper', text) as Promise<string>,
          compute: () => run('compute') as Promise<number>,
          hang: () => lateness(timeout, () => run('loop')),
        }
      },
      close: () => pool.destroy(),
    }
  },
}
