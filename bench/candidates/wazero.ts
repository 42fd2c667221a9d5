import { Elapsed } from '../alternate.ts'
import { ADDENDS, type Candidate, type Engine, type EngineThere, type Operation, type Plugin } from './candidate.ts'
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
  // Below the numbers of plugins
  let kept = 0
  const there: EngineThere = {
    load: async (bytes) => new Elapsed((await process.ask('load', { bytes })).ms),
    async keep(bytes) {
      const number = --kept
      await process.ask('plugin', { plugin: number, bytes })
      return () => process.ask('drop', { plugin: number })
    },
    held: async () => Number((await process.ask('held')).value),
    async beside(runaways, callers, duration) {
      const { value, ms } = await process.ask('beside', { plugin: 0, left: ADDENDS[0], right: ADDENDS[1], runaways, callers, duration })
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
  const many = (operation: Operation, times: number, inFlight: number, text = '', [left, right]: readonly [number, number] = ADDENDS) =>
    process.ask(operation, { plugin: number, times, inFlight, left, right, text })
  return {
    add: async (left, right) => Number((await many('add', 1, 1, '', [left, right])).value),
    upper: async (text) => String((await many('upper', 1, 1, text)).value),
    compute: async () => Number((await many('compute', 1, 1)).value),
    hang: async () => (await process.ask('hang', { plugin: number })).ms - timeout,
    there: {
      many: async (...how) => new Elapsed((await many(...how)).ms),
      async recover() {
        const { ms, value } = await process.ask('recover', { plugin: number, left: ADDENDS[0], right: ADDENDS[1] })
        return { late: ms - timeout, took: Number(value) / 1e6 }
      },
    },
  }
}
