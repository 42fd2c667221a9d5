/** Instructions as data, for what the guard adds. */
import type { AddressType, ValType } from '../wasm/types.ts'
import { type ImmediateValue, instruction, Writer } from '../wasm/writer.ts'

export type Step = readonly [name: string, ...immediates: ImmediateValue[]]

export const get = (local: number): Step => ['local.get', local]
export const set = (local: number): Step => ['local.set', local]
export const constant = (type: AddressType, value: number): Step => (type === 'i64' ? ['i64.const', BigInt(value)] : ['i32.const', value])

/** The bytes of instructions. */
export function writeSteps(steps: readonly Step[]): Uint8Array {
  const writer = new Writer(32)
  for (const [name, ...immediates] of steps) instruction(writer, name, ...immediates)
  return writer.finish()
}

/** Writes a function's body with its size before it. */
export function writeBody(out: Writer, locals: readonly ValType[], steps: readonly Step[]): void {
  out.sized((w) => {
    w.vec(locals, (type) => {
      w.u32(1)
      w.valType(type)
    })
    w.bytes(writeSteps(steps))
    instruction(w, 'end')
  })
}
