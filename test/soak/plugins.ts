/**
 * The plugins of a soak: small modules, each with its own number in its code, so that no two have the same bytes (V8 keeps modules of the same
 * bytes only once). What the actions ask for, every one of them can do.
 */
import { wat } from '../support/wat.ts'

/** Where the number goes: found in the assembled template by these five bytes, the LEB128 of the largest i32. */
const PLACE = 0x7fff_ffff
const PLACE_BYTES = [0xff, 0xff, 0xff, 0xff, 0x07]

/** A memory hog asks for so many pages at a time. */
const GROWTH = 4

const FUNCTIONS = `
  (func $id (export "id") (result i32) (i32.const ${PLACE}))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "sum") (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "spin") (loop (br 0)))
  (func (export "trap") unreachable)
  (func $recurse (export "recurse") (param i32) (result i32) (i32.add (call $recurse (local.get 0)) (i32.const 1)))
  (func (export "ask") (param i32) (result i32) (call $host (local.get 0)))`

const MEMORY = `
  (memory 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "hog")
    (loop
      (if (i32.ne (memory.grow (i32.const ${GROWTH})) (i32.const -1))
        (then (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (call $id))))
      (br 0)))`

const HOST = '(import "env" "host" (func $host (param i32) (result i32)))'
const WAIT = `
  (import "env" "later" (func $later (param i32) (result i32)))
  (func (export "wait") (param i32) (result i32) (call $later (local.get 0)))`
const LIFE = '(import "env" "life" (global (mut i32)))'

const templates = new Map<string, Uint8Array<ArrayBuffer>>()

/** What differs between them besides the number. */
export interface Shape {
  readonly memory: boolean
  /** Does it import a global, made for each instance, by whose end that of the instance is seen? */
  readonly watched: boolean
  /** Does it import an `async` function? */
  readonly waits: boolean
}

/** The bytes of a plugin whose `id` returns its number. */
export function pluginBytes(number: number, shape: Shape): Uint8Array<ArrayBuffer> {
  const bytes = template(shape).slice()
  const at = place(bytes)
  for (let byte = 0; byte < 4; byte++) bytes[at + byte] = 0x80 | ((number >>> (7 * byte)) & 0x7f)
  bytes[at + 4] = number >>> 28
  return bytes
}

function template({ memory, watched, waits }: Shape): Uint8Array<ArrayBuffer> {
  const text = `(module ${HOST} ${watched ? LIFE : ''} ${waits ? WAIT : ''} ${memory ? MEMORY : ''} ${FUNCTIONS})`
  const known = templates.get(text) ?? wat(text)
  templates.set(text, known)
  return known
}

function place(bytes: Uint8Array): number {
  const at = bytes.findIndex((_, from) => PLACE_BYTES.every((byte, offset) => bytes[from + offset] === byte))
  if (at < 0) throw new Error('the template has no place for a number')
  return at
}
