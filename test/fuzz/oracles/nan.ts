/**
 * The module as it is, but with one NaN: what a deterministic one has to do. Shares no code with the guard's own way: what was computed goes
 * through a global of its type.
 */
import { type ImmediateValue, instruction, Writer } from '../../../src/wasm/writer.ts'
import { extended, type Instruction, join, readBodies, split, withBodies } from '../pieces.ts'

/** Instructions whose NaN the specification leaves open. */
const OPEN = /^(f32|f64|f32x4|f64x2)\.(add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|demote_f64|demote_f64x2_zero|promote_f32|promote_low_f32x4)$/
const ONE_NAN = {
  f32: [['f32.const', Number.NaN]],
  f64: [['f64.const', Number.NaN]],
  f32x4: [['f32.const', Number.NaN], ['f32x4.splat']],
  f64x2: [['f64.const', Number.NaN], ['f64x2.splat']],
} as const satisfies Record<string, readonly (readonly [string, ...ImmediateValue[]])[]>
const FORMS = Object.keys(ONE_NAN) as (keyof typeof ONE_NAN)[]
/** By form: its global, after those of the module. */
const GLOBALS = { f32: 0, f64: 1, f32x4: 2, f64x2: 2 }

/** Undefined for what cannot be read. */
export function withOneNan(bytes: Uint8Array<ArrayBuffer>, globals: number): Uint8Array<ArrayBuffer> | undefined {
  const bodies = readBodies(bytes)
  if (bodies === undefined || bodies.length === 0) return undefined
  const after = Object.fromEntries(FORMS.map((form) => [form, { name: 'select', bytes: oneNan(form, globals + GLOBALS[form]) }])) as Record<string, Instruction>
  const changed = bodies.map(({ locals, instructions }) => ({
    locals,
    instructions: instructions.flatMap((each) => {
      const form = OPEN.exec(each.name)?.[1]
      return form === undefined ? [each] : [each, after[form] as Instruction]
    }),
  }))
  const { list, rest } = split(withBodies(bytes, changed))
  return join({
    list: extended(list, 6, 3, (w) => {
      for (const [type, zero] of [
        [0x7d, [0x43, 0, 0, 0, 0]],
        [0x7c, [0x44, 0, 0, 0, 0, 0, 0, 0, 0]],
        [0x7b, [0xfd, 0x0c, ...new Array<number>(16).fill(0)]],
      ] as const)
        w.bytes(Uint8Array.of(type, 1, ...zero, 0x0b))
    }),
    rest,
  })
}

/** Takes a value and leaves it where it is no NaN. */
function oneNan(form: keyof typeof ONE_NAN, global: number): Uint8Array {
  const writer = new Writer(32)
  instruction(writer, 'global.set', global)
  instruction(writer, 'global.get', global)
  for (const [name, ...values] of ONE_NAN[form]) instruction(writer, name, ...values)
  instruction(writer, 'global.get', global)
  instruction(writer, 'global.get', global)
  instruction(writer, `${form}.eq`)
  instruction(writer, form.includes('x') ? 'v128.bitselect' : 'select')
  return writer.finish()
}
