import type { Caller } from 'curfew'
import { wat } from '../../test/support/wat.ts'
import { alternate, oneByOne } from '../alternate.ts'
import type { Subject } from '../figures.ts'
import { withHost } from '../host.ts'

/** Calls the host in a loop: with a number, and with a text of 100 bytes. */
const CALLER = wat(`(module (import "env" "f" (func $f (param i32) (result i32))) (import "env" "text" (func $text (param i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "${'0123456789'.repeat(10)}")
  (func (export "many") (param $times i32)
    (loop $again
      (drop (call $f (local.get $times)))
      (br_if $again (i32.gt_s (local.tee $times (i32.sub (local.get $times) (i32.const 1))) (i32.const 0)))))
  (func (export "texts") (param $times i32)
    (loop $again
      (drop (call $text (i32.const 0) (i32.const 100)))
      (br_if $again (i32.gt_s (local.tee $times (i32.sub (local.get $times) (i32.const 1))) (i32.const 0))))))`)

const plain = (value: number) => value & 1

/** How a host reads a text without Curfew: without a look at what pointer and length are. */
function rawExports(): Record<'many' | 'texts', (times: number) => void> {
  const decoder = new TextDecoder()
  const text = (pointer: number, length: number) => decoder.decode(new Uint8Array(memory.buffer, pointer, length)).length
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(CALLER), { env: { f: plain, text } })
  const memory = exports.memory as WebAssembly.Memory
  return exports as never
}

export const hostFunctions: Subject = {
  id: 'host-functions',
  title: 'A guest calls the host, in a loop',
  async measure(settings) {
    return withHost({ execTimeout: 20_000 }, async (host) => {
      const imports = (f: (value: number) => unknown) => (caller: Caller) => ({
        env: { f, text: (pointer: number, length: number) => caller.memory.readText(pointer, length).length },
      })
      const sync = await host.loadModule('sync', CALLER, { imports: imports(plain) })
      const promised = await host.loadModule('promised', CALLER, { imports: imports((value) => (host.features.jspi ? Promise.resolve(plain(value)) : 0)) })
      const raw = rawExports()
      const ways = {
        raw: (times: number) => raw.many(times),
        sync: (times: number) => sync.callSync('many', [times]),
        rawText: (times: number) => raw.texts(times),
        text: (times: number) => sync.callSync('texts', [times]),
        turn: oneByOne(() => new Promise((resolve) => setImmediate(resolve))),
        ...(host.features.jspi ? { promised: (times: number) => promised.call('many', [times]) } : {}),
      }
      const { promised: awaited, ...called } = await alternate<keyof typeof ways>(ways as Required<typeof ways>, settings)
      return {
        figures: [
          { id: 'sync', label: 'host function', value: called.sync.median, unit: 'ns' },
          { id: 'raw', label: 'JavaScript function, raw', value: called.raw.median, unit: 'ns' },
          { id: 'text', label: 'one that reads a text of 100 bytes by `caller.memory`', value: called.text.median, unit: 'ns' },
          { id: 'raw-text', label: 'the same, raw and unchecked', value: called.rawText.median, unit: 'ns' },
          ...(awaited === undefined
            ? []
            : [
                { id: 'promised', label: 'one that returns a promise', value: awaited.median / 1000, unit: 'us' },
                { id: 'turn', label: 'turn of the event loop, awaited', value: called.turn.median / 1000, unit: 'us' },
              ]),
        ],
        ...(awaited === undefined ? { note: 'no JSPI here: no guest can wait for a promise' } : {}),
      }
    })
  },
}
