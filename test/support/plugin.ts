/** Plugins of the packed convention, as text. */
import assert from 'node:assert/strict'
import type { LoadOptions, Module } from '../../src/index.ts'
import { type Bench, failure } from './host.ts'

/** The functions that a plugin has unless it says otherwise. `$pack` makes an output. */
export const PARTS = {
  memory: '(memory (export "memory") 1)',
  state: `(global $top (mut i32) (i32.const 4096)) (global $calls (mut i32) (i32.const 0)) (global $freed (mut i32) (i32.const 0))
    (data (i32.const 16) "\\e9\\ff") (data (i32.const 32) "{\\"a\\": nope}") (data (i32.const 64) "no \\e2\\82\\ac left\\0a\\1b[2J")
    (func $pack (param i32 i32) (result i64)
      (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
    (func (export "freed") (result i32) (global.get $freed)) (func (export "top") (result i32) (global.get $top))
    (func (export "calls") (result i32) (global.get $calls))`,
  alloc: `(func $alloc (export "alloc") (param $length i32) (result i32) (local $at i32)
    (local.set $at (global.get $top))
    (global.set $top (i32.add (local.get $at) (local.get $length)))
    (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
      (then (if (i32.lt_s (memory.grow (i32.add (i32.shr_u (local.get $length) (i32.const 16)) (i32.const 1))) (i32.const 0)) (then (return (i32.const 0))))))
    (local.get $at))`,
  // What is freed is overwritten
  free: `(func $free (export "free") (param $at i32) (param $length i32)
    (memory.fill (local.get $at) (i32.const 88) (local.get $length))
    (global.set $top (local.get $at))
    (global.set $freed (i32.add (global.get $freed) (local.get $length))))`,
}

export type Parts = Partial<typeof PARTS>

/** A plugin whose function `f` is this body, with `$at` and `$length`; it counts its calls. */
export function plugin(body: string, parts: Parts & { imports?: string } = {}): string {
  const { imports = '', memory, state, alloc, free } = { imports: '', ...PARTS, ...parts }
  const f = `(func (export "f") (param $at i32) (param $length i32) (result i64) (local $i i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1))) ${body})`
  return `(module ${imports} ${memory} ${state} ${alloc} ${free} ${f})`
}

export const ECHO = '(call $pack (local.get $at) (local.get $length))'
export const LOOP = '(loop $again (br $again))'
export const spin = (times: number) =>
  `(loop $more (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $more (i32.lt_u (local.get $i) (i32.const ${times}))))`
export const output = (address: number, length: number) => `(call $pack (i32.const ${address}) (i32.const ${length}))`
export const error = (address: number, length: number) => output(address, length - 0x8000_0000)

/** What the plugin's guest has counted. */
export const counted = async (module: Module, what: 'calls' | 'freed' | 'top') => (await module.call(what))[0]

/** The code, and that the module goes on: in the same instance, or in another. */
export async function fails(bench: Bench, text: string, code: Parameters<typeof failure>[1], { keeps, ...options }: LoadOptions & { keeps: boolean }) {
  const module = await bench.load(text, options)
  const failed = await failure(module.callText('f', 'input', { timeout: 50 }), code)
  assert.deepEqual([failed.module, failed.function, failed.ran], ['text', 'f', true])
  assert.equal(typeof (await counted(module, 'calls')), 'number')
  assert.equal(module.stats.restarts, keeps ? 0 : 1)
  assert.equal(module.stats.outcomes[failed.code], 1, 'it counts as one call')
  return failed
}
