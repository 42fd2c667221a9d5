/**
 * The plugin that all candidates run: the same functions, with the same work in them, for the calling convention of each.
 *
 * What it does with a text, it does byte by byte in the guest. Its memory: primes below 128 KiB, one text above.
 */
import { wat } from '../../test/support/wat.ts'

/** The largest text, bytes. */
export const ROOM = 131_072
/** Primes below this are counted, so often. */
export const LIMIT = 100_000
export const TIMES = 10

const SIEVE = `
  (func $sieve (result i32) (local $n i32) (local $multiple i32) (local $count i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const ${LIMIT}))
    (local.set $n (i32.const 2))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $n)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $multiple (i32.shl (local.get $n) (i32.const 1)))
          (block $done
            (loop $cross
              (br_if $done (i32.ge_u (local.get $multiple) (i32.const ${LIMIT})))
              (i32.store8 (local.get $multiple) (i32.const 1))
              (local.set $multiple (i32.add (local.get $multiple) (local.get $n)))
              (br $cross)))))
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const ${LIMIT}))))
    (local.get $count))
  (func $compute (result i32) (local $left i32) (local $count i32)
    (local.set $left (i32.const ${TIMES}))
    (loop $again
      (local.set $count (i32.add (local.get $count) (call $sieve)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $count))`

/** One letter: the same in all of them. */
const RAISE = `
  (func $raise (param $letter i32) (result i32)
    (if (result i32) (i32.lt_u (i32.sub (local.get $letter) (i32.const 97)) (i32.const 26))
      (then (i32.sub (local.get $letter) (i32.const 32)))
      (else (local.get $letter))))`

/** @param number in its code, so that no two have the same bytes: V8 compiles the same bytes only once */
export function plainPlugin(number = 0): Uint8Array<ArrayBuffer> {
  return assembled(
    number,
    `(module (memory (export "memory") ${(2 * ROOM) / 65_536}) ${SIEVE} ${RAISE}
  (func (export "id") (result i32) (i32.const ${PLACE}))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "compute") (result i32) (call $compute))
  (func (export "loop") (loop (br 0)))
  (func (export "alloc") (param i32) (result i32) (i32.const ${ROOM}))
  (func (export "free") (param i32 i32))
  (func (export "upper") (param $at i32) (param $length i32) (result i64) (local $i i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $length)))
        (i32.store8 (i32.add (local.get $at) (local.get $i)) (call $raise (i32.load8_u (i32.add (local.get $at) (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32)) (i64.extend_i32_u (local.get $length)))))`,
  )
}

/** For Extism: input and output belong to its kernel, which hands out eight bytes at a time. */
export function extismPlugin(number = 0): Uint8Array<ArrayBuffer> {
  return assembled(
    number,
    `(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (memory (export "memory") ${(2 * ROOM) / 65_536}) ${SIEVE} ${RAISE}
  (func (export "id") (result i32) (i32.const ${PLACE}))
  (func (export "add") (result i32) (local $both i64) (local $at i64)
    (local.set $both (call $input_load_u64 (i64.const 0)))
    (local.set $at (call $alloc (i64.const 8)))
    (call $store_u64
      (local.get $at)
      (i64.extend_i32_u (i32.add (i32.wrap_i64 (local.get $both)) (i32.wrap_i64 (i64.shr_u (local.get $both) (i64.const 32))))))
    (call $output_set (local.get $at) (i64.const 4))
    (i32.const 0))
  (func (export "loop") (result i32) (loop (br 0)) (i32.const 0))
  (func (export "compute") (result i32) (local $at i64)
    (local.set $at (call $alloc (i64.const 8)))
    (call $store_u64 (local.get $at) (i64.extend_i32_u (call $compute)))
    (call $output_set (local.get $at) (i64.const 8))
    (i32.const 0))
  (func (export "upper") (result i32) (local $length i64) (local $i i64) (local $at i64) (local $end i64) (local $to i32)
    (local.set $length (call $input_length))
    (local.set $end (i64.and (local.get $length) (i64.const -8)))
    (block $copied
      (loop $next
        (br_if $copied (i64.ge_u (local.get $i) (local.get $end)))
        (i64.store offset=${ROOM} (i32.wrap_i64 (local.get $i)) (call $input_load_u64 (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 8)))
        (br $next)))
    (block $rest
      (loop $next
        (br_if $rest (i64.ge_u (local.get $i) (local.get $length)))
        (i32.store8 offset=${ROOM} (i32.wrap_i64 (local.get $i)) (call $input_load_u8 (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $to) (i32.wrap_i64 (local.get $length))))
        (i32.store8 offset=${ROOM} (local.get $to) (call $raise (i32.load8_u offset=${ROOM} (local.get $to))))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (br $next)))
    (local.set $at (call $alloc (local.get $length)))
    (local.set $i (i64.const 0))
    (block $written
      (loop $next
        (br_if $written (i64.ge_u (local.get $i) (local.get $end)))
        (call $store_u64 (i64.add (local.get $at) (local.get $i)) (i64.load offset=${ROOM} (i32.wrap_i64 (local.get $i))))
        (local.set $i (i64.add (local.get $i) (i64.const 8)))
        (br $next)))
    (block $end
      (loop $next
        (br_if $end (i64.ge_u (local.get $i) (local.get $length)))
        (call $store_u8 (i64.add (local.get $at) (local.get $i)) (i32.load8_u offset=${ROOM} (i32.wrap_i64 (local.get $i))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next)))
    (call $output_set (local.get $at) (local.get $length))
    (i32.const 0)))`,
  )
}

/** The same as a script, as somebody would write it who has an interpreter in place of WebAssembly. */
export const SCRIPT = `
  function add(a, b) { return a + b }
  function upper(text) { return text.toUpperCase() }
  function sieve() {
    const crossed = new Uint8Array(${LIMIT})
    let count = 0
    for (let n = 2; n < ${LIMIT}; n++) {
      if (crossed[n] !== 0) continue
      count++
      for (let multiple = 2 * n; multiple < ${LIMIT}; multiple += n) crossed[multiple] = 1
    }
    return count
  }
  function compute() {
    let count = 0
    for (let left = ${TIMES}; left > 0; left--) count += sieve()
    return count
  }
  function loop() { for (;;); }`

/** The LEB128 of the largest i32, found in the assembled bytes. */
const PLACE = 0x7fff_ffff
const PLACE_BYTES = [0xff, 0xff, 0xff, 0xff, 0x07]
const templates = new Map<string, Uint8Array<ArrayBuffer>>()

function assembled(number: number, text: string): Uint8Array<ArrayBuffer> {
  const template = templates.get(text) ?? wat(text)
  templates.set(text, template)
  const bytes = template.slice()
  const at = bytes.findIndex((_, from) => PLACE_BYTES.every((byte, offset) => bytes[from + offset] === byte))
  for (let byte = 0; byte < 4; byte++) bytes[at + byte] = 0x80 | ((number >>> (7 * byte)) & 0x7f)
  bytes[at + 4] = number >>> 28
  return bytes
}
