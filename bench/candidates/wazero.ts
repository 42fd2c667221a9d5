import { Elapsed } from '../alternate.ts'
import type { Candidate, Engine, EngineThere, Operation, Plugin } from './candidate.ts'
import { plainPlugin } from './plugin.ts'
import { GoProgram } from './wazero/build.ts'
import { Conversation } from './wazero/conversation.ts'

const program = new GoProgram()

/** A program of its own, in another language: it is told what to do on its standard input, and says what it took. */
export const wazero: Candidate = {
  id: 'wazero',
  name: 'Wazero (Go)',
  what: 'another runtime, in a process of its own: `WithCloseOnContextDone` and a context with a timeout',
  threads: true,
  missing: () => program.missing,
  versions: () => program.versions,
  async start({ timeout, threads }) {
    return engine(new Conversation(program.path, [String(timeout)], threads === undefined ? {} : { GOMAXPROCS: String(threads) }), timeout)
  },
}

function engine(process: Conversation, timeout: number): Engine {
  const there: EngineThere = {
    load: async (bytes) => new Elapsed((await process.ask('load', { bytes })).ms),
    held: async () => Number((await process.ask('held')).value),
    async beside(runaways, callers, duration) {
      const { value, ms } = await process.ask('beside', { plugin: 0, runaways, callers, duration })
      return (Number(value) / ms) * 1e3
    },
  }
  return {
    async plugin(number) {
      await process.ask('plugin', { plugin: number, bytes: plainPlugin(number) })
      return plugin(process, number, timeout)
    },
    there,
    close: () => process.end(),
  }
}

function plugin(process: Conversation, number: number, timeout: number): Plugin {
  const many = (operation: Operation, times: number, atOnce: number, text: string) => process.ask(operation, { plugin: number, times, inFlight: atOnce, text })
  const once = async (operation: Operation, text = '') => (await many(operation, 1, 1, text)).value
  return {
    add: () => once('add'),
    upper: async (text) => String(await once('upper', text)),
    compute: async () => Number(await once('compute')),
    hang: async () => (await process.ask('hang', { plugin: number })).ms - timeout,
    there: {
      many: async (...how) => new Elapsed((await many(...how)).ms),
      async recover() {
        const { ms, value } = await process.ask('recover', { plugin: number })
        return { late: ms - timeout, took: Number(value) / 1e6 }
      },
    },
  }
}
