/** Run by garbage.test.ts in a process of its own: nothing but a call without a deadline keeps it, which waits for what guests have left. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Host } from '../../src/index.ts'
import { HOG } from './hog.ts'

const kept: ArrayBufferLike[] = []
const host = new Host({ execTimeout: Number.POSITIVE_INFINITY })
const load = (name: string, restart: 'always' | 'never') =>
  host.loadModule(name, HOG, { restart, imports: (caller) => ({ env: { keep: () => void kept.push(caller.memory.bytes.buffer) } }) })
// The engine is told while nobody waits
for (const name of ['first', 'second']) await (await load(name, 'never')).call('hog').catch(() => undefined)
await nextTurn()
await nextTurn()
const hog = await load('hog', 'always')
await hog.call('hog').catch(() => undefined)
if (hog.memorySize > 0) throw new Error('it does not wait')
await hog.call('nothing')
console.log('waited')
