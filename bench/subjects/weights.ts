import { BULK_BASE, ENTRY_WEIGHT, NEAR_WEIGHT, PAGE_TOUCH, PER_BYTE, PER_ELEMENT, PER_LABEL_BIT, WEIGHTS } from '../../src/guard/costs.ts'
import { OPCODES } from '../../src/wasm/opcodes.ts'
import { wat } from '../../test/support/wat.ts'
import { alternate } from '../alternate.ts'
import type { Figure, Subject } from '../figures.ts'
import { raw } from '../plugins.ts'

const UNITS_PER_NS = 8
/** Of the text below, in one go of a loop. */
const COPIES = 50

interface Measure {
  readonly id: string
  readonly label: string
  /** What the guard counts for one copy of the text, in units. */
  readonly weight: number
  /** Works on the locals `$i` (i32), `$j` (i64), `$x` (f64), `$v` (v128), so that each instruction waits for the one before. */
  readonly text: string
  /** Once before each loop of copies. */
  readonly before?: string
  /** Fields of the module. */
  readonly fields?: string
}

const weight = (...names: readonly string[]): number => names.reduce((sum, name) => sum + (WEIGHTS[OPCODES.findIndex((op) => op.name === name)] as number), 0)
/** What the text needs beside the instruction that it is about. */
const AROUND = weight('local.get') + weight('local.set')
/** 4 MiB, which the second cache does not hold, as a circle through all its lines in no order that a processor foresees. */
const CIRCLE = `(memory 64)
  (func $start (local $at i32) (local $next i32)
    (loop $more
      (local.set $next (i32.and (i32.add (i32.mul (local.get $at) (i32.const 1664525)) (i32.const 64009)) (i32.const 0xffff)))
      (i32.store (i32.shl (local.get $at) (i32.const 6)) (i32.shl (local.get $next) (i32.const 6)))
      (local.set $at (local.get $next))
      (br_if $more (local.get $at))))
  (start $start)`

const MEASURES: readonly Measure[] = [
  { id: 'simple', label: 'i64.sub', weight: weight('i64.sub', 'i64.const') + AROUND, text: '(local.set $j (i64.sub (i64.const 7) (local.get $j)))' },
  { id: 'multiply', label: 'i64.mul', weight: weight('i64.mul') + AROUND * 1.5, text: '(local.set $j (i64.mul (local.get $j) (local.get $j)))' },
  {
    id: 'divide',
    label: 'i64.div_u',
    weight: weight('i64.div_u', 'i64.or', 'i64.const') + AROUND * 1.5,
    text: '(local.set $j (i64.div_u (local.get $k) (i64.or (local.get $j) (i64.const 3))))',
  },
  { id: 'float', label: 'f64.add', weight: weight('f64.add', 'f64.const') + AROUND, text: '(local.set $x (f64.add (local.get $x) (f64.const 1.5)))' },
  {
    id: 'float-slow',
    label: 'f64.mul of subnormals',
    weight: weight('f64.mul', 'f64.const') + AROUND,
    fields: '(global $small (export "small") (mut f64) (f64.const 5e-310))',
    before: '(local.set $x (global.get $small))',
    text: '(local.set $x (f64.mul (local.get $x) (f64.const 0.75)))',
  },
  { id: 'float-divide', label: 'f64.div', weight: weight('f64.div', 'f64.const') + AROUND, text: '(local.set $x (f64.div (f64.const 3.7) (local.get $x)))' },
  { id: 'square-root', label: 'f64.sqrt', weight: weight('f64.sqrt') + AROUND, text: '(local.set $x (f64.sqrt (local.get $x)))' },
  {
    id: 'convert',
    label: 'i64.trunc_f64_u and back',
    weight: weight('i64.trunc_sat_f64_u', 'f64.convert_i64_u') + AROUND,
    text: '(local.set $x (f64.convert_i64_u (i64.trunc_sat_f64_u (local.get $x))))',
  },
  { id: 'simd', label: 'i64x2.mul', weight: weight('i64x2.mul') + AROUND * 1.5, text: '(local.set $v (i64x2.mul (local.get $v) (local.get $v)))' },
  { id: 'simd-divide', label: 'f64x2.div', weight: weight('f64x2.div') + AROUND * 1.5, text: '(local.set $v (f64x2.div (local.get $w) (local.get $v)))' },
  {
    id: 'global',
    label: 'global.get and global.set',
    weight: weight('global.get', 'global.set', 'i32.add', 'i32.const'),
    fields: '(global $g (mut i32) (i32.const 0))',
    text: '(global.set $g (i32.add (global.get $g) (i32.const 1)))',
  },
  {
    id: 'load-near',
    label: 'i32.load close to the last one',
    weight: NEAR_WEIGHT + weight('i32.add') + AROUND * 1.5,
    fields: CIRCLE,
    text: '(local.set $i (i32.add (local.get $i) (i32.load offset=64 (i32.const 0))))',
  },
  {
    id: 'load',
    label: 'i32.load out of the second cache',
    weight: weight('i32.load') + AROUND,
    fields: CIRCLE,
    text: '(local.set $i (i32.load (local.get $i)))',
  },
  {
    id: 'store',
    label: 'i32.store all over 4 MiB',
    weight: weight('i32.store', 'i32.mul', 'i32.and', 'i32.add') + weight('i32.const') * 3 + AROUND * 2,
    fields: '(memory 64)',
    text: '(local.set $i (i32.and (i32.add (i32.mul (local.get $i) (i32.const 1664525)) (i32.const 1013904223)) (i32.const 0x3ffffc))) (i32.store (local.get $i) (local.get $i))',
  },
  {
    id: 'table',
    label: 'table.get and table.set',
    weight: weight('table.get', 'table.set') + weight('i32.const') * 2,
    fields: '(table $t 10 funcref)',
    text: '(table.set $t (i32.const 3) (table.get $t (i32.const 4)))',
  },
  {
    id: 'call',
    label: 'call',
    weight: weight('call') + ENTRY_WEIGHT + AROUND * 2,
    fields:
      '(func $callee (param i32) (result i32) (if (result i32) (i32.eq (local.get 0) (i32.const 123456789)) (then (call $callee (i32.const 0))) (else (local.get 0))))',
    text: '(local.set $i (call $callee (local.get $i)))',
  },
  {
    id: 'call-indirect',
    label: 'call_indirect',
    weight: weight('call_indirect', 'i32.and') + weight('i32.const') + ENTRY_WEIGHT + AROUND * 2,
    fields:
      '(type $f (func (param i32) (result i32))) (table funcref (elem $a $b $c $d)) (func $a (type $f) (local.get 0)) (func $b (type $f) (local.get 0)) (func $c (type $f) (local.get 0)) (func $d (type $f) (i32.add (local.get 0) (i32.const 1)))',
    text: '(local.set $i (call_indirect (type $f) (i32.add (local.get $i) (i32.const 1)) (i32.and (local.get $i) (i32.const 3))))',
  },
  {
    id: 'branch',
    label: 'br_if, not to be foreseen',
    weight: weight('br_if', 'i32.and', 'i32.shr_u', 'i32.mul', 'i32.add') + weight('i32.const') * 5 + weight('i32.add') + AROUND * 3,
    text: '(local.set $i (i32.add (i32.mul (local.get $i) (i32.const 1664525)) (i32.const 1013904223))) (block (br_if 0 (i32.and (i32.shr_u (local.get $i) (i32.const 24)) (i32.const 1))) (local.set $i (i32.add (local.get $i) (i32.const 5))))',
  },
  {
    id: 'br-table',
    label: 'br_table of four, not to be foreseen',
    weight: weight('br_table', 'i32.and', 'i32.shr_u', 'i32.mul', 'i32.add') + PER_LABEL_BIT * 2 + weight('i32.const') * 4 + AROUND * 2,
    text: '(local.set $i (i32.add (i32.mul (local.get $i) (i32.const 1664525)) (i32.const 1013904223))) (block (block (block (block (br_table 0 1 2 3 (i32.and (i32.shr_u (local.get $i) (i32.const 24)) (i32.const 3)))))))',
  },
  {
    id: 'fill',
    label: 'a byte of memory.fill',
    weight: (BULK_BASE + 65_536 * PER_BYTE) / 65_536,
    fields: '(memory 64)',
    text: '(memory.fill (i32.const 65536) (i32.const 1) (i32.const 65536))',
  },
  {
    id: 'table-fill',
    label: 'an element of table.fill',
    weight: (BULK_BASE + 1_024 * PER_ELEMENT) / 1_024,
    fields: '(table $t 1024 funcref) (func $f) (elem declare func $f)',
    text: '(table.fill $t (i32.const 0) (ref.func $f) (i32.const 1024))',
  },
]

/** How many things one copy of a text does. */
const PER_COPY: Readonly<Record<string, number>> = { fill: 65_536, 'table-fill': 1_024 }

export const weights: Subject = {
  id: 'weights',
  title: 'What instructions take, and what the guard counts for them',
  async measure(settings) {
    const figures: Figure[] = []
    for (const measure of MEASURES) figures.push(figure(measure, await nanoseconds(measure, settings)))
    figures.push(figure({ id: 'page', label: 'the first touch of a page', weight: PAGE_TOUCH, text: '' }, firstTouch(settings.quick ? 1 : 5)))
    return { figures, note: 'the goal is the weight; each with what goes on around it' }
  },
}

function figure({ id, label, weight }: Measure, value: number): Figure {
  const goal = weight / UNITS_PER_NS
  return { id, label: `${label} (factor ${(goal / value).toFixed(1)})`, value, unit: 'ns', goal: Number(goal.toPrecision(3)) }
}

async function nanoseconds({ id, text, before = '', fields = '' }: Measure, settings: { rounds: number; quick: boolean }): Promise<number> {
  const run = raw(
    wat(`(module ${fields}
      (func (export "run") (param $times i32) (result i32)
        (local $i i32) (local $j i64) (local $k i64) (local $x f64) (local $v v128) (local $w v128)
        (local.set $j (i64.const 3)) (local.set $k (i64.const 0x7edcba9876543210)) (local.set $x (f64.const 1.7))
        (local.set $v (v128.const f64x2 1.3 2.7)) (local.set $w (v128.const f64x2 5.1 9.3))
        (loop $again
          ${before}
          ${text.repeat(COPIES)}
          (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
        (i32.add (local.get $i) (i32.add (i32.wrap_i64 (local.get $j))
          (i32.add (i32.trunc_sat_f64_s (local.get $x)) (i32x4.extract_lane 0 (local.get $v)))))))`),
  ).run as (times: number) => number
  const { work } = await alternate({ work: run }, { ...settings, rounds: Math.min(settings.rounds, 5) })
  return work.min / COPIES / (PER_COPY[id] ?? 1)
}

/** Of 64 MiB that nobody has touched: nanoseconds for each 4 KiB, the best of some. */
function firstTouch(times: number): number {
  let best = Number.POSITIVE_INFINITY
  for (let time = 0; time < times; time++) {
    const bytes = new Uint8Array(new WebAssembly.Memory({ initial: 1_024 }).buffer)
    const from = performance.now()
    for (let at = 0; at < bytes.length; at += 4_096) bytes[at] = 1
    best = Math.min(best, ((performance.now() - from) * 1e6) / (bytes.length / 4_096))
  }
  return best
}
