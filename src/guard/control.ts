/** Blocks, jumps and calls of one function after another, as events and frames. */
import { LoadError } from '../errors.ts'
import type { Caps } from '../limits.ts'
import { CATCH_ALL, type InstructionReader } from '../wasm/instructions.ts'
import { functionType, type ModuleInfo } from '../wasm/module.ts'
import { type FuncType, REF_BYTE, REF_NULL_BYTE } from '../wasm/types.ts'
import { nanLocal } from './canonical.ts'
import { CANONICAL_WEIGHT, FEW_VALUES, PER_CLAUSE, PER_LABEL_BIT, PER_VALUE, TRY_WEIGHT } from './costs.ts'
import { EVENT, type Events, grown, IMPORTED, NO_FRAME } from './events.ts'
import { type Frames, IS } from './frames.ts'
import type { TypeKinds } from './kinds.ts'
import type { Loops } from './loops.ts'
import { HANDLES, OpenBlocks } from './open-blocks.ts'
import { callComplexity, OPERANDS } from './operands.ts'
import type { Outline } from './outline.ts'
import type { Places } from './places.ts'

/** Of what is no function's type: the engine refuses the call. */
const NO_VALUES: FuncType = { params: [], results: [] }

export interface ControlOptions {
  readonly caps: Caps
  /** May a `try_table` have a block type of more than one byte? See `engine.ts`. */
  readonly wideTryTables: boolean
}

export class Control {
  // Where reading stands, for who reads the instructions between
  weight = 0
  sinceJoin = 0
  height = 0
  /** The most that `height` has been. */
  highest = 0
  fuel = 0
  complexity = 0
  /** Calls so far, and those of them that are indirect. */
  calls = 0
  indirectCalls = 0
  locals = 0

  readonly #outline: Outline
  readonly #events: Events
  readonly #frames: Frames
  readonly #loops: Loops
  readonly #module: ModuleInfo
  readonly #kinds: TypeKinds
  readonly #options: ControlOptions
  readonly #places: Places
  readonly #open = new OpenBlocks()
  /** Frames of the loops that are open. */
  readonly #openLoops: number[] = []
  #function = 0
  #frame = 0

  constructor(outline: Outline, module: ModuleInfo, kinds: TypeKinds, options: ControlOptions, places: Places) {
    this.#outline = outline
    this.#events = outline.events
    this.#frames = outline.frames
    this.#loops = outline.loops
    this.#module = module
    this.#kinds = kinds
    this.#options = options
    this.#places = places
  }

  /** Is anything of the function still open? */
  get isOpen(): boolean {
    return this.#open.depth > 0
  }

  begin(at: number, codeStart: number, locals: number, { results }: FuncType): void {
    this.#function = at
    this.weight = this.sinceJoin = this.height = this.highest = this.fuel = this.complexity = this.calls = this.indirectCalls = 0
    this.locals = locals
    this.#open.depth = this.#openLoops.length = 0
    const outline = this.#outline
    outline.firstEvent[at] = this.#events.count
    outline.firstFrame[at] = this.#frames.count
    outline.codeStarts[at] = codeStart
    outline.locals[at] = locals
    this.#frame = this.#openFrame(0, codeStart, 0, results.length)
    this.#event(EVENT.entry, codeStart)
  }

  finish(end: number): void {
    const { depth } = this.#open
    if (depth > 0) throw new LoadError('malformed', `a function ends with ${depth} blocks open`, { offset: end })
    const outline = this.#outline
    outline.firstEvent[this.#function + 1] = this.#events.count
    outline.firstFrame[this.#function + 1] = this.#frames.count
    outline.complexity[this.#function] = this.complexity
    outline.calls[this.#function] = this.calls
    outline.indirectCalls[this.#function] = this.indirectCalls
  }

  /** A check may stand here, since much straight-line code has gone by. */
  split(offset: number): void {
    this.#event(EVENT.join, offset)
  }

  /** A helper is called in place of an instruction. */
  help({ start, end }: InstructionReader, helper: number): void {
    this.#markLoop(IS.calls)
    this.#event(EVENT.helper, end, helper, end - start)
  }

  /** What an instruction computed may be a NaN, in a form as in `canonical.ts`. */
  computed(end: number, form: number): void {
    const { nanLocals } = this.#outline
    nanLocals[this.#function] = (nanLocals[this.#function] as number) | nanLocal(form)
    this.#event(EVENT.computed, end, form)
    this.more(CANONICAL_WEIGHT)
  }

  /** Adds what depends on more than the instruction's name. */
  more(weight: number): void {
    this.weight += weight
    this.sinceJoin += weight
  }

  /** Whatever has an effect on control adds to what V8's baseline compiler takes. */
  branch(): void {
    this.complexity += this.locals + (this.height > 0 ? this.height : 0)
  }

  /** An instruction with an effect on control, whose own weight and complexity have been added. */
  read(reader: InstructionReader): void {
    const { op, start, end } = reader
    switch (op.control) {
      case 'end':
        return this.end(start)
      case 'block':
        this.#openFrame(0, start, reader.blockParams, reader.blockResults)
        return
      case 'br_if':
        this.height += OPERANDS[op.id] as number
        return this.brIf(reader.index0, start, end, op.name === 'br_if')
      case 'br':
        return this.br(reader.index0, start)
      case 'if':
        this.height--
        return this.if(start, end, reader.blockParams, reader.blockResults)
      case 'loop':
        return this.loop(start, end, reader.blockParams, reader.blockResults)
      case 'call':
        return this.#call(reader)
      case 'else':
        return this.#else(reader)
      case 'return':
        this.#moves(this.#open.results[0] as number)
        return this.#jump(end, this.#frame)
      case 'unreachable':
        return this.#jump(end, NO_FRAME)
      case 'br_table':
        return this.#brTable(reader)
      default:
        return this.#readRare(reader)
    }
  }

  #readRare(reader: InstructionReader): void {
    const { op, start, end } = reader
    switch (op.control) {
      case 'try':
        this.#markLoop(IS.outer)
        this.more(TRY_WEIGHT)
        this.#openFrame(0, start, reader.blockParams, reader.blockResults)
        this.#open.handles[this.#open.depth - 1] = HANDLES.some
        return
      case 'try_table':
        return this.#tryTable(reader)
      case 'catch':
      case 'catch_all':
        return this.#catch(reader)
      case 'delegate':
        // The label is outside the try; an exception that goes there meets a handler with a check, or leaves the function.
        if (reader.index0 + 1 !== this.#open.depth) this.#target(reader.index0 + 1)
        this.#open.handles[this.#innermost(reader)] = HANDLES.none
        return this.end(start, end - start)
      case 'throw':
        if (op.name === 'rethrow') this.#target(reader.index0)
        else if (op.name === 'throw') this.#moves(this.#tagValues(reader.index0))
        return this.#jump(end, this.#frame)
      case 'return_call': {
        this.#moves(this.#calleeType(reader).params.length)
        const callee = this.#callee(reader)
        this.#countCall(callee)
        this.#event(EVENT.leave, end, callee, end - start)
        return this.#afterJump()
      }
    }
  }

  /** Values that a jump or a call carries: a few travel in registers, the others from one place on the stack to another. */
  #moves(values: number): void {
    if (values <= FEW_VALUES) return
    this.more(values * PER_VALUE)
    this.complexity += values * PER_VALUE
  }

  block(start: number): void {
    this.#openFrame(0, start, 0, 0)
  }

  /** @param isPlain is it a `br_if`? Only before that can a check be put which is for the jump alone */
  brIf(label: number, start: number, end: number, isPlain: boolean): void {
    const at = this.#target(label)
    const frame = this.#open.frames[at] as number
    if (!isPlain) this.#frames.set(frame, IS.tableTarget)
    this.#moves(this.#open.arities[at] as number)
    this.#event(EVENT.branch, end, frame, end - start)
  }

  br(label: number, start: number): void {
    const at = this.#target(label)
    this.#moves(this.#open.arities[at] as number)
    this.#jump(start, this.#open.frames[at] as number)
  }

  #jump(offset: number, target: number): void {
    this.#event(EVENT.jump, offset, target)
    this.#afterJump()
  }

  /** What follows a jump is not reached; its operands are whatever it wants. */
  #afterJump(): void {
    this.height = this.#open.bases[this.#open.depth - 1] as number
  }

  if(start: number, end: number, params: number, results: number): void {
    this.#moves(params)
    this.#event(EVENT.if, end, this.#openFrame(0, start, params, results))
  }

  loop(start: number, end: number, params: number, results: number): void {
    this.#moves(params)
    this.#markLoop(IS.outer)
    const frame = this.#openFrame(params > 0 ? IS.loop | IS.takesValues : IS.loop, start, params, results)
    const loop = this.#loops.add(start)
    this.#frames.others[frame] = loop
    this.#loops.complexities[loop] = -this.complexity
    this.#loops.calls[loop] = -this.calls
    this.#loops.indirectCalls[loop] = -this.indirectCalls
    this.#openLoops.push(frame)
    if (this.#openLoops.length > this.#options.caps.loopNesting) this.#tooDeep('loops', 'loopNesting', start)
    this.#event(EVENT.loop, end, frame)
  }

  #markLoop(bits: number): void {
    const { length } = this.#openLoops
    if (length > 0) this.#frames.set(this.#openLoops[length - 1] as number, bits)
  }

  #else(reader: InstructionReader): void {
    const at = this.#innermost(reader)
    const frame = this.#open.frames[at] as number
    this.#moves(this.#open.results[at] as number)
    this.#event(EVENT.jump, reader.start, frame)
    this.#frames.others[frame] = this.#events.count
    this.height = this.#open.bases[at] as number
    this.#event(EVENT.join, reader.end)
  }

  #tryTable(reader: InstructionReader): void {
    this.#markLoop(IS.outer)
    if (!this.#options.wideTryTables) this.#refuseWide(reader)
    let handles: number = reader.labelCount > 0 ? HANDLES.some : HANDLES.none
    for (let n = 0; n < reader.labelCount; n++) {
      const at = this.#target(reader.labels[n] as number)
      this.#frames.set(this.#open.frames[at] as number, IS.caught | IS.tableTarget)
      if ((reader.catchKinds[n] as number) >= CATCH_ALL) handles = HANDLES.all
    }
    this.more(TRY_WEIGHT + reader.labelCount * PER_CLAUSE)
    this.#openFrame(0, reader.start, reader.blockParams, reader.blockResults)
    this.#open.handles[this.#open.depth - 1] = handles
    this.#open.clauses[this.#open.depth - 1] = reader.labelCount
  }

  #refuseWide({ start }: InstructionReader): void {
    const byte = this.#module.bytes[start + 1] as number
    if (byte < 0x80 && byte !== REF_BYTE && byte !== REF_NULL_BYTE) return
    throw new LoadError('unsupported-feature', 'the module has a try_table with a block type of several bytes, which V8 before 13 (Node 22) misreads', {
      offset: start,
    })
  }

  #catch(reader: InstructionReader): void {
    const open = this.#open
    const at = this.#innermost(reader)
    const isAll = reader.op.control === 'catch_all'
    const values = isAll ? 0 : this.#tagValues(reader.index0)
    this.#moves(open.results[at] as number)
    this.#event(EVENT.jump, reader.start, open.frames[at])
    this.height = (open.bases[at] as number) + values
    open.clauses[at] = (open.clauses[at] as number) + 1
    if (isAll) open.handles[at] = HANDLES.all
    this.#event(EVENT.handler, reader.end)
    this.#moves(values)
  }

  #brTable(reader: InstructionReader): void {
    const first = this.#events.labelCount
    this.#events.addLabel(reader.labelCount)
    let values = 0
    for (let n = 0; n < reader.labelCount; n++) {
      const at = this.#target(reader.labels[n] as number)
      const frame = this.#open.frames[at] as number
      this.#frames.set(frame, IS.tableTarget)
      this.#events.addLabel(frame)
      values = this.#open.arities[at] as number
    }
    this.complexity += reader.labelCount * (this.locals + Math.max(0, this.height))
    // Baseline code looks the target up by halving, and mispredicts
    this.more((32 - Math.clz32(reader.labelCount)) * PER_LABEL_BIT)
    this.#moves(values)
    this.#jump(reader.end, -2 - first)
  }

  /** A call of a function by its index, which is right. */
  call(index: number, start: number, end: number): void {
    this.#callOf(functionType(this.#module, index), start, end, this.#bodyOf(index))
  }

  #call(reader: InstructionReader): void {
    const { op, start, end } = reader
    if (op.name !== 'call') this.height--
    this.#callOf(this.#calleeType(reader), start, end, this.#callee(reader))
  }

  #callOf({ params, results }: FuncType, start: number, end: number, callee: number): void {
    this.#countCall(callee)
    this.#markLoop(IS.calls)
    this.#moves(params.length + results.length)
    this.complexity += callComplexity(params.length, results.length)
    this.height += results.length - params.length
    if (this.height > this.highest) this.highest = this.height
    this.#event(EVENT.call, end, callee, end - start)
  }

  #countCall(callee: number): void {
    this.calls++
    if (callee >= this.#outline.count) this.indirectCalls++
  }

  /** The index of its body, a node for indirect calls, or `IMPORTED`. */
  #callee({ op, index0 }: InstructionReader): number {
    return op.name === 'call' || op.name === 'return_call' ? this.#bodyOf(index0) : this.#outline.count + this.#kinds.of(index0)
  }

  #bodyOf(index: number): number {
    const at = index - this.#module.importedFunctions
    return at < 0 ? IMPORTED : at
  }

  #calleeType({ op, index0 }: InstructionReader): FuncType {
    if (op.name === 'call' || op.name === 'return_call') return functionType(this.#module, index0)
    const def = this.#module.types[index0]
    return def?.kind === 'func' ? def.type : NO_VALUES
  }

  #tagValues(tag: number): number {
    const def = this.#module.types[this.#module.tags[tag]?.typeIndex ?? -1]
    return def?.kind === 'func' ? def.type.params.length : 0
  }

  /** Where the innermost block is among those that are open. */
  #innermost(reader: InstructionReader): number {
    const at = this.#open.depth - 1
    if (at === 0) throw new LoadError('invalid-module', `${reader.op.name} outside a block`, { offset: reader.start })
    // In a block, the engine refuses it; but loops are written anew
    if (this.#frames.is(this.#open.frames[at] as number, IS.loop))
      throw new LoadError('invalid-module', `${reader.op.name} in a loop`, { offset: reader.start })
    return at
  }

  /** Where the block that a label names is among those that are open. */
  #target(label: number): number {
    const { depth, frames } = this.#open
    const at = depth - 1 - label
    if (at < 0) throw new LoadError('invalid-module', `label ${label} is outside the ${depth} blocks that are open`, { figures: { label, depth } })
    this.#frames.set(frames[at] as number, IS.target)
    return at
  }

  #openFrame(flags: number, start: number, params: number, results: number): number {
    const { nesting } = this.#options.caps
    if (this.#open.depth > nesting) this.#tooDeep('blocks', 'nesting', start)
    const frame = this.#frames.add(flags)
    const base = this.height - params
    this.#open.push(frame, base > 0 ? base : 0, results, (flags & IS.loop) === 0 ? results : params)
    return frame
  }

  #tooDeep(what: string, cap: 'nesting' | 'loopNesting', offset: number): never {
    const limit = this.#options.caps[cap]
    throw new LoadError('limit-exceeded', `${what} nest deeper than \`caps.${cap}\` of ${limit}`, { offset, figures: { limit } })
  }

  /** An `end`, or a `delegate`, which is longer. */
  end(start: number, length = 1): void {
    const open = this.#open
    const at = --open.depth
    const frame = open.frames[at] as number
    const results = open.results[at] as number
    this.#moves(results)
    if (open.handles[at] !== HANDLES.none || open.chains[at] !== 0) this.#passHandlers(at, start)
    this.height = (open.bases[at] as number) + results
    if (this.height > this.highest) this.highest = this.height
    this.#frames.ends[frame] = this.#events.count
    if (at === 0) this.#event(EVENT.jump, start, frame)
    else if (this.#frames.is(frame, IS.loop)) this.#endLoop(frame, start)
    else this.#event(this.#frames.is(frame, IS.caught) ? EVENT.handler : EVENT.join, start + length, frame)
  }

  #endLoop(frame: number, start: number): void {
    const { complexities, calls, indirectCalls } = this.#loops
    const loop = this.#frames.others[frame] as number
    this.#openLoops.pop()
    complexities[loop] = (complexities[loop] as number) + this.complexity
    calls[loop] = (calls[loop] as number) + this.calls
    indirectCalls[loop] = (indirectCalls[loop] as number) + this.indirectCalls
    this.#event(EVENT.loopEnd, start, frame)
  }

  /**
   * How many handlers an exception may pass without meeting a check: V8 stops at each whose tags are others, for some 0.3 us.
   * One that catches everything ends the row, with a check.
   */
  #passHandlers(at: number, offset: number): void {
    const { handles, chains, clauses } = this.#open
    const chain = handles[at] === HANDLES.all ? 0 : (chains[at] as number) + (handles[at] === HANDLES.some ? 1 : 0)
    const most = Math.max(chain, clauses[at] as number)
    const limit = this.#options.caps.handlers
    if (most > limit) {
      throw new LoadError('limit-exceeded', `an exception may have to pass ${most} handlers in one function, above \`caps.handlers\` of ${limit}`, {
        offset,
        figures: { found: most, limit },
      })
    }
    if (at > 0) chains[at - 1] = Math.max(chains[at - 1] as number, chain)
  }

  #event(kind: number, offset: number, target: number = NO_FRAME, length = 0): void {
    const events = this.#events
    const { fuel } = this.#outline
    if (fuel !== undefined) this.#addFuel(fuel, events.count)
    events.add(kind, offset, length, target, this.weight, this.height > 0 ? this.height : 0)
    this.weight = 0
    if (kind === EVENT.join) this.sinceJoin = 0
    // Control may come from elsewhere
    if (kind <= EVENT.handler || kind === EVENT.join || kind === EVENT.loopEnd) this.#places.forget()
  }

  #addFuel(fuel: Float64Array, at: number): void {
    const room = at < fuel.length ? fuel : grown(fuel)
    this.#outline.fuel = room
    room[at] = this.fuel
    this.fuel = 0
  }
}
