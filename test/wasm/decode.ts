/** Reading whole modules, for the tests of this folder. */

import assert from 'node:assert/strict'
import { LoadError } from '../../src/errors.ts'
import { InstructionReader } from '../../src/wasm/instructions.ts'
import { readLocals } from '../../src/wasm/locals.ts'
import { functionType, type ModuleInfo, parseModule } from '../../src/wasm/module.ts'
import { Writer } from '../../src/wasm/writer.ts'

/** Parses a module and reads each of its bodies to the end, calling back for each instruction. */
export function decodeAll(bytes: Uint8Array, each?: (instructions: InstructionReader) => void): ModuleInfo {
  const module = parseModule(bytes)
  const instructions = new InstructionReader(module)
  for (const [at, start] of module.bodyStarts.entries()) {
    const end = module.bodyEnds[at] as number
    const { total, codeStart } = readLocals(module, start, end)
    instructions.reset(codeStart, end, total + functionType(module, module.importedFunctions + at).params.length)
    while (instructions.next()) each?.(instructions)
    assert.equal(instructions.end, end)
  }
  return module
}

/** Reads a module that must be refused, and returns how. Anything but a `LoadError` fails the test. */
export function refusal(bytes: Uint8Array): LoadError {
  try {
    decodeAll(bytes)
  } catch (error) {
    if (error instanceof LoadError) return error
    throw error
  }
  return assert.fail('the module was accepted')
}

/** A module of sections: id, then the contents as bytes. */
export function sections(...list: readonly (readonly [id: number, ...contents: number[]])[]): Uint8Array {
  const writer = new Writer()
  writer.header()
  for (const [id, ...contents] of list) writer.section(id, (inner) => inner.bytes(Uint8Array.from(contents)))
  return writer.finish()
}

/** Numbers that look random and are the same in every run. */
export function pseudoRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
