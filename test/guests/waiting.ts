/** Run by garbage.test.ts in a process of its own: nothing but a call without a deadline keeps it, which waits for what its module left. */
import { Host } from '../../src/index.ts'
import { HOG } from './hog.ts'

const kept: ArrayBufferLike[] = []
const host = new Host({ execTimeout: Number.POSITIVE_INFINITY })
const hog = await host.loadModule('hog', HOG, { imports: (caller) => ({ env: { keep: () => void kept.push(caller.memory.bytes.buffer) } }) })
for (let time = 0; time < 2; time++) await hog.call('hog').catch(() => undefined)
if (hog.memorySize > 0) throw new Error('it does not wait')
await hog.call('nothing')
console.log('waited')
