/**
 * Reads a guarded body beside the original one: the instructions of the original must all be there, in their order, with nothing between
 * them but what the guard is known to insert. Shares no code with what places the checks or writes them.
 */

import {
  CANONICAL_WEIGHT,
  ENTRY_WEIGHT,
  FAR_ENTRY,
  MANY_FUNCTIONS,
  NEAR_WEIGHT,
  PER_BYTE,
  PER_CLAUSE,
  PER_ELEMENT,
  PER_LABEL_BIT,
  PER_LOCAL,
  TRY_WEIGHT,
  WEIGHTS,
} from '../../src/guard/costs.ts'
import { InstructionReader } from '../../src/wasm/instructions.ts'
import { readLocals } from '../../src/wasm/locals.ts'
import { functionType, type ModuleInfo } from '../../src/wasm/module.ts'
import type { Opcode } from '../../src/wasm/opcodes.ts'

export interface Step {
  readonly op: Opcode
  readonly start: number
  readonly end: number
  readonly index0: number
  readonly value: number
  /** Of a br_table or try_table. */
  readonly labels: readonly number[]
}

/** What the oracle has to know of an instruction of a guarded body. */
export interface Mark {
  /** What the original instruction here weighs: never more than the guard has to reckon, nor much less. */
  work: number
  /** What the check pays for whose subtraction ends here. */
  charge: number
  /** Does an exception arrive here? */
  isHandler: boolean
  /** A call of the original, or of a helper in place of an instruction: a poll may come in it. */
  isCall: boolean
}

export interface Aligned {
  readonly steps: readonly Step[]
  readonly marks: readonly Mark[]
  readonly locals: number
}

/** @throws if the guarded function is not the original one with checks */
export function align(original: ModuleInfo, guarded: ModuleInfo, at: number): Aligned {
  const own = readBody(original, at)
  const steps = readBody(guarded, at)
  return { ...steps, marks: new Alignment(original, own, steps).run() }
}

export function readBody(module: ModuleInfo, at: number): { steps: Step[]; locals: number } {
  const [start, end] = [module.bodyStarts[at] as number, module.bodyEnds[at] as number]
  const { total, codeStart } = readLocals(module, start, end)
  const locals = total + functionType(module, module.importedFunctions + at).params.length
  const reader = new InstructionReader(module)
  reader.reset(codeStart, end, locals)
  const steps: Step[] = []
  while (reader.next()) {
    const { op, index0, value, labelCount } = reader
    const isList = op.name === 'br_table' || op.control === 'try_table'
    steps.push({ op, start: reader.start, end: reader.end, index0, value, labels: isList ? [...reader.labels.subarray(0, labelCount)] : [] })
  }
  return { steps, locals }
}

class Alignment {
  readonly #own: readonly Step[]
  readonly #steps: readonly Step[]
  readonly #ownEnds: Int32Array
  readonly #ends: Int32Array
  /** By instruction of the original: does an exception arrive behind it? */
  readonly #isHandler: Uint8Array
  readonly #marks: Mark[]
  readonly #ownLocals: number
  readonly #globals: number
  readonly #functions: number
  #entry: number

  constructor(original: ModuleInfo, own: { steps: Step[]; locals: number }, { steps }: { steps: Step[] }) {
    this.#own = own.steps
    this.#steps = steps
    const isHandler = new Uint8Array(own.steps.length)
    this.#isHandler = isHandler
    this.#ownEnds = endsOf(own.steps, isHandler)
    this.#ends = endsOf(steps)
    this.#marks = steps.map(() => ({ work: 0, charge: 0, isHandler: false, isCall: false }))
    this.#ownLocals = own.locals
    this.#globals = original.globals.length
    this.#functions = original.functions.length
    this.#entry = ENTRY_WEIGHT + own.locals * PER_LOCAL + (original.bodyStarts.length > MANY_FUNCTIONS ? FAR_ENTRY : 0)
  }

  run(): readonly Mark[] {
    this.#range(0, this.#own.length, 0, this.#steps.length)
    return this.#marks
  }

  #range(from: number, to: number, first: number, end: number): void {
    let at = first
    for (let n = from; n < to; n++, at++) {
      const before = at
      at = this.#inserted(at)
      const own = this.#own[n] as Step
      const step = this.#steps[at]
      if (step === undefined || at >= end) throw this.#wrong(n, at)
      const mark = this.#marks[at] as Mark
      // A check before a jump or call may be its own, which pays for what comes after it. Then the little that the jump weighs is left out
      const isPaidBefore = at > before && /^(br|call|return_call)$/.test(own.op.control)
      mark.work += this.#entry + (isPaidBefore ? 0 : weightOf(this.#own, n, own.op === step.op))
      this.#entry = 0
      if (own.op.name === 'loop' && step.op.name === 'block') {
        this.#loop(n, at)
        n = this.#ownEnds[n] as number
        at = this.#ends[at] as number
      } else if (own.op === step.op) {
        mark.isCall = own.op.control === 'call'
        mark.isHandler = this.#isHandler[n] === 1
      } else if (own.op.name === 'br_if' && step.op.name === 'if') {
        // Checked if it jumps: the check, a br, an end
        if (this.#inserted(at + 1) !== (this.#ends[at] as number) - 1) throw this.#wrong(n, at)
        at = this.#ends[at] as number
      } else if (/^(memory|table)\.(grow|fill|copy|init)$/.test(own.op.name) && step.op.name === 'call' && step.index0 >= this.#functions) mark.isCall = true
      else throw this.#wrong(n, at)
    }
    at = this.#inserted(at)
    if (at !== end) throw this.#wrong(to, at)
  }

  /** A loop in a loop: with copies of its body and one check, or with its check at its header. */
  #loop(n: number, at: number): void {
    const [from, to] = [n + 1, this.#ownEnds[n] as number]
    if (this.#steps[at + 2]?.op.name === 'block') {
      ;(this.#marks[at + 3] as Mark).isHandler = this.#isHandler[n] === 1
      return this.#range(from, to, at + 4, this.#ends[at + 3] as number)
    }
    let copy = at + 3
    for (let isFirst = true; this.#steps[copy]?.op.name === 'block'; isFirst = false) {
      if (isFirst) this.#range(from, to, copy + 2, this.#ends[copy + 1] as number)
      else this.#range(from, to, copy + 1, (this.#ends[copy] as number) - 1)
      copy = (this.#ends[copy] as number) + 1
    }
    if (this.#inserted(copy) === copy) throw this.#wrong(n, copy)
  }

  /** Where what the guard has inserted ends. */
  #inserted(at: number): number {
    for (;;) {
      const step = this.#steps[at]
      const { name } = step?.op ?? {}
      if (step === undefined || !/^(global|local)\./.test(name as string)) return at
      if (name === 'global.get' && step.index0 === this.#globals) at = this.#check(at)
      // Fuel, depth
      else if (name === 'global.get' && step.index0 === this.#globals + 1)
        at = this.#after(at, ({ op, index0 }) => op.name === 'global.set' && index0 === step.index0)
      else if (name === 'global.get' && step.index0 === this.#globals + 2) at = this.#after(at, ({ op }) => op.name === 'end')
      else if (name === 'local.get' && step.index0 >= this.#ownLocals) at = this.#after(at, ({ op }) => op.name === 'global.set')
      else if (name === 'local.tee' && step.index0 >= this.#ownLocals) {
        // One form of NaN
        ;(this.#marks[at] as Mark).work += CANONICAL_WEIGHT
        at = this.#after(at, ({ op }) => op.name === 'select' || op.name === 'v128.bitselect')
      } else return at
    }
  }

  /** From the counter on the stack to the branch that tells whether it is negative. */
  #check(at: number): number {
    const subtracted = this.#after(at, ({ op, index0 }) => op.name === 'global.set' && index0 === this.#globals)
    const charge = this.#steps[at + 1] as Step
    if (subtracted !== at + 5 || charge.op.name !== 'i32.const') throw new Error(`a check at ${this.#steps[at]?.start} that does not look like one`)
    ;(this.#marks[at + 4] as Mark).charge = charge.value
    const branch = this.#after(subtracted, ({ op }) => op.name === 'if' || op.name === 'br_if') - 1
    return this.#steps[branch]?.op.name === 'if' ? (this.#ends[branch] as number) + 1 : branch + 1
  }

  #after(at: number, isLast: (step: Step) => boolean): number {
    let last = at
    while (last < this.#steps.length && !isLast(this.#steps[last] as Step)) last++
    return last + 1
  }

  #wrong(n: number, at: number): Error {
    const [own, step] = [this.#own[n], this.#steps[at]]
    return new Error(`${own?.op.name ?? 'the end'} at ${own?.start}, but guarded ${step?.op.name ?? 'the end'} at ${step?.start}`)
  }
}

/** By instruction that opens a block, its end. @param isHandler becomes 1 where an exception arrives */
function endsOf(steps: readonly Step[], isHandler?: Uint8Array): Int32Array {
  const ends = new Int32Array(steps.length)
  const open: number[] = []
  const caught = new Set<number>()
  for (const [at, { op, labels }] of steps.entries()) {
    if (op.control === 'try_table') for (const label of labels) caught.add(open[open.length - 1 - label] ?? -1)
    if (/^(block|loop|if|try|try_table)$/.test(op.control)) open.push(at)
    else if (op.control === 'catch' || op.control === 'catch_all') isHandler?.fill(1, at, at + 1)
    else if (op.control === 'end' || op.control === 'delegate') {
      const start = open.pop() ?? -1
      if (start >= 0) ends[start] = at
      if (!caught.delete(start) || start < 0) continue
      const arrives = steps[start]?.op.name === 'loop' ? start : at
      isHandler?.fill(1, arrives, arrives + 1)
    }
  }
  return ends
}

const LENGTHS: Readonly<Record<string, number>> = { 'bulk-memory': PER_BYTE, 'bulk-table': PER_ELEMENT }

/** What an instruction weighs by the documented table. @param isItself not a call of a helper, which is counted there */
function weightOf(steps: readonly Step[], at: number, isItself: boolean): number {
  const { op, labels } = steps[at] as Step
  const weight = WEIGHTS[op.id] as number
  const before = steps[at - 1]
  if (op.control === 'try') return weight + TRY_WEIGHT
  if (op.control === 'try_table') return weight + TRY_WEIGHT + labels.length * PER_CLAUSE
  if (op.control === 'br_table') return weight + Math.ceil(Math.log2(labels.length + 1)) * PER_LABEL_BIT
  if (op.immediates[0] === 'memarg' && /^(load|store)$/.test(op.cost) && mayBeNear(steps, at)) return NEAR_WEIGHT
  const perLength = LENGTHS[op.cost]
  if (perLength !== undefined && isItself && before?.op.name === 'i32.const') return weight + Math.max(0, before.value) * perLength
  return weight
}

/** Can an access be close to another that has just been? Not after a jump may have arrived, and not at an address that was just computed. */
function mayBeNear(steps: readonly Step[], at: number): boolean {
  const isStore = (steps[at] as Step).op.cost === 'store'
  const address = steps[isStore && /^local\.get$|\.const$/.test(steps[at - 1]?.op.name ?? '') ? at - 2 : at - 1]?.op
  if (address !== undefined && /^i(32|64)\.(and|or|add|sub|xor|const)$/.test(address.name)) return false
  for (let n = at - 1; n >= 0; n--) {
    const { op } = steps[n] as Step
    if (/^(loop|end|else|catch|catch_all|delegate)$/.test(op.control)) return false
    if (op.immediates[0] === 'memarg') return true
  }
  return false
}
