/**
 * Who calls whom: the functions of a module in groups that can call each other in a circle (strongly connected components; Tarjan 1972),
 * those that others call first. Beside the functions there is a node for each kind of type, for what a reference of that kind may name.
 */
import { EVENT } from './events.ts'
import type { Outline } from './outline.ts'

export interface Graph {
  /** The first node for indirect calls: as many as there are functions. */
  readonly indirect: number
  /** By node: its group. Groups are numbered in the order of `members`. */
  readonly group: Int32Array
  /** All nodes, group by group, callees first; within a group, those first that were finished first. */
  readonly members: Int32Array
  /** Where each group begins in `members`, with one more at the end. */
  readonly starts: Int32Array
  /** By node: circles of calls go through it, and every circle through one of these. What cannot hold a check itself has one at each call. */
  readonly isCutter: Uint8Array
  /** By node: does a call of it go on in its circle without it, which so cannot cut that on the way back? By a tail call, or since it is for indirect calls. */
  readonly passesOn: Uint8Array
  /** By kind of type: the functions that such a reference may name. */
  readonly referred: readonly Int32Array[]
}

/** @param referred by kind of type, the functions that a reference may name */
export function callGraph(outline: Outline, referred: readonly Int32Array[]): Graph {
  return new Search(outline, referred).run()
}

class Search {
  readonly #outline: Outline
  readonly #referred: readonly Int32Array[]
  readonly #indirect: number
  readonly #index: Int32Array
  readonly #low: Int32Array
  readonly #group: Int32Array
  readonly #isCutter: Uint8Array
  readonly #onPath: Uint8Array
  readonly #finished: Int32Array
  readonly #members: Int32Array
  readonly #starts: number[] = []
  /** By node: where to look for the next that it calls. */
  readonly #next: Int32Array
  readonly #path: number[] = []
  readonly #stack: number[] = []
  #found = 0
  #finishes = 0
  #placed = 0

  constructor(outline: Outline, referred: readonly Int32Array[]) {
    const nodes = outline.count + referred.length
    this.#outline = outline
    this.#referred = referred
    this.#indirect = outline.count
    this.#index = new Int32Array(nodes).fill(-1)
    this.#low = new Int32Array(nodes)
    this.#group = new Int32Array(nodes).fill(-1)
    this.#isCutter = new Uint8Array(nodes)
    this.#onPath = new Uint8Array(nodes)
    this.#finished = new Int32Array(nodes)
    this.#members = new Int32Array(nodes)
    this.#next = new Int32Array(nodes)
  }

  run(): Graph {
    for (let node = 0; node < this.#index.length; node++) if (this.#index[node] === -1) this.#from(node)
    this.#starts.push(this.#placed)
    this.#cutIndirect()
    return {
      indirect: this.#indirect,
      group: this.#group,
      members: this.#members,
      starts: Int32Array.from(this.#starts),
      isCutter: this.#isCutter,
      passesOn: this.#passesOn(),
      referred: this.#referred,
    }
  }

  /** Without recursion: calls nest as deep as a module likes. */
  #from(root: number): void {
    this.#enter(root)
    for (let depth = this.#path.length; depth > 0; depth = this.#path.length) {
      const node = this.#path[depth - 1] as number
      const callee = this.#nextCallee(node)
      if (callee < 0) this.#leave(node)
      else if (this.#index[callee] === -1) this.#enter(callee)
      else if (this.#group[callee] === -1) {
        this.#low[node] = Math.min(this.#low[node] as number, this.#index[callee] as number)
        if (this.#onPath[callee]) this.#isCutter[callee] = 1
      }
    }
  }

  #enter(node: number): void {
    this.#index[node] = this.#low[node] = this.#found++
    this.#next[node] = node < this.#indirect ? (this.#outline.firstEvent[node] as number) : 0
    this.#path.push(node)
    this.#stack.push(node)
    this.#onPath[node] = 1
  }

  #leave(node: number): void {
    this.#path.pop()
    this.#onPath[node] = 0
    this.#finished[node] = this.#finishes++
    const low = this.#low[node] as number
    const parent = this.#path[this.#path.length - 1]
    if (parent !== undefined) this.#low[parent] = Math.min(this.#low[parent] as number, low)
    if (low === this.#index[node]) this.#close(node)
  }

  /** All that is above a node on the stack is a group with it. */
  #close(root: number): void {
    const stack = this.#stack
    let from = stack.length - 1
    while (stack[from] !== root) from--
    const members = stack.splice(from).sort((a, b) => (this.#finished[a] as number) - (this.#finished[b] as number))
    this.#starts.push(this.#placed)
    for (const member of members) {
      this.#group[member] = this.#starts.length - 1
      this.#members[this.#placed++] = member
    }
  }

  #nextCallee(node: number): number {
    const next = this.#next[node] as number
    if (node >= this.#indirect) {
      this.#next[node] = next + 1
      return this.#referred[node - this.#indirect]?.[next] ?? -1
    }
    const { kinds, targets } = this.#outline.events
    const end = this.#outline.firstEvent[node + 1] as number
    for (let at = next; at < end; at++) {
      const callee = targets[at] as number
      if ((kinds[at] !== EVENT.call && kinds[at] !== EVENT.leave) || callee < 0) continue
      this.#next[node] = at + 1
      return callee
    }
    this.#next[node] = end
    return -1
  }

  #passesOn(): Uint8Array {
    const passesOn = new Uint8Array(this.#index.length)
    const { kinds, targets } = this.#outline.events
    for (let at = 0; at < this.#indirect; at++) {
      const end = this.#outline.firstEvent[at + 1] as number
      for (let event = this.#outline.firstEvent[at] as number; event < end; event++) {
        const callee = targets[event] as number
        if (kinds[event] === EVENT.leave && callee >= 0 && this.#group[callee] === this.#group[at]) passesOn[at] = 1
      }
    }
    for (const [kind, referred] of this.#referred.entries()) {
      const node = this.#indirect + kind
      const isPassed = (at: number) => passesOn[at] === 1 && this.#group[at] === this.#group[node]
      if (this.#isCutter[node] || referred.some(isPassed)) passesOn[node] = 1
    }
    return passesOn
  }

  /**
   * A circle through indirect calls is cut where they are made, if most of what they may call is in it; otherwise in those functions,
   * so that calling one of the others stays free.
   */
  #cutIndirect(): void {
    for (const [kind, referred] of this.#referred.entries()) {
      const node = this.#indirect + kind
      if (!this.#isCutter[node]) continue
      const inside = referred.filter((at) => this.#group[at] === this.#group[node])
      if (2 * inside.length >= referred.length) continue
      this.#isCutter[node] = 0
      for (const at of inside) this.#isCutter[at] = 1
    }
  }
}
