/** Loads so many distinct plugins, has each called once, and says what the process holds for each: by V8 alone (`raw`), or by Curfew. */
import { Host } from 'curfew'
import { pluginBytes, type Shape } from '../../test/soak/plugins.ts'
import { held } from '../../test/support/garbage.ts'

/** What loading takes once and for all is not a plugin's. */
const WARM_UP = 200
const KIND: Shape = { memory: false, watched: false, waits: false }
const IMPORTS = { env: { host: (value: number) => value } }

type Load = (number: number) => Promise<unknown>

const [, , way, size] = process.argv
const load = way === 'raw' ? raw : guarded(new Host({ execTimeout: 10_000 }))
const kept: unknown[] = []
for (let number = 0; number < WARM_UP; number++) kept.push(await load(number))
const before = { ...(await held()), loaded: process.memoryUsage().rss }
const each = (bytes: number) => bytes / Number(size)
for (let number = WARM_UP; number < WARM_UP + Number(size); number++) kept.push(await load(number))
const loaded = process.memoryUsage().rss
const after = await held()
console.log(JSON.stringify({ resident: each(after.resident - before.resident), heap: each(after.heap - before.heap), loaded: each(loaded - before.loaded) }))

async function raw(number: number): Promise<unknown> {
  const compiled = await WebAssembly.compile(pluginBytes(number, KIND))
  const instance = new WebAssembly.Instance(compiled, IMPORTS)
  ;(instance.exports.add as (a: number, b: number) => number)(1, 2)
  return [compiled, instance]
}

function guarded(host: Host): Load {
  return async (number) => {
    const module = await host.loadModule(`plugin ${number}`, pluginBytes(number, KIND), { imports: IMPORTS })
    await module.call('add', [1, 2])
    return module
  }
}
