/**
 * What the guard adds to a module, all at the ends of its index spaces: a counter, a table of hooks, with fuel two more globals, and functions
 * that the checks call.
 */
import { EXHAUSTED, MAX_CREDIT } from '../abi.ts'
import type { ModuleInfo } from '../wasm/module.ts'
import type { FuncType } from '../wasm/types.ts'
import type { Writer } from '../wasm/writer.ts'
import { type Step, writeBody } from './code.ts'

export interface Additions {
  readonly counter: number
  readonly hooks: number
  /** Only with fuel. */
  readonly fuel: number | undefined
  readonly depth: number | undefined
  readonly functions: {
    /** Polls, whatever the counter says. */
    readonly poll: number
    /** When the counter or the fuel is negative: sees to both. */
    readonly slow: number
    /** The same, and gives back what the check has subtracted that will be made again. */
    readonly again: number
    /** Says what has run out; only with fuel. */
    readonly exhausted: number
    /** The first of those in place of instructions. */
    readonly helpers: number
  }
  /** Of the functions, in order, and of the hooks. */
  readonly types: readonly FuncType[]
}

const NOTHING: FuncType = { params: [], results: [] }
const TAKES_I32: FuncType = { params: ['i32'], results: [] }
const HOOK: FuncType = { params: [], results: ['i32'] }
const EXHAUSTED_HOOK: FuncType = { params: ['i32'], results: ['i32'] }

export function additionsTo({ functions, globals, tables }: ModuleInfo, withFuel: boolean): Additions {
  const first = functions.length
  return {
    counter: globals.length,
    hooks: tables.length,
    fuel: withFuel ? globals.length + 1 : undefined,
    depth: withFuel ? globals.length + 2 : undefined,
    functions: withFuel
      ? { poll: first, slow: first + 1, again: first + 2, exhausted: first + 3, helpers: first + 4 }
      : { poll: first, slow: first, again: first + 1, exhausted: -1, helpers: first + 2 },
    types: withFuel ? [NOTHING, NOTHING, TAKES_I32, TAKES_I32] : [NOTHING, TAKES_I32],
  }
}

/** Types of the hooks, which follow those of the functions. */
export const HOOK_TYPES: readonly FuncType[] = [HOOK, EXHAUSTED_HOOK]

/** How many globals there are. */
export function globalCount({ fuel }: Additions): number {
  return fuel === undefined ? 1 : 3
}

/** A counter that starts at 0, so that the first check polls; neither fuel nor depth, which the driver gives. */
export function writeGlobals(w: Writer, { fuel }: Additions): void {
  w.bytes(new Uint8Array([0x7f, 0x01, 0x41, 0x00, 0x0b]))
  if (fuel !== undefined) w.bytes(new Uint8Array([0x7e, 0x01, 0x42, 0x00, 0x0b, 0x7f, 0x01, 0x41, 0x00, 0x0b]))
}

/** The table of hooks: one, and with fuel another. */
export function writeHooks(w: Writer, { fuel }: Additions): void {
  const size = fuel === undefined ? 1 : 2
  w.bytes(new Uint8Array([0x70, 0x01, size, size]))
}

/** Leaves 1 if the counter or the fuel is negative. The counter is what `counter` leaves. */
export function isNegative(counter: readonly Step[], { fuel }: Additions): Step[] {
  if (fuel === undefined) return [...counter, ['i32.const', 0], ['i32.lt_s']]
  return [...counter, ['global.get', fuel], ['i64.const', 32n], ['i64.shr_s'], ['i32.wrap_i64'], ['i32.or'], ['i32.const', 0], ['i32.lt_s']]
}

/**
 * The functions that the checks call.
 * @param hookTypes index of the first of `HOOK_TYPES`
 */
export function writeFunctions(out: Writer, added: Additions, hookTypes: number): void {
  const { counter, fuel, hooks, functions } = added
  // Anything below 1 is a stop, and so is a grant that is too large for the bound. As unsigned, one comparison refuses both
  writeBody(
    out,
    [],
    [
      ['i32.const', 0],
      ['call_indirect', hookTypes, hooks],
      ['global.set', counter],
      ['global.get', counter],
      ['i32.const', 1],
      ['i32.sub'],
      ['i32.const', MAX_CREDIT],
      ['i32.ge_u'],
      ['if', 'empty'],
      ['unreachable'],
      ['end'],
    ],
  )
  if (fuel !== undefined) writeBody(out, [], slowWithFuel(fuel, counter, functions))
  writeBody(out, [], [['call', functions.slow], ['global.get', counter], ['local.get', 0], ['i32.add'], ['global.set', counter]])
  if (fuel !== undefined) writeBody(out, [], exhaustedCode(hookTypes + 1, hooks))
}

function slowWithFuel(fuel: number, counter: number, { exhausted, poll }: Additions['functions']): Step[] {
  return [
    ['global.get', fuel],
    ['i64.const', 0n],
    ['i64.lt_s'],
    ['if', 'empty'],
    ['i32.const', EXHAUSTED.fuel],
    ['call', exhausted],
    // More may have been given, but not enough
    ['global.get', fuel],
    ['i64.const', 0n],
    ['i64.lt_s'],
    ['if', 'empty'],
    ['unreachable'],
    ['end'],
    ['end'],
    ['global.get', counter],
    ['i32.const', 0],
    ['i32.lt_s'],
    ['if', 'empty'],
    ['call', poll],
    ['end'],
  ]
}

function exhaustedCode(type: number, hooks: number): Step[] {
  return [['local.get', 0], ['i32.const', 1], ['call_indirect', type, hooks], ['i32.const', 0], ['i32.le_s'], ['if', 'empty'], ['unreachable'], ['end']]
}
