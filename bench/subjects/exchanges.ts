import type { Lease } from 'curfew'
import { wat } from '../../test/support/wat.ts'
import { alternate, oneByOne } from '../alternate.ts'
import { type Exchange, throughText } from '../candidates/threads/plain.js'
import type { Subject } from '../figures.ts'
import { withHost } from '../host.ts'
import { raw } from '../plugins.ts'

/** Gives back what it is given. */
const ECHO = wat(`(module (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "free") (param i32 i32))
  (func (export "echo") (param i32 i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))`)

const TEXT = 'a hundred bytes of text '.repeat(5).slice(0, 100)

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** By the steps of a lease. */
async function held(instance: Lease): Promise<string> {
  const bytes = encoder.encode(TEXT)
  const [at] = (await instance.call('alloc', [bytes.length])) as [number]
  await instance.write(at, bytes)
  const [packed] = (await instance.call('echo', [at, bytes.length])) as [bigint]
  const text = decoder.decode(await instance.read(packed >> 32n, Number(packed & 0x7fff_ffffn)))
  await instance.call('free', [at, bytes.length])
  return text
}

export const exchanges: Subject = {
  id: 'text',
  title: 'A hundred bytes of text in and out',
  async measure(settings) {
    return withHost({ execTimeout: 20_000 }, async (host) => {
      const module = await host.loadModule('echo', ECHO)
      const plain = throughText(raw(ECHO) as unknown as Exchange, 'echo')
      const ways = await alternate(
        {
          raw: (times: number) => {
            for (let time = 0; time < times; time++) plain(TEXT)
          },
          text: oneByOne(() => module.callText('echo', TEXT)),
          call: oneByOne(() => module.call('free', [0, 0])),
          use: oneByOne(() => module.use(held)),
        },
        settings,
      )
      const figure = (id: keyof typeof ways, label: string) => ({ id, label, value: ways[id].median / 1000, unit: 'us' })
      return {
        figures: [
          figure('text', '`callText`'),
          figure('use', 'the same steps through `use`'),
          figure('call', '`call` of a function that does nothing'),
          figure('raw', 'the same steps without Curfew'),
          { id: 'ratio', label: '`use` / `callText`', value: ways.use.median / ways.text.median, unit: 'x' },
        ],
      }
    })
  },
}
