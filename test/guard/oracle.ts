/**
 * An oracle for the checks of guarded modules that shares no code with what places them. It instruments the guarded bytes: each function
 * counts, in locals of its own, what the last check has paid for and what was done since, instruction by instruction as they run.
 */

import { CATCH_WEIGHT, ENTRY_WEIGHT, LIGHT, PER_CLAUSE, PER_LABEL_BIT, PER_LOCAL, SEGMENT, SPLIT_EVERY, TRY_WEIGHT, WEIGHTS } from '../../src/guard/costs.ts'
import type { Guarded } from '../../src/guard/guard.ts'
import { InstructionReader } from '../../src/wasm/instructions.ts'
import { readLocals } from '../../src/wasm/locals.ts'
import { functionType, type ModuleInfo, parseModule, type Section } from '../../src/wasm/module.ts'
import { OPCODES } from '../../src/wasm/opcodes.ts'
import { Reader } from '../../src/wasm/reader.ts'
import { instruction, Writer } from '../../src/wasm/writer.ts'

/** What can be wrong; the export `oracle` holds the sum of what was seen. */
export const UNPAID = 1
export const HEAVY_AFTER_CALL = 2
export const LONG_SEGMENT = 4

/** The heaviest single instruction may come on top. */
const MOST_BETWEEN_CHECKS = SEGMENT + SPLIT_EVERY + 10_000
const NOT_AFTER_CALL = -(1 << 30)

interface Step {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly index0: number
  readonly value: number
  readonly weight: number
}

const CHECK = ['global.get', 'i32.const', 'i32.sub', 'local.tee', 'global.set', 'local.get', 'i32.const', 'i32.lt_s', 'if', 'call', 'end']
const WEIGHT_OF_NAME = new Map(OPCODES.map((op) => [op.name, WEIGHTS[op.id] as number]))

export function instrument({ bytes, module: original }: Guarded): Uint8Array<ArrayBuffer> {
  const module = parseModule(bytes)
  const writer = new Writer(2 * bytes.length)
  writer.header()
  for (const section of module.sections) {
    if (section.id === 6) extended(writer, section, bytes, (w) => w.bytes(Uint8Array.of(0x7f, 1, 0x41, 0, 0x0b)))
    else if (section.id === 7) extended(writer, section, bytes, (w) => exportGlobal(w, module.globals.length))
    else if (section.id === 10) writer.section(10, (w) => code(w, module, original))
    else writer.bytes(bytes, section.start, section.end)
  }
  return writer.finish()
}

function exportGlobal(writer: Writer, index: number): void {
  writer.name('oracle')
  writer.u8(3)
  writer.u32(index)
}

function extended(writer: Writer, { id, payload, end }: Section, bytes: Uint8Array, more: (w: Writer) => void): void {
  const reader = new Reader(bytes, payload, end)
  const count = reader.u32('a count')
  writer.section(id, (w) => {
    w.u32(count + 1)
    w.bytes(bytes, reader.offset, end)
    more(w)
  })
}

function code(writer: Writer, module: ModuleInfo, original: ModuleInfo): void {
  writer.u32(module.bodyStarts.length)
  for (let at = 0; at < module.bodyStarts.length; at++) {
    const isGuards = at >= original.bodyStarts.length
    writer.sized((w) => (isGuards ? w.bytes(module.bytes, module.bodyStarts[at], module.bodyEnds[at]) : body(w, module, original, at)))
  }
}

function body(writer: Writer, module: ModuleInfo, original: ModuleInfo, at: number): void {
  const { bytes } = module
  const [start, end] = [module.bodyStarts[at] as number, module.bodyEnds[at] as number]
  const params = functionType(module, module.importedFunctions + at).params.length
  const { groups, total, codeStart } = readLocals(module, start, end)
  writer.vec([...groups, { count: 3, type: 'i32' as const }], ({ count, type }) => {
    writer.u32(count)
    writer.valType(type)
  })
  const locals = params + total
  const ownLocals = params + readLocals(original, original.bodyStarts[at] as number, original.bodyEnds[at] as number).total
  const meter = new Meter(writer, locals, module.globals.length)
  const steps = stepsOf(module, codeStart, end, locals)
  const slow = original.functions.length
  for (let n = 0; n < steps.length; n++) {
    const step = steps[n] as Step
    if (step.name === 'global.get' && step.index0 === original.globals.length) {
      const last = steps[n + CHECK.length - 1] as Step
      if (!CHECK.every((name, offset) => steps[n + offset]?.name === name)) throw new Error('a check that does not look like one')
      writer.bytes(bytes, step.start, last.end)
      meter.paid((steps[n + 1] as Step).value, n === 0 ? ENTRY_WEIGHT + ownLocals * PER_LOCAL : 0, /^catch/.test(steps[n - 1]?.name ?? '') ? CATCH_WEIGHT : 0)
      n += CHECK.length - 1
      continue
    }
    const isGuards = (/^local/.test(step.name) && step.index0 >= ownLocals) || (step.name === 'call' && step.index0 >= slow) || isBulkCharge(steps, n, slow)
    if (!isGuards && step.weight > 0) meter.work(step.weight)
    writer.bytes(bytes, step.start, step.end)
    // A poll also comes with growing: what follows has to be as light as after a call
    if (/^call/.test(step.name) && (!isGuards || step.index0 === slow)) meter.called()
  }
}

/** The constant between a length and the helper that charges for it. */
function isBulkCharge(steps: readonly Step[], n: number, slow: number): boolean {
  const next = steps[n + 1]
  return steps[n]?.name === 'i32.const' && next?.name === 'call' && next.index0 > slow
}

function stepsOf(module: ModuleInfo, codeStart: number, end: number, locals: number): Step[] {
  const reader = new InstructionReader(module)
  reader.reset(codeStart, end, locals)
  const steps: Step[] = []
  while (reader.next()) {
    const { name } = reader.op
    let weight = WEIGHT_OF_NAME.get(name) as number
    if (name === 'try') weight += TRY_WEIGHT
    if (name === 'try_table') weight += TRY_WEIGHT + reader.labelCount * PER_CLAUSE
    if (name === 'br_table') weight += Math.ceil(Math.log2(reader.labelCount + 1)) * PER_LABEL_BIT
    steps.push({ name, start: reader.start, end: reader.end, index0: reader.index0, value: reader.value, weight })
  }
  return steps
}

/** Writes the counting: what is paid and not used, what was done since a call, what was done since a check. */
class Meter {
  readonly #writer: Writer
  readonly #balance: number
  readonly #sinceCall: number
  readonly #sinceCheck: number
  readonly #oracle: number

  constructor(writer: Writer, firstLocal: number, oracle: number) {
    this.#writer = writer
    this.#balance = firstLocal
    this.#sinceCall = firstLocal + 1
    this.#sinceCheck = firstLocal + 2
    this.#oracle = oracle
  }

  #set(local: number, value: number): void {
    instruction(this.#writer, 'i32.const', value)
    instruction(this.#writer, 'local.set', local)
  }

  paid(charge: number, forEntry: number, forCatch: number): void {
    this.#set(this.#balance, charge - forEntry - forCatch)
    this.#set(this.#sinceCall, NOT_AFTER_CALL)
    this.#set(this.#sinceCheck, 0)
  }

  called(): void {
    this.#set(this.#sinceCall, 0)
  }

  work(weight: number): void {
    this.#add(this.#balance, -weight, 'i32.lt_s', 0, UNPAID)
    this.#add(this.#sinceCall, weight, 'i32.gt_s', LIGHT, HEAVY_AFTER_CALL)
    this.#add(this.#sinceCheck, weight, 'i32.gt_s', MOST_BETWEEN_CHECKS, LONG_SEGMENT)
  }

  #add(local: number, amount: number, wrongIf: string, than: number, what: number): void {
    const writer = this.#writer
    instruction(writer, 'local.get', local)
    instruction(writer, 'i32.const', amount)
    instruction(writer, 'i32.add')
    instruction(writer, 'local.tee', local)
    instruction(writer, 'i32.const', than)
    instruction(writer, wrongIf)
    instruction(writer, 'if', 'empty')
    instruction(writer, 'i32.const', what)
    instruction(writer, 'global.get', this.#oracle)
    instruction(writer, 'i32.or')
    instruction(writer, 'global.set', this.#oracle)
    instruction(writer, 'end')
  }
}
