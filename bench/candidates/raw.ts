/** V8 alone, and V8 with the one limit that Node has for what runs on its own thread. */
import { createContext, Script } from 'node:vm'
import { type Candidate, lateness, type Plugin } from './candidate.ts'
import { plainPlugin } from './plugin.ts'
import { functions } from './threads/plain.js'

export const raw: Candidate = {
  id: 'raw',
  name: 'raw V8',
  what: 'no protection: nothing ends an endless loop. The limit of what can be had',
  holds: true,
  async start() {
    return {
      plugin: async (number) => functions(await instance(plainPlugin(number))),
      load: loaded,
      close: () => undefined,
    }
  },
}

async function instance(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Instance> {
  return new WebAssembly.Instance(await WebAssembly.compile(bytes))
}

async function loaded(bytes: Uint8Array<ArrayBuffer>): Promise<() => void> {
  await instance(bytes)
  return () => undefined
}

export const vmScript: Candidate = {
  id: 'vm',
  name: 'vm timeout',
  what: '`vm.Script` with `timeout` around raw WebAssembly; the event loop is held meanwhile',
  holds: true,
  async start({ timeout }) {
    return { plugin: async (number) => within(await instance(plainPlugin(number)), timeout), load: loaded, close: () => undefined }
  },
}

function within(guest: WebAssembly.Instance, timeout: number): Plugin {
  const { add, upper, compute, loop } = functions(guest)
  const context = createContext({ add, upper, compute, loop, left: 0, right: 0, text: '' }) as { left: number; right: number; text: string }
  const run = (source: string) => {
    const script = new Script(source)
    return () => script.runInContext(context, { timeout })
  }
  const sum = run('add(left, right)')
  const shout = run('upper(text)')
  return {
    add(left, right) {
      context.left = left
      context.right = right
      return sum()
    },
    upper(text) {
      context.text = text
      return shout()
    },
    compute: run('compute()'),
    hang: () => lateness(timeout, run('loop()')),
  }
}
