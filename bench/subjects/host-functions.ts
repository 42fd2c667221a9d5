import { Host } from 'curfew'
import { wat } from '../../test/support/wat.ts'
import { alternate } from '../alternate.ts'
import type { Subject } from '../figures.ts'

const CALLER = wat(`(module (import "env" "f" (func $f (param i32) (result i32)))
  (func (export "many") (param $times i32)
    (loop $again
      (drop (call $f (local.get $times)))
      (br_if $again (i32.gt_s (local.tee $times (i32.sub (local.get $times) (i32.const 1))) (i32.const 0))))))`)

const plain = (value: number) => value & 1

export const hostFunctions: Subject = {
  id: 'host-functions',
  title: 'A guest calls the host, in a loop',
  async measure(settings) {
    const host = new Host({ execTimeout: 20_000 })
    try {
      const sync = await host.loadModule('sync', CALLER, { imports: { env: { f: plain } } })
      const promised = await host.loadModule('async', CALLER, { imports: { env: { f: async (value: number) => plain(value) } } })
      const { many } = new WebAssembly.Instance(new WebAssembly.Module(CALLER), { env: { f: plain } }).exports
      const ways = {
        raw: (times: number) => (many as (times: number) => void)(times),
        sync: (times: number) => sync.callSync('many', [times]),
        turn: async (times: number) => {
          for (let i = 0; i < times; i++) await new Promise((resolve) => setImmediate(resolve))
        },
        ...(host.features.jspi ? { async: (times: number) => promised.call('many', [times]) } : {}),
      }
      const { raw, sync: called, turn, async: awaited } = await alternate<keyof typeof ways>(ways as Required<typeof ways>, settings)
      return {
        figures: [
          { id: 'sync', label: 'host function', value: called.median, unit: 'ns' },
          { id: 'raw', label: 'JavaScript function, raw', value: raw.median, unit: 'ns' },
          ...(awaited === undefined
            ? []
            : [
                { id: 'async', label: 'async host function', value: awaited.median / 1000, unit: 'us' },
                { id: 'turn', label: 'turn of the event loop, awaited', value: turn.median / 1000, unit: 'us' },
              ]),
        ],
        ...(awaited === undefined ? { note: 'no JSPI here: no guest can wait for an async function' } : {}),
      }
    } finally {
      await host.close()
    }
  },
}
