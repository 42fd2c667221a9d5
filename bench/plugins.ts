/** Small modules that more than one subject measures. */
import { readFileSync } from 'node:fs'
import { wat } from '../test/support/wat.ts'

/** `add` does next to nothing, `loop` never ends. */
export const TRIVIAL = wat(`(module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "loop") (loop (br 0))))`)

/** The same `add`, beside a memory. */
export function withMemory(pages: number): Uint8Array<ArrayBuffer> {
  return wat(`(module (memory (export "memory") ${pages})
    (func (export "add") (param i32 i32) (result i32) (i32.store (i32.const 0) (i32.const 1)) (i32.add (local.get 0) (local.get 1))))`)
}

export function kernel(name: string): Uint8Array<ArrayBuffer> {
  return wat(readFileSync(new URL(`kernels/${name}.wat`, import.meta.url), 'utf8'), name)
}

/** The same module as V8 runs it by itself. */
export function raw(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
}
