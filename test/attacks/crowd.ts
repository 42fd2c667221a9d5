/**
 * Run by bombs.test.ts and measure.ts in a process of its own: so many modules that all run away at once, suspended as far as the engine can,
 * and end at their deadlines together. Prints how they ended, how long the event loop was held at worst, and the most memory there was.
 */
import { CurfewError, Host, type Module } from '../../src/index.ts'
import { wat } from '../support/wat.ts'
import { longestTurn } from './longest-turn.ts'

export interface Crowd {
  readonly ended: Readonly<Record<string, number>>
  readonly lag: { readonly calls: number; readonly close: number }
  readonly peak: number
}

async function gather(size: number): Promise<Crowd> {
  // More at once than there are by default
  const host = new Host({ execTimeout: 500, maxConcurrent: 20_000, maxQueue: 20_000 })
  const bytes = wat('(module (memory 1) (func (export "run") (loop (br 0))))')
  const modules: Module[] = []
  for (let index = 0; index < size; index++) modules.push(await host.loadModule(`runaway ${index}`, bytes))
  const ended: Record<string, number> = {}
  const count = (code: string) => {
    ended[code] = (ended[code] ?? 0) + 1
  }
  const calls = () =>
    Promise.all(
      modules.map((module) =>
        module.call('run').then(
          () => count('ok'),
          (error: unknown) => count(error instanceof CurfewError ? error.code : String(error)),
        ),
      ),
    )
  const { lag } = await longestTurn(calls)
  const close = await longestTurn(() => host.close())
  return { ended, lag: { calls: lag, close: close.lag }, peak: process.resourceUsage().maxRSS * 1024 }
}

console.log(JSON.stringify(await gather(Number(process.argv[2]))))
