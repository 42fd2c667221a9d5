import { Host, type Lease } from 'curfew'
import { wat } from '../../test/support/wat.ts'
import { alternate } from '../alternate.ts'
import type { Subject } from '../figures.ts'

/** Gives back what it is given. */
const ECHO = wat(`(module (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "free") (param i32 i32))
  (func (export "echo") (param i32 i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))`)

const TEXT = 'a hundred bytes of text '.repeat(5).slice(0, 100)

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

interface Echo {
  readonly memory: WebAssembly.Memory
  alloc(length: number): number
  free(address: number, length: number): void
  echo(address: number, length: number): bigint
}

/** The same steps by hand: without Curfew. */
function plain({ memory, alloc, free, echo }: Echo): string {
  const bytes = encoder.encode(TEXT)
  const at = alloc(bytes.length)
  new Uint8Array(memory.buffer, at, bytes.length).set(bytes)
  const packed = echo(at, bytes.length)
  const text = decoder.decode(new Uint8Array(memory.buffer, Number(packed >> 32n), Number(packed & 0x7fff_ffffn)))
  free(at, bytes.length)
  return text
}

/** And by the steps of a lease. */
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
    const host = new Host({ execTimeout: 20_000 })
    try {
      const module = await host.loadModule('echo', ECHO)
      const raw = new WebAssembly.Instance(new WebAssembly.Module(ECHO)).exports as unknown as Echo
      const repeated = (once: () => Promise<unknown>) => async (times: number) => {
        for (let time = 0; time < times; time++) await once()
      }
      const ways = await alternate(
        {
          raw: (times: number) => {
            for (let time = 0; time < times; time++) plain(raw)
          },
          text: repeated(() => module.callText('echo', TEXT)),
          call: repeated(() => module.call('free', [0, 0])),
          use: repeated(() => module.use(held)),
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
    } finally {
      await host.close()
    }
  },
}
