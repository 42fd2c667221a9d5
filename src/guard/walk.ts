/**
 * Goes through the events of one function backwards. At each event it knows the weight of the heaviest path from there to the next check
 * or the function's end, and so what a check there has to subtract, and where one is needed.
 */
import { CATCH_WEIGHT, ENTRY_WEIGHT, FAR_ENTRY, FEW_BACKS, FOUR_TIMES, LIGHT, MANY_FUNCTIONS, PER_LOCAL, SEGMENT, TAILS, TOLL, TWICE } from './costs.ts'
import { EVENT, type Events, IMPORTED, NO_FRAME } from './events.ts'
import { type Frames, IS } from './frames.ts'
import type { Graph } from './graph.ts'
import { FORM, type Loops } from './loops.ts'
import type { Outline } from './outline.ts'
import type { Known } from './weigh.ts'

const MOST = 1 << 30
/** All ways on go back to a loop or end in a trap. */
const COVERED = Number.POSITIVE_INFINITY

export class Walk {
  /** After `run`: the weight of the heaviest path from the entry. Meanwhile, from where the walk is. */
  weight = 0
  /** What the function may owe while it waits for a call in its circle, together with those below it; or for another call. */
  owed = 0
  tail = 0
  polls = false
  /** Is there no need of a check at the entry, although the function cuts a circle, and no way with more than one instead? */
  lateChecksSuffice = false

  readonly #outline: Outline
  readonly #events: Events
  readonly #frames: Frames
  readonly #loops: Loops
  readonly #graph: Graph
  readonly #known: Known

  // The rest of what is known where the walk is, and all of it by event of the function, for jumps that arrive there
  /** The least that the first checks on all ways on charge; 0 if some way leaves the function without one. */
  #cover = 0
  /** 1 if there is a way without a check to a call that closes a circle. */
  #circles = 0
  /** How many checks stand on a way on only because of such calls. */
  #late = 0
  #weights = new Float64Array(256)
  #covers = new Float64Array(256)
  #circlings = new Uint8Array(256)
  #lates = new Uint8Array(256)

  readonly #entryWeight: number
  #group = 0
  #isCircle = false
  #isCutter = false
  #mayBeLate = false
  #unchecked = 0
  #first = 0
  #frame = 0
  /** The first call in the circle, and what those below any of them may owe. */
  #firstCall = 0
  #below = 0
  /** How many loops the walk is in, and the most that jumps back to them must charge for what was owed. */
  #depth = 0
  #owedByLoops = 0

  constructor(outline: Outline, graph: Graph, known: Known) {
    this.#outline = outline
    this.#events = outline.events
    this.#frames = outline.frames
    this.#loops = outline.loops
    this.#graph = graph
    this.#known = known
    this.#entryWeight = outline.count > MANY_FUNCTIONS ? ENTRY_WEIGHT + FAR_ENTRY : ENTRY_WEIGHT
  }

  enterGroup(group: number, isCircle: boolean): void {
    this.#group = group
    this.#isCircle = isCircle
  }

  /**
   * @param mayBeLate may checks stand on the ways to calls in the circle, in place of one at the entry?
   * @param unchecked the most that it may do until its first check
   */
  run(node: number, mayBeLate: boolean, unchecked: number): void {
    this.#unchecked = unchecked
    const first = this.#outline.firstEvent[node] as number
    const end = this.#outline.firstEvent[node + 1] as number
    this.#begin(node, first, end, mayBeLate)
    const { work } = this.#events
    for (let at = end - 1; at >= first; at--) {
      this.#step(at, node)
      const n = at - first
      this.#weights[n] = this.weight
      this.#covers[n] = this.#cover
      this.#circlings[n] = this.#circles
      this.#lates[n] = this.#late
      this.weight += work[at] as number
    }
  }

  #begin(node: number, first: number, end: number, mayBeLate: boolean): void {
    this.#first = first
    this.#frame = this.#outline.firstFrame[node] as number
    this.#isCutter = this.#graph.isCutter[node] === 1
    this.#mayBeLate = mayBeLate
    this.weight = this.owed = this.tail = 0
    this.polls = this.lateChecksSuffice = false
    this.#cover = this.#circles = this.#late = this.#depth = this.#owedByLoops = this.#below = 0
    this.#firstCall = end
    if (this.#isCircle) this.#findCalls(first, end)
    if (this.#weights.length >= end - first) return
    this.#weights = new Float64Array(2 * (end - first))
    this.#covers = new Float64Array(2 * (end - first))
    this.#circlings = new Uint8Array(2 * (end - first))
    this.#lates = new Uint8Array(2 * (end - first))
  }

  #findCalls(first: number, end: number): void {
    const { kinds, targets } = this.#events
    for (let at = end - 1; at >= first; at--) {
      const callee = targets[at] as number
      if (kinds[at] !== EVENT.call || callee < 0 || this.#graph.group[callee] !== this.#group) continue
      this.#firstCall = at
      this.#below = Math.max(this.#below, this.#known.owed[callee] as number)
    }
  }

  #step(at: number, node: number): void {
    const { kinds, charges, targets } = this.#events
    const target = targets[at] as number
    switch (kinds[at]) {
      case EVENT.entry:
        return this.#entry(at, node)
      case EVENT.loop:
        return this.#loop(at, target)
      case EVENT.loopEnd:
        return this.#loopEnd(at, target)
      case EVENT.handler:
        this.weight += CATCH_WEIGHT
        return this.#check(at)
      case EVENT.join:
        charges[at] = 0
        if (this.weight > SEGMENT) this.#check(at)
        return
      case EVENT.helper:
        this.polls = true
        this.tail = Math.max(this.tail, this.weight)
        return
      case EVENT.call:
        return this.#call(at, target)
      case EVENT.leave:
        return this.#leave(at, target)
      case EVENT.jump:
        return this.#jump(at, target)
      case EVENT.branch:
        return this.#branch(at, target)
      case EVENT.if:
        return this.#if(at, target)
    }
  }

  #entry(at: number, node: number): void {
    this.weight += this.#entryWeight + (this.#outline.locals[node] as number) * PER_LOCAL
    this.#events.charges[at] = 0
    const isNeeded = (this.#isCutter && this.#circles === 1) || this.weight > this.#unchecked
    this.lateChecksSuffice = !isNeeded && this.#late <= 1
    if (isNeeded) this.#check(at)
  }

  /** A check here pays for the path from here. */
  #check(at: number): void {
    const charge = Math.max(1, Math.min(this.weight, MOST))
    this.#events.charges[at] = charge
    this.weight = this.#circles = 0
    this.#cover = charge
    this.polls = true
  }

  // Calls

  #call(at: number, callee: number): void {
    const { charges, befores } = this.#events
    charges[at] = 0
    befores.delete(at)
    // What an imported function does is not known; it may even call back
    if (callee === IMPORTED) return this.#check(at)
    const isCircle = this.#graph.group[callee] === this.#group
    if (isCircle) this.#afterCallInCircle(at, callee)
    else if (this.#known.polls[callee]) this.#afterCall(at, this.#known.tails[this.#graph.group[callee] as number] as number)
    if (this.weight > SEGMENT) this.#check(at)
    this.weight += this.#known.entries[callee] as number
    if (isCircle) this.#closeCircle(at, callee)
  }

  #leave(at: number, callee: number): void {
    this.#events.befores.delete(at)
    this.weight = this.#cover = this.#circles = this.#late = 0
    if (callee === IMPORTED) return
    if (this.#known.polls[callee]) this.polls = true
    this.weight = this.#known.entries[callee] as number
    if (this.#graph.group[callee] === this.#group) this.#closeCircle(at, callee)
  }

  /** A call that closes a circle has a check before it, if what it calls cannot have one. */
  #closeCircle(at: number, callee: number): void {
    if (callee < this.#graph.indirect || this.#graph.isCutter[callee] === 0) {
      this.#circles = 1
      return
    }
    const { charges, befores } = this.#events
    const after = charges[at] as number
    this.#check(at)
    befores.set(at, charges[at] as number)
    charges[at] = after
  }

  /** A poll in the call takes no account of what comes here; each function waits in such a call only once. */
  #afterCall(at: number, below: number): void {
    this.polls = true
    if (this.weight + below > TAILS) {
      this.#check(at)
      this.tail = Math.max(this.tail, below)
    } else this.tail = Math.max(this.tail, this.weight + below)
  }

  /** The same, but tens of thousands may wait so: those that cut the circle see to it that a check comes on their way back. */
  #afterCallInCircle(at: number, callee: number): void {
    this.polls = true
    const owed = this.weight + (this.#known.owed[callee] as number)
    const isCut = this.#isCutter || this.#graph.passesOn[callee] === 1
    if (isCut && owed <= LIGHT) return
    if (this.#cover >= owed && this.weight <= TOLL) {
      if (this.#cover === COVERED) this.#owedByLoops = Math.max(this.#owedByLoops, owed)
    } else if (isCut || owed > TOLL) {
      this.weight = Math.max(this.weight, owed, TOLL)
      this.#check(at)
    } else this.owed = Math.max(this.owed, owed)
  }

  // Loops

  /** Decides how often the body of a loop is written, and so what may follow a jump back before the check. */
  #loopEnd(at: number, frame: number): void {
    const frames = this.#frames
    const { backs, copies, backWeights } = this.#loops
    const loop = frames.others[frame] as number
    this.#depth++
    backs[loop] = NO_FRAME
    copies[loop] = backWeights[loop] = 0
    if (!frames.is(frame, IS.target) || frames.is(frame, IS.outer | IS.takesValues)) return
    const { kinds, targets, work, offsets } = this.#events
    let once = 1
    let out = this.weight
    let start = at
    for (; kinds[start] !== EVENT.loop || targets[start] !== frame; start--) {
      const target = targets[start] as number
      once += work[start] as number
      if (kinds[start] === EVENT.call && target >= 0) once += this.#known.entries[target] as number
      else if (kinds[start] === EVENT.leave && target >= 0) out = Math.max(out, this.#known.entries[target] as number)
      else if (kinds[start] === EVENT.jump || kinds[start] === EVENT.branch) out = Math.max(out, this.#weightOut(target, frame))
    }
    const size = (offsets[at] as number) - (offsets[start] as number)
    const wanted = size <= FOUR_TIMES ? 4 : size <= TWICE ? 2 : 1
    const count = Math.max(1, Math.min(wanted, Math.floor(SEGMENT / once)))
    if (count === 1 && frames.is(frame, IS.calls)) return
    copies[loop] = count
    // Some of the copies, and out of any of them
    backWeights[loop] = count === 1 ? 0 : (count - 1) * once + out
  }

  /** The weight of what follows a jump out of a loop. */
  #weightOut(target: number, loop: number): number {
    if (target < NO_FRAME) {
      const { labels } = this.#events
      const first = -2 - target
      let most = 0
      for (let n = labels[first] as number; n > 0; n--) most = Math.max(most, this.#weightOut(labels[first + n] as number, loop))
      return most
    }
    // Frames are numbered as they open. A loop further out pays for itself, and nothing follows the end of the function
    if (target === NO_FRAME || target >= loop || target === this.#frame || this.#frames.is(target, IS.loop)) return 0
    return this.#weights[(this.#frames.ends[target] as number) - this.#first] as number
  }

  #loop(at: number, frame: number): void {
    const { charges } = this.#events
    const loop = this.#frames.others[frame] as number
    this.#depth--
    charges[at] = 0
    const last = this.#loops.backs[loop] as number
    let count = 0
    for (let back = last; back !== NO_FRAME; back = -2 - (charges[back] as number)) count++
    const form = this.#form(frame, loop, count)
    this.#loops.forms[loop] = form
    const charge = Math.max(1, Math.min(Math.max(this.weight, this.#owedByLoops), MOST))
    for (let back = last, next = last; back !== NO_FRAME; back = next) {
      next = -2 - (charges[back] as number)
      charges[back] = form === FORM.back ? charge : 0
    }
    if (form === FORM.header) {
      this.weight = charge
      this.#check(at)
    } else if (form !== FORM.none) {
      charges[at] = form === FORM.copies ? charge : 0
      this.polls = true
    }
    if (this.#depth === 0) this.#owedByLoops = 0
  }

  #form(frame: number, loop: number, backs: number): number {
    if (!this.#frames.is(frame, IS.target)) return FORM.none
    if ((this.#loops.copies[loop] as number) > 0) return FORM.copies
    return this.#frames.is(frame, IS.tableTarget | IS.takesValues) || backs > FEW_BACKS ? FORM.header : FORM.back
  }

  /** A jump back to a loop: what follows is paid for before it, or at the loop, but for copies of the body that come first. */
  #back(at: number, frame: number): void {
    const { backs, backWeights } = this.#loops
    const loop = this.#frames.others[frame] as number
    // Until the loop is reached, each has the one that comes after it in place of its charge
    this.#events.charges[at] = -2 - (backs[loop] as number)
    backs[loop] = at
    this.weight = Math.max(this.weight, backWeights[loop] as number)
  }

  // Jumps

  #jump(at: number, target: number): void {
    this.weight = this.#circles = this.#late = 0
    this.#cover = COVERED
    if (target < NO_FRAME) return this.#arriveAtLabels(-2 - target)
    this.#events.charges[at] = 0
    if (target !== NO_FRAME && target !== this.#frame && this.#frames.is(target, IS.loop)) this.#back(at, target)
    else this.#arrive(target)
  }

  #arriveAtLabels(first: number): void {
    const { labels } = this.#events
    const end = first + 1 + (labels[first] as number)
    for (let n = first + 1; n < end; n++) this.#arrive(labels[n] as number)
  }

  /** Control may also go to a frame. */
  #arrive(frame: number): void {
    if (frame === this.#frame) this.#cover = 0
    else if (frame === NO_FRAME) return
    else if (this.#frames.is(frame, IS.loop)) this.weight = Math.max(this.weight, this.#loops.backWeights[this.#frames.others[frame] as number] as number)
    else this.#merge((this.#frames.ends[frame] as number) - this.#first)
  }

  #merge(n: number): void {
    this.weight = Math.max(this.weight, this.#weights[n] as number)
    this.#cover = Math.min(this.#cover, this.#covers[n] as number)
    this.#circles |= this.#circlings[n] as number
    this.#late = Math.max(this.#late, this.#lates[n] as number)
  }

  #branch(at: number, frame: number): void {
    this.#events.charges[at] = 0
    if (frame !== this.#frame && this.#frames.is(frame, IS.loop)) return this.#back(at, frame)
    const other = frame === this.#frame ? NO_FRAME : (this.#frames.ends[frame] as number) - this.#first
    if (this.#mayCheckLate && this.#circles === 1 && (other === NO_FRAME || this.#circlings[other] === 0)) this.#checkLate(at)
    else if (this.#isHeavy(at, this.weight, this.#cover) && (other === NO_FRAME || !this.#isHeavyAt(at, other))) this.#checkArm(at)
    this.#arrive(frame)
  }

  #if(at: number, frame: number): void {
    this.#events.charges[at] = 0
    const otherwise = this.#frames.others[frame] as number
    const other = (otherwise === NO_FRAME ? (this.#frames.ends[frame] as number) : otherwise) - this.#first
    if (this.#mayCheckLate && this.#circles !== this.#circlings[other]) {
      if (this.#circles === 1) this.#checkLate(at)
      else if (otherwise !== NO_FRAME) this.#checkElse(otherwise, other, true)
    } else {
      const isHeavy = this.#isHeavy(at, this.weight, this.#cover)
      const isOtherHeavy = this.#isHeavyAt(at, other)
      if (isHeavy && !isOtherHeavy) this.#checkArm(at)
      else if (isOtherHeavy && !isHeavy && otherwise !== NO_FRAME) this.#checkElse(otherwise, other, false)
    }
    this.#merge(other)
  }

  /** In a loop, a check on the way to a call in the circle would come each time around. */
  get #mayCheckLate(): boolean {
    return this.#mayBeLate && this.#depth === 0
  }

  #checkLate(at: number): void {
    this.#late = Math.min(2, this.#late + 1)
    this.#check(at)
  }

  /** Is it too much for one of two ways, or for what follows a call in the circle without a check? Then that way has one, and the other need not pay. */
  #isHeavy(at: number, weight: number, cover: number): boolean {
    if (weight > SEGMENT) return true
    return this.#isCutter && this.#below === 0 && at > this.#firstCall && weight > LIGHT && cover < weight
  }

  #isHeavyAt(at: number, n: number): boolean {
    return this.#isHeavy(at, this.#weights[n] as number, this.#covers[n] as number)
  }

  #checkArm(at: number): void {
    if (at > this.#firstCall) this.weight = Math.max(this.weight, TOLL)
    this.#check(at)
  }

  #checkElse(at: number, n: number, isLate: boolean): void {
    const least = !isLate && at > this.#firstCall ? TOLL : 1
    const charge = Math.max(least, Math.min(this.#weights[n] as number, MOST))
    this.#events.charges[at] = charge
    this.#weights[n] = this.#circlings[n] = 0
    this.#covers[n] = charge
    if (isLate) this.#lates[n] = Math.min(2, (this.#lates[n] as number) + 1)
    this.polls = true
  }
}
