/**
 * One form for every NaN that is computed: which of many an operation gives is left to the engine (spec 4.3.3). What only moves bits (loads,
 * `abs`, `neg`, `copysign`, `pmin`, `pmax`) is the same everywhere.
 */
import { OPCODES } from '../wasm/opcodes.ts'
import type { ValType } from '../wasm/types.ts'
import { get, type Step, writeSteps } from './code.ts'

const FORMS = ['f32', 'f64', 'f32x4', 'f64x2'] as const
const COMPUTES = /^(f32|f64|f32x4|f64x2)\.(add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|demote\w*|promote\w*)$/

/** By opcode id: 1 + the form of what it computes; 0 if that is always the same. */
export const COMPUTED: Uint8Array = Uint8Array.from(OPCODES, ({ name }) => 1 + FORMS.indexOf(COMPUTES.exec(name)?.[1] as (typeof FORMS)[number]))

const NAN_32 = [0x00, 0x00, 0xc0, 0x7f]
const NAN_64 = [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x7f]
const repeated = (bytes: readonly number[]): Uint8Array => Uint8Array.from({ length: 16 }, (_, at) => bytes[at % bytes.length] as number)

/** A function keeps the value in a local of its own, of one of these types. */
export const NAN_LOCALS: readonly ValType[] = ['f32', 'f64', 'v128']
const LOCAL_OF: readonly number[] = [0, 1, 2, 2]

/** The bit of the local that a form needs. */
export function nanLocal(form: number): number {
  return 1 << (LOCAL_OF[form - 1] as number)
}

/** What was written last for each form, and for which local: that is the same throughout a function. */
const written: { local: number; bytes: Uint8Array }[] = []

/**
 * Takes what was computed and leaves it, or the one NaN.
 * @param used bits of the locals that the function has, one after another from `first`
 */
export function canonicalise(form: number, used: number, first: number): Uint8Array {
  const name = FORMS[form - 1] as (typeof FORMS)[number]
  const below = used & (nanLocal(form) - 1)
  const local = first + (below & 1) + (below >> 1)
  const before = written[form]
  if (before?.local === local) return before.bytes
  const steps: Record<(typeof FORMS)[number], Step[]> = {
    f32: [['f32.const', Number.NaN], get(local), get(local), ['f32.eq'], ['select']],
    f64: [['f64.const', Number.NaN], get(local), get(local), ['f64.eq'], ['select']],
    f32x4: [['v128.const', repeated(NAN_32)], get(local), get(local), ['f32x4.eq'], ['v128.bitselect']],
    f64x2: [['v128.const', repeated(NAN_64)], get(local), get(local), ['f64x2.eq'], ['v128.bitselect']],
  }
  const bytes = writeSteps([['local.tee', local], ...steps[name]])
  written[form] = { local, bytes }
  return bytes
}
