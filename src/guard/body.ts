/** Writes function bodies with their checks. */
import type { ModuleInfo } from '../wasm/module.ts'
import { skipNumber } from '../wasm/skip.ts'
import type { ValType } from '../wasm/types.ts'
import { Writer } from '../wasm/writer.ts'
import type { Additions } from './additions.ts'
import { canonicalise, NAN_LOCALS } from './canonical.ts'
import { CheckWriter } from './check-writer.ts'
import { Depth } from './depth.ts'
import { EVENT, type Events, NO_FRAME } from './events.ts'
import { type Frames, IS } from './frames.ts'
import type { FunctionHints } from './hints.ts'
import { Labels } from './labels.ts'
import { FORM, type Loops } from './loops.ts'
import type { Outline } from './outline.ts'
import { type Checks, NO_CHECKS } from './report.ts'

const BLOCK = 0x02
const LOOP = 0x03
const IF = 0x04
const EMPTY = 0x40
const END = 0x0b
const BR = 0x0c
const CALL = 0x10

/** Added around the body of a loop that is rewritten: blocks and loops. */
const FRAMES = 3

export class BodyWriter {
  readonly #out: Writer
  readonly #module: ModuleInfo
  readonly #added: Additions
  readonly #outline: Outline
  readonly #events: Events
  readonly #frames: Frames
  readonly #loops: Loops
  /** By event, with fuel: what is subtracted. */
  readonly #fuel: Float64Array | undefined
  readonly #depth: Depth | undefined
  /** One body, before its size is known. */
  readonly #body = new Writer(4096)
  readonly #labels: Labels
  readonly #checks: CheckWriter
  /** Where the checks of each kind are counted. */
  counts: Checks = { ...NO_CHECKS }
  /** Of the function that was written last: what V8's baseline compiler will take for it; see `operands.ts`. */
  complexity = 0
  /** Its calls, but for those that checks and helpers are, and how many of them are indirect. */
  calls = 0
  indirectCalls = 0
  #at = 0
  /** The guard's own local; after it come one for the depth, if the function is deep, and those for NaNs. */
  #local = 0
  #isDeep = false

  constructor(out: Writer, module: ModuleInfo, added: Additions, outline: Outline, fuel: Float64Array | undefined) {
    this.#out = out
    this.#module = module
    this.#added = added
    this.#outline = outline
    this.#events = outline.events
    this.#frames = outline.frames
    this.#loops = outline.loops
    this.#fuel = fuel
    this.#depth = fuel === undefined ? undefined : new Depth(outline, this.#body, added)
    this.#labels = new Labels(module, this.#body)
    this.#checks = new CheckWriter(this.#body, added)
  }

  /** Of the function that was written last. */
  get hints(): FunctionHints {
    return this.#checks.hints
  }

  /** Writes a body with its size before it; returns the size. */
  write(at: number): number {
    const first = this.#outline.firstEvent[at] as number
    const last = this.#outline.firstEvent[at + 1] as number
    const start = this.#module.bodyStarts[at] as number
    const end = this.#module.bodyEnds[at] as number
    this.complexity = this.#outline.complexity[at] as number
    this.#checks.hints.clear()
    this.#at = at
    this.#isDeep = this.#depth?.counts(at) === true
    // Where the depth is used up
    this.calls = (this.#outline.calls[at] as number) + (this.#isDeep ? 1 : 0)
    this.indirectCalls = this.#outline.indirectCalls[at] as number
    if (!this.#isDeep && !this.#isChanged(first, last)) {
      this.#out.u32(end - start)
      this.#out.bytes(this.#module.bytes, start, end)
      return end - start
    }
    const body = this.#body
    body.clear()
    this.#labels.clear()
    this.#local = this.#outline.locals[at] as number
    this.#locals(start, this.#outline.codeStarts[at] as number)
    this.#range(first, last, this.#outline.codeStarts[at] as number, end)
    this.#out.u32(body.length)
    this.#out.append(body)
    return body.length
  }

  /** The guard's own locals come after those that the body declares. */
  #locals(start: number, codeStart: number): void {
    const { bytes } = this.#module
    const nans = this.#outline.nanLocals[this.#at] as number
    const forNans = NAN_LOCALS.filter((_, bit) => nans & (1 << bit))
    this.#body.u32(readU32(bytes, start) + 1 + forNans.length)
    this.#body.bytes(bytes, skipNumber(bytes, start), codeStart)
    this.#declare(this.#isDeep ? 2 : 1, 'i32')
    for (const type of forNans) this.#declare(1, type)
  }

  #declare(count: number, type: ValType): void {
    this.#body.u32(count)
    this.#body.valType(type)
  }

  #isChanged(first: number, last: number): boolean {
    for (let event = first; event < last; event++) if (this.#isInserted(event)) return true
    return false
  }

  /** Is anything to be written at an event? */
  #isInserted(event: number): boolean {
    const { kinds, charges, befores, targets } = this.#events
    if (this.#fuel !== undefined && this.#fuel[event] !== 0) return true
    switch (kinds[event]) {
      case EVENT.helper:
      case EVENT.computed:
        return true
      case EVENT.call:
      case EVENT.leave:
        return this.#isDeep || (charges[event] as number) > 0 || befores.has(event)
      case EVENT.handler:
        return true
      case EVENT.jump:
        return (targets[event] as number) > NO_FRAME && (charges[event] as number) > 0
      case EVENT.entry:
        return this.#isDeep || (charges[event] as number) > 0
      default:
        return (charges[event] as number) > 0
    }
  }

  /** Writes a part of the function, in which a run of events lies. */
  #range(first: number, last: number, start: number, end: number): void {
    const { kinds, targets, offsets } = this.#events
    const { ends } = this.#frames
    // Loops may nest by the thousand: no recursion for those whose body is written once
    const open: { readonly event: number; readonly end: number }[] = []
    let from = start
    for (let event = first; event < last; event++) {
      if (event === open.at(-1)?.end) {
        this.#labels.copy(from, offsets[event] as number)
        this.#endHeaded((open.pop() as { event: number }).event)
        from = (offsets[event] as number) + 1
        continue
      }
      if (!this.#isInserted(event)) continue
      const target = targets[event] as number
      if (kinds[event] === EVENT.loop && this.#isRewritten(target)) {
        this.#labels.copy(from, this.#loops.starts[this.#frames.others[target] as number] as number)
        if (this.#isCopied(target)) {
          this.#copies(event, target)
          event = ends[target] as number
          from = (offsets[event] as number) + 1
        } else {
          this.#beginHeaded(event, target)
          open.push({ event, end: ends[target] as number })
          from = offsets[event] as number
        }
      } else from = this.#insert(event, from)
    }
    this.#labels.copy(from, end)
  }

  /** Writes what comes before an event, and what is inserted there. Returns where what follows it begins. */
  #insert(event: number, from: number): number {
    const { kinds, offsets, lengths, charges } = this.#events
    const offset = offsets[event] as number
    const kind = kinds[event] as number
    if (kind === EVENT.helper) return this.#helper(event, from)
    if (kind === EVENT.call || kind === EVENT.leave) from = this.#before(event, from)
    else if (kind === EVENT.branch && this.#isBack(event)) {
      this.#labels.copy(from, offset - (lengths[event] as number))
      this.#jumpBack(event)
      from = offset
    }
    this.#labels.copy(from, offset)
    if (kind === EVENT.computed) {
      this.#body.bytes(canonicalise(this.#events.targets[event] as number, this.#outline.nanLocals[this.#at] as number, this.#local + (this.#isDeep ? 2 : 1)))
      return offset
    }
    this.#burn(event)
    this.#arrive(event)
    if (kind === EVENT.call && this.#isDeep && this.#depth?.isChangedBy(this.#events.targets[event] as number)) this.#depth.restore(this.#local + 1)
    const charge = charges[event] as number
    if (charge > 0 && !(kind === EVENT.branch && this.#isBack(event))) this.#check(event, kind, charge)
    if (kind === EVENT.entry && this.#isDeep) this.#depth?.enter(this.#at, this.#local + 1)
    return offset
  }

  /** Where an exception may arrive, whoever threw it may not have put the depth back: at a handler, or a loop that one goes on with. */
  #arrive(event: number): void {
    const { kinds, targets } = this.#events
    const isCaught = kinds[event] === EVENT.handler || (kinds[event] === EVENT.loop && this.#frames.is(targets[event] as number, IS.caught))
    if (isCaught && this.#isDeep) this.#depth?.restore(this.#local + 1)
  }

  /** A check is a branch or two more, for all locals and operands. */
  #addComplexity(event: number): void {
    this.complexity += 2 * ((this.#outline.locals[this.#at] as number) + (this.#events.heights[event] as number))
  }

  #burn(event: number): void {
    const cost = this.#fuel?.[event] ?? 0
    if (cost !== 0) this.#checks.burn(cost)
  }

  /** What is subtracted at a header that is gone through again is given back. */
  #unburn(event: number): void {
    const cost = this.#fuel?.[event] ?? 0
    if (cost !== 0) this.#checks.burn(-cost)
  }

  #check(event: number, kind: number, charge: number): void {
    this.counts[NAME_OF_CHECK[kind] ?? 'path']++
    this.#checks.check(charge, this.#local)
    this.#addComplexity(event)
  }

  /** A check before a call, and what a tail call gives back. */
  #before(event: number, from: number): number {
    const { befores, offsets, lengths, kinds } = this.#events
    const charge = befores.get(event) ?? 0
    const isTail = kinds[event] === EVENT.leave && this.#isDeep
    if (charge === 0 && !isTail) return from
    const start = (offsets[event] as number) - (lengths[event] as number)
    this.#labels.copy(from, start)
    if (charge > 0) {
      this.counts.beforeCall++
      this.#checks.check(charge, this.#local)
      this.#addComplexity(event)
    }
    if (isTail) this.#depth?.giveBack(this.#at, this.#local + 1)
    return start
  }

  #helper(event: number, from: number): number {
    const { offsets, lengths, targets } = this.#events
    const offset = offsets[event] as number
    this.#labels.copy(from, offset - (lengths[event] as number))
    this.counts.helper++
    this.#body.u8(CALL)
    this.#body.u32(this.#added.functions.helpers + (targets[event] as number))
    return offset
  }

  /** Is it a br_if back to a loop that has its checks there? */
  #isBack(event: number): boolean {
    const target = this.#events.targets[event] as number
    return (this.#events.charges[event] as number) > 0 && this.#frames.is(target, IS.loop)
  }

  /** In place of a br_if, so that only who jumps is checked. */
  #jumpBack(event: number): void {
    const { offsets, lengths, charges } = this.#events
    const label = readU32(this.#module.bytes, (offsets[event] as number) - (lengths[event] as number) + 1)
    const body = this.#body
    this.counts.back++
    body.u8(IF)
    body.u8(EMPTY)
    this.#checks.check(charges[event] as number, this.#local)
    this.#addComplexity(event)
    this.#branch(this.#labels.shifted(label) + 1)
    body.u8(END)
  }

  #isRewritten(frame: number): boolean {
    return this.#isCopied(frame) || (this.#formOf(frame) === FORM.header && !this.#frames.is(frame, IS.takesValues))
  }

  #isCopied(frame: number): boolean {
    return this.#formOf(frame) === FORM.copies
  }

  #formOf(frame: number): number {
    return this.#loops.forms[this.#frames.others[frame] as number] as number
  }

  /**
   * A loop is put into another, and left for that one when the counter is negative, which polls and enters it again: so the check
   * calls nothing in it, and its values stay in registers. See decision: C028
   */
  #beginOuter(event: number, frame: number): void {
    this.#typed(BLOCK, event, frame)
    this.#typed(LOOP, event, frame)
  }

  #endOuter(event: number): void {
    const body = this.#body
    this.#branch(0)
    body.u8(END)
    body.u8(END)
    this.#addComplexity(event)
  }

  /** The check is after copies of the body, and decides whether to go on. */
  #copies(event: number, frame: number): void {
    const body = this.#body
    const loop = this.#frames.others[frame] as number
    const copies = this.#loops.copies[loop] as number
    this.#beginOuter(event, frame)
    body.u8(LOOP)
    body.u8(EMPTY)
    for (let copy = 0; copy < copies; copy++) {
      body.u8(BLOCK)
      body.u8(EMPTY)
      // A jump takes any stack, but the end of the loop did not: one copy in a block keeps what is not valid so
      if (copy === 0) this.#typed(BLOCK, event, frame)
      this.#burn(event)
      this.#inside(event, frame, copy === 0 ? 1 : 0)
      if (copy === 0) body.u8(END)
      this.#branch(3)
      body.u8(END)
    }
    this.complexity += (copies - 1) * (this.#loops.complexities[loop] as number)
    this.calls += (copies - 1) * (this.#loops.calls[loop] as number)
    this.indirectCalls += (copies - 1) * (this.#loops.indirectCalls[loop] as number)
    this.counts.copies++
    this.#checks.checkAndJump(this.#events.charges[event] as number, this.#local, 0)
    body.u8(END)
    this.#checks.callSlow()
    this.#endOuter(event)
  }

  /** The body of a loop that is copied, with three frames added around it, and some in it. No other loop is in there that is. */
  #inside(event: number, frame: number, added: number): void {
    const { offsets } = this.#events
    const end = this.#frames.ends[frame] as number
    this.#labels.enter(FRAMES, added)
    this.#range(event + 1, end, offsets[event] as number, offsets[end] as number)
    this.#labels.leave(FRAMES + added)
  }

  /** The check is at the header, because jumps of all kinds go there. */
  #beginHeaded(event: number, frame: number): void {
    const body = this.#body
    this.#beginOuter(event, frame)
    body.u8(BLOCK)
    body.u8(EMPTY)
    this.#typed(LOOP, event, frame)
    this.counts.header++
    this.#burn(event)
    this.#arrive(event)
    this.#checks.checkOrJump(this.#events.charges[event] as number, this.#local, 1)
    this.#labels.enter(FRAMES, 0)
  }

  #endHeaded(event: number): void {
    const body = this.#body
    this.#labels.leave(FRAMES)
    body.u8(END)
    this.#branch(2)
    body.u8(END)
    this.#checks.callAgain(this.#events.charges[event] as number)
    this.#unburn(event)
    this.#endOuter(event)
  }

  #branch(label: number): void {
    this.#body.u8(BR)
    this.#body.u32(label)
  }

  /** A block or loop of a loop's type. */
  #typed(opcode: number, event: number, frame: number): void {
    this.#body.u8(opcode)
    this.#body.bytes(this.#module.bytes, (this.#loops.starts[this.#frames.others[frame] as number] as number) + 1, this.#events.offsets[event] as number)
  }
}

/** What a check at an event is called in the report; elsewhere, it is one on a path. */
const NAME_OF_CHECK: Readonly<Record<number, keyof Checks>> = {
  [EVENT.entry]: 'entry',
  [EVENT.loop]: 'header',
  [EVENT.handler]: 'handler',
  [EVENT.call]: 'afterCall',
  [EVENT.jump]: 'back',
}

function readU32(bytes: Uint8Array, start: number): number {
  let value = 0
  for (let at = start, shift = 0; ; at++, shift += 7) {
    const byte = bytes[at] as number
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return value >>> 0
  }
}
