/**
 * Where the checks of one function go and what each of them subtracts.
 *
 * The function is read once, forwards, into a list of events: places where a check must or may stand, and jumps. Going through
 * the list backwards then gives for each event the heaviest path from there to the next check or the function's end. A check pays in
 * advance for that path; a place where one may stand gets it if the path is heavier than the place allows.
 *
 * What is behind it: all work is paid for by a check before it is done, and between two polls it may be done without having been paid
 * since only in callers that the guest returns to (`LIGHT` bounds those, frame by frame) or up to the end of one such path (`SEGMENT`).
 */
import { LoadError } from '../errors.ts'
import type { Caps } from '../limits.ts'
import { CATCH_ALL, type InstructionReader } from '../wasm/instructions.ts'
import { functionType, type ModuleInfo } from '../wasm/module.ts'
import type { FuncType } from '../wasm/types.ts'
import { FEW_VALUES, PER_CLAUSE, PER_LABEL_BIT, PER_VALUE, SPLIT_EVERY, TRY_WEIGHT, WEIGHTS } from './costs.ts'
import { BULK, EVENT, Events, NO_FRAME } from './events.ts'
import { Frames, HANDLES } from './frames.ts'
import { OPERANDS, SEARCH_SHIFT, SEARCHES, SPILL_FREE, SPILL_SHIFT } from './operands.ts'
import { Weigher } from './weigh.ts'

export class Plan {
  readonly events = new Events()
  needsLocal64 = false
  /** What V8's baseline compiler will take, in units of one local or operand at one branch; see `operands.ts`. */
  complexity = 0

  readonly #module: ModuleInfo
  readonly #caps: Caps
  readonly #reader: InstructionReader

  readonly #frames = new Frames()
  readonly #weigher = new Weigher(this.events, this.#frames)
  // The frames that are open.
  #open: number[] = []
  #weight = 0
  #sinceJoin = 0
  #height = 0
  #locals = 0

  constructor(module: ModuleInfo, caps: Caps, reader: InstructionReader) {
    this.#module = module
    this.#caps = caps
    this.#reader = reader
  }

  /** Plans the body whose instructions the reader has been set to. `codeStart` is where they begin, `end` where the body does. */
  make(codeStart: number, end: number, locals: number, type: FuncType): void {
    this.events.clear()
    this.#frames.clear()
    this.needsLocal64 = false
    this.complexity = 0
    this.#open.length = 0
    this.#weight = this.#sinceJoin = this.#height = 0
    this.#locals = locals
    this.#openFrame(false, 0, type.results.length)
    this.#event(EVENT.entry, codeStart)
    const reader = this.#reader
    while (reader.next()) {
      if (this.#open.length === 0) throw new LoadError('invalid-module', 'instructions follow the end of a function', { offset: reader.start })
      this.#instruction(reader)
    }
    if (this.#open.length > 0) throw new LoadError('malformed', `a function ends with ${this.#open.length} blocks open`, { offset: end })
    this.complexity += this.#weigher.weigh(locals)
  }

  #instruction(reader: InstructionReader): void {
    const { op } = reader
    const weight = WEIGHTS[op.id] as number
    this.#weight += weight
    this.#sinceJoin += weight
    if (op.control === 'none') {
      // What follows a jump may take the height below zero, and is not compiled
      const size = this.#locals + this.#height
      if (size > SPILL_FREE) this.complexity += (size - SPILL_FREE) >> SPILL_SHIFT
      this.#height += OPERANDS[op.id] as number
      if (weight >= 200) this.#special(reader)
      if (SEARCHES[op.id] === 1) this.complexity += Math.max(0, size) >> SEARCH_SHIFT
    } else {
      this.complexity += this.#locals + Math.max(0, this.#height)
      this.#control(reader)
    }
    if (this.#sinceJoin >= SPLIT_EVERY && this.#open.length > 0) this.#event(EVENT.join, reader.end)
  }

  /** Adds what depends on more than the instruction's name. */
  #more(weight: number): void {
    this.#weight += weight
    this.#sinceJoin += weight
  }

  /** Values that a jump or a call carries: a few travel in registers, the others from one place on the stack to another. */
  #moves(values: number): void {
    if (values <= FEW_VALUES) return
    this.#more(values * PER_VALUE)
    this.complexity += values * PER_VALUE
  }

  /** Operations whose cost is known when they run. */
  #special(reader: InstructionReader): void {
    switch (reader.op.cost) {
      case 'grow':
        this.#event(EVENT.afterGrow, reader.end)
        break
      case 'bulk-memory':
      case 'bulk-table': {
        this.#event(EVENT.beforeBulk, reader.start)
        this.#event(EVENT.afterBulk, reader.end)
        const form = this.#bulkForm(reader)
        const { charges, count } = this.events
        charges[count - 2] = charges[count - 1] = form
        if (form === BULK.bytes64 || form === BULK.elements64) this.needsLocal64 = true
        break
      }
    }
  }

  /** Lengths are as wide as the addresses; a copy's as the narrower of two, an init's i32 always. */
  #bulkForm({ op, index0, index1 }: InstructionReader): number {
    const isTable = op.cost === 'bulk-table'
    const spaces = isTable ? this.#module.tables : this.#module.memories
    const wide = (index: number) => spaces[index]?.limits.address === 'i64'
    const is64 = op.name.endsWith('.fill') ? wide(index0) : op.name.endsWith('.copy') && wide(index0) && wide(index1)
    if (isTable) return is64 ? BULK.elements64 : BULK.elements32
    return is64 ? BULK.bytes64 : BULK.bytes32
  }

  #control(reader: InstructionReader): void {
    const { op } = reader
    switch (op.control) {
      case 'block':
        return this.#openFrame(false, reader.blockParams, reader.blockResults)
      case 'try':
        this.#more(TRY_WEIGHT)
        this.#openFrame(false, reader.blockParams, reader.blockResults)
        this.#frames.handles[this.#frames.count - 1] = HANDLES.some
        return
      case 'try_table':
        return this.#tryTable(reader)
      case 'loop':
        this.#moves(reader.blockParams)
        this.#openFrame(true, reader.blockParams, reader.blockResults)
        return this.#event(EVENT.loop, reader.end)
      case 'if':
        this.#height--
        this.#moves(reader.blockParams)
        this.#openFrame(false, reader.blockParams, reader.blockResults)
        return this.#event(EVENT.if, reader.end, this.#frames.count - 1)
      case 'else':
        return this.#else(reader)
      case 'catch':
      case 'catch_all':
        return this.#catch(reader)
      case 'delegate':
        // The label is outside the try; an exception that goes there meets a handler with a check, or leaves the function.
        this.#target(reader.index0 + 1, true)
        this.#frames.handles[this.#innermost(reader)] = HANDLES.none
        return this.#closeFrame(reader)
      case 'end':
        return this.#closeFrame(reader)
      case 'br':
        return this.#jump(reader, this.#target(reader.index0))
      case 'br_if':
        this.#height += OPERANDS[op.id] as number
        this.#moves(this.#frames.arities[this.#target(reader.index0)] as number)
        return this.#event(EVENT.branch, reader.end, this.#target(reader.index0))
      case 'br_table':
        return this.#brTable(reader)
      case 'throw':
        if (op.name === 'rethrow') this.#target(reader.index0)
        else if (op.name === 'throw') this.#moves(this.#tagValues(reader.index0))
        return this.#leave(reader)
      case 'return':
        return this.#jump(reader, 0)
      case 'return_call':
        this.#moves(this.#callee(reader)?.params.length ?? 0)
        return this.#leave(reader)
      case 'unreachable':
        return this.#leave(reader)
      case 'call':
        return this.#call(reader)
    }
  }

  #else(reader: InstructionReader): void {
    const frame = this.#innermost(reader)
    this.#moves(this.#frames.arities[frame] as number)
    this.#event(EVENT.jump, reader.start, frame)
    this.#frames.elses[frame] = this.events.count
    this.#height = this.#frames.bases[frame] as number
    this.#event(EVENT.join, reader.end)
  }

  #tryTable(reader: InstructionReader): void {
    let handles: number = reader.labelCount > 0 ? HANDLES.some : HANDLES.none
    for (let n = 0; n < reader.labelCount; n++) {
      this.#frames.isCaught[this.#target(reader.labels[n] as number)] = 1
      if ((reader.catchKinds[n] as number) >= CATCH_ALL) handles = HANDLES.all
    }
    this.#more(TRY_WEIGHT + reader.labelCount * PER_CLAUSE)
    this.#openFrame(false, reader.blockParams, reader.blockResults)
    this.#frames.handles[this.#frames.count - 1] = handles
    this.#frames.clauses[this.#frames.count - 1] = reader.labelCount
  }

  #catch(reader: InstructionReader): void {
    const frame = this.#innermost(reader)
    const isAll = reader.op.control === 'catch_all'
    const values = isAll ? 0 : this.#tagValues(reader.index0)
    this.#moves(this.#frames.arities[frame] as number)
    this.#event(EVENT.jump, reader.start, frame)
    this.#height = (this.#frames.bases[frame] as number) + values
    this.#frames.clauses[frame] = (this.#frames.clauses[frame] as number) + 1
    if (isAll) this.#frames.handles[frame] = HANDLES.all
    this.#event(EVENT.handler, reader.end)
    this.#moves(values)
  }

  #jump(reader: InstructionReader, frame: number): void {
    this.#moves(this.#frames.arities[frame] as number)
    this.#event(EVENT.jump, reader.end, frame)
    this.#afterJump()
  }

  #brTable(reader: InstructionReader): void {
    const { targets } = this.events
    const first = targets.length
    for (let n = 0; n < reader.labelCount; n++) targets.push(this.#target(reader.labels[n] as number))
    this.complexity += reader.labelCount * (this.#locals + Math.max(0, this.#height))
    // Baseline code looks the target up by halving, and mispredicts
    this.#more((32 - Math.clz32(reader.labelCount)) * PER_LABEL_BIT)
    this.#moves(this.#frames.arities[targets[first] as number] as number)
    this.#event(EVENT.jump, reader.end, -2 - first)
    this.events.charges[this.events.count - 1] = reader.labelCount
    this.#afterJump()
  }

  #leave(reader: InstructionReader): void {
    this.#event(EVENT.jump, reader.end, 0)
    this.#afterJump()
  }

  /** What follows a jump is not reached; its operands are whatever it wants. */
  #afterJump(): void {
    this.#height = this.#frames.bases[this.#open[this.#open.length - 1] as number] as number
  }

  #call(reader: InstructionReader): void {
    const callee = this.#callee(reader)
    if (callee !== undefined) {
      const { params, results } = callee
      this.#moves(params.length + results.length)
      if (results.length > 1) this.complexity += callComplexity(params.length, results.length)
      this.#height += results.length - params.length - (reader.op.name === 'call' ? 0 : 1)
    }
    this.#event(EVENT.afterCall, reader.end)
  }

  #callee({ op, index0 }: InstructionReader): FuncType | undefined {
    if (op.name === 'call' || op.name === 'return_call') return functionType(this.#module, index0)
    const def = this.#module.types[index0]
    return def?.kind === 'func' ? def.type : undefined
  }

  #tagValues(tag: number): number {
    const def = this.#module.types[this.#module.tags[tag]?.typeIndex ?? -1]
    return def?.kind === 'func' ? def.type.params.length : 0
  }

  #innermost(reader: InstructionReader): number {
    const frame = this.#open[this.#open.length - 1] as number
    if (frame === 0) throw new LoadError('invalid-module', `${reader.op.name} outside a block`, { offset: reader.start })
    return frame
  }

  /** The frame that a label names. */
  #target(label: number, fromDelegate = false): number {
    const depth = this.#open.length
    if (label < depth) return this.#open[depth - 1 - label] as number
    if (fromDelegate && label === depth) return 0
    throw new LoadError('invalid-module', `label ${label} is outside the ${depth} blocks that are open`, {
      offset: this.#reader.start,
      figures: { label, depth },
    })
  }

  #openFrame(isLoop: boolean, params: number, results: number): void {
    if (this.#open.length > this.#caps.nesting) {
      throw new LoadError('limit-exceeded', `blocks nest deeper than \`caps.nesting\` of ${this.#caps.nesting}`, {
        offset: this.#reader.start,
        figures: { limit: this.#caps.nesting },
      })
    }
    this.#open.push(this.#frames.add(isLoop, Math.max(0, this.#height - params), params, results))
  }

  #closeFrame(reader: InstructionReader): void {
    const frame = this.#open.pop() as number
    this.#moves(this.#frames.results[frame] as number)
    this.#passHandlers(frame)
    this.#height = (this.#frames.bases[frame] as number) + (this.#frames.results[frame] as number)
    if (this.#frames.isLoop[frame]) return // nothing jumps here
    this.#frames.ends[frame] = this.events.count
    if (frame === 0) this.#event(EVENT.jump, reader.start, NO_FRAME)
    else this.#event(this.#frames.isCaught[frame] ? EVENT.handler : EVENT.join, reader.end)
  }

  /**
   * How many handlers an exception may pass without meeting a check: V8 stops at each whose tags are others, for some 0.3 us.
   * One that catches everything ends the row, with a check.
   */
  #passHandlers(frame: number): void {
    const handles = this.#frames.handles[frame]
    const chain = handles === HANDLES.all ? 0 : (this.#frames.chains[frame] as number) + (handles === HANDLES.some ? 1 : 0)
    const most = Math.max(chain, this.#frames.clauses[frame] as number)
    const limit = this.#caps.handlers
    if (most > limit) {
      throw new LoadError('limit-exceeded', `an exception may have to pass ${most} handlers in one function, above \`caps.handlers\` of ${limit}`, {
        offset: this.#reader.start,
        figures: { found: most, limit },
      })
    }
    const parent = this.#open[this.#open.length - 1]
    if (parent !== undefined) this.#frames.chains[parent] = Math.max(this.#frames.chains[parent] as number, chain)
  }

  #event(kind: number, offset: number, frame: number = NO_FRAME): void {
    this.events.add(kind, offset, frame, this.#weight, Math.max(0, this.#height))
    this.#weight = 0
    if (kind === EVENT.join || kind === EVENT.loop) this.#sinceJoin = 0
  }
}

/** Results that do not fit registers: V8 searches its whole state for each of them (900 of them: 2 ms a call, measured). */
function callComplexity(params: number, results: number): number {
  return ((params + results) * (results + 20)) >> 3
}
