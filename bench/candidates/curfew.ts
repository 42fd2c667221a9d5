import { Host, type Module } from 'curfew'
import { type Candidate, type Engine, lateness, type Plugin } from './candidate.ts'
import { plainPlugin } from './plugin.ts'

const asynchronous = (module: Module, timeout: number): Plugin => ({
  add: (left, right) => module.call('add', [left, right]) as Promise<number[]>,
  upper: (text) => module.callText('upper', text),
  compute: async () => (await module.call('compute'))[0] as number,
  hang: () => lateness(timeout, () => module.call('loop')),
  close: () => module.close(),
})

const synchronous = (module: Module, timeout: number): Plugin => ({
  add: (left, right) => module.callSync('add', [left, right]) as number[],
  compute: () => module.callSync('compute')[0] as number,
  hang: () => lateness(timeout, () => module.callSync('loop')),
  close: () => module.close(),
})

function engine(timeout: number, threads: number, plugin: (module: Module, timeout: number) => Plugin): Engine {
  const host = new Host({ execTimeout: timeout, threads })
  let loaded = 0
  return {
    plugin: async (number) => plugin(await host.loadModule(`plugin ${number}`, plainPlugin(number)), timeout),
    async load(bytes) {
      const module = await host.loadModule(`loaded ${loaded++}`, bytes)
      return () => module.close()
    },
    close: () => host.close(),
  }
}

export const curfew: Candidate = {
  id: 'curfew',
  name: 'Curfew',
  what: 'checks in the guest, slices: `call`, `callText`',
  own: true,
  start: async ({ timeout }) => engine(timeout, 0, asynchronous),
}

export const curfewSync: Candidate = {
  id: 'curfew-sync',
  name: 'Curfew, callSync',
  what: 'checks in the guest, on the caller’s stack',
  own: true,
  holds: true,
  start: async ({ timeout }) => engine(timeout, 0, synchronous),
}

export const curfewThreads: Candidate = {
  id: 'curfew-threads',
  name: 'Curfew, threads',
  what: 'the same `call`, guests in a worker thread',
  own: true,
  threads: true,
  start: async ({ timeout, threads = 1 }) => engine(timeout, threads, asynchronous),
}
