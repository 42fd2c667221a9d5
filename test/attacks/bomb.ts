/**
 * Run by bombs.test.ts and measure.ts in a process of its own: loads a bomb, calls it, and prints how that ended, how long the event loop
 * was held at worst meanwhile, and the most memory that the process had.
 */
import { CurfewError, Host, type Module } from '../../src/index.ts'
import { build } from '../guard/build.ts'
import { BOMBS } from './bombs.ts'
import { longestTurn } from './longest-turn.ts'

/** What the parent is told. Times in ms, memory in bytes. */
export interface Blast {
  readonly loaded: string
  readonly calls: readonly string[]
  /** The longest that the event loop was held. */
  readonly lag: { readonly load: number; readonly first: number; readonly later: number; readonly idle: number }
  readonly took: number
  readonly peak: number
}

const codeOf = (error: unknown): string => (error instanceof CurfewError ? error.code : String(error))
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function explode(name: string): Promise<Blast> {
  const bomb = BOMBS[name]
  if (bomb === undefined) throw new Error(`no bomb is called ${name}`)
  const bytes = bomb.make()
  const f = () => undefined
  const imports = { m: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [String(index), f])) }
  const host = new Host({ execTimeout: bomb.timeout ?? 5_000 })
  const calls: string[] = []
  const call = async (module: Module) => void calls.push(await module.call('run').then(() => 'ok', codeOf))
  // What a process does but once is not the guest's doing: starting the helper thread, compiling the code of the host itself
  for (const padding of [0, 100_000, 100_000]) {
    const warm = await host.loadModule(`warm ${padding}`, build({ functions: [{}], padding }))
    for (let n = 0; n < 20; n++) await warm.call('run')
    await warm.close()
  }
  const idle = await longestTurn(() => sleep(100))
  const began = performance.now()
  let module: Module | undefined
  const load = await longestTurn(async () => {
    try {
      module = await host.loadModule(name, bytes, { imports, tableLimit: 1_000_000, reuse: bomb.reuse ?? 'always' })
      return 'ok'
    } catch (error) {
      return codeOf(error)
    }
  })
  const lag = { load: load.lag, first: 0, later: 0, idle: idle.lag }
  if (module !== undefined) {
    const loaded = module
    lag.first = (await longestTurn(() => call(loaded))).lag
    const later = async () => {
      for (let n = 1; n < (bomb.calls ?? 1); n++) await call(loaded)
      await sleep(20)
    }
    lag.later = (await longestTurn(later)).lag
  }
  const took = performance.now() - began
  await host.close()
  return { loaded: load.result, calls, lag, took, peak: process.resourceUsage().maxRSS * 1024 }
}

console.log(JSON.stringify(await explode(process.argv[2] ?? '')))
