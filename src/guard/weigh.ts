/**
 * Decides which of the checks that may stand do, and what each subtracts: function by function, callees first.
 *
 * What is behind it: all work is paid for by a check before it is done, along the heaviest path to the next one. What was paid for before
 * a poll and is done after it is not covered by that poll's credit: the path that is under way, and what callers still have to do when
 * a call that polled returns to them. Both are bounded, see docs/guard.md.
 */
import { TOLL, UNCHECKED } from './costs.ts'
import type { Graph } from './graph.ts'
import type { Outline } from './outline.ts'
import { Walk } from './walk.ts'

/** What is known of nodes whose callees are known. */
export interface Known {
  /** Weight of the heaviest path from the entry to the first check or the end; 0 with a check at the entry. */
  readonly entries: Float64Array
  /** May a poll come while it runs? */
  readonly polls: Uint8Array
  /** What functions that wait in calls of one circle, one below the other and none of them a cutter, may owe together. */
  readonly owed: Float64Array
  /** By group: what those that wait in calls below may owe, who are in no circle. */
  readonly tails: Float64Array
}

/** @param mayBeForeign may a reference name a function of another module, which may do as much unchecked as any? */
export function weigh(outline: Outline, graph: Graph, mayBeForeign: boolean): void {
  new Weigher(outline, graph, mayBeForeign).run()
}

class Weigher {
  readonly #graph: Graph
  readonly #known: Known
  readonly #walk: Walk
  readonly #foreignEntry: number
  /** Of cutters: do the checks on their ways to calls in the circle do, so that none is needed at the entry? */
  readonly #isLate: Uint8Array

  constructor(outline: Outline, graph: Graph, mayBeForeign: boolean) {
    const nodes = graph.group.length
    this.#graph = graph
    this.#foreignEntry = mayBeForeign ? UNCHECKED : 0
    this.#known = {
      entries: new Float64Array(nodes),
      // Whoever may be called through a reference may poll, also if it is a function of another module
      polls: new Uint8Array(nodes).fill(1, graph.indirect),
      owed: new Float64Array(nodes),
      tails: new Float64Array(graph.starts.length),
    }
    this.#isLate = new Uint8Array(graph.indirect)
    this.#walk = new Walk(outline, graph, this.#known)
  }

  run(): void {
    for (let group = 0; group + 1 < this.#graph.starts.length; group++) this.#weighGroup(group)
  }

  #weighGroup(group: number): void {
    const { members, starts, isCutter, indirect } = this.#graph
    const { entries, polls, owed, tails } = this.#known
    const nodes = members.subarray(starts[group], starts[group + 1])
    const isCircle = nodes.length > 1 || isCutter[nodes[0] as number] === 1
    this.#walk.enterGroup(group, isCircle)
    if (isCircle) {
      for (const node of nodes) {
        polls[node] = 1
        if (node >= indirect) {
          // Not all that it may call is known yet
          entries[node] = UNCHECKED
          owed[node] = isCutter[node] ? TOLL : 0
        } else if (isCutter[node]) this.#weighCutter(node)
      }
    }
    for (const node of nodes) {
      // Others rely already on what is known of the entry of a cutter
      const unchecked = isCircle && isCutter[node] ? (entries[node] as number) : UNCHECKED
      const tail = node < indirect ? this.#weighFunction(node, this.#isLate[node] === 1, unchecked) : this.#weighIndirect(node, group)
      tails[group] = Math.max(tails[group] as number, tail)
    }
  }

  /** Its calls in the circle come after a check, so that what they weigh, which is not known yet, does not matter for its entry. */
  #weighCutter(node: number): void {
    this.#weighFunction(node, true, UNCHECKED)
    if (this.#walk.lateChecksSuffice) this.#isLate[node] = 1
    else this.#weighFunction(node, false, UNCHECKED)
  }

  #weighFunction(node: number, mayBeLate: boolean, unchecked: number): number {
    const walk = this.#walk
    walk.run(node, mayBeLate, unchecked)
    this.#known.entries[node] = walk.weight
    this.#known.owed[node] = walk.owed
    if (walk.polls) this.#known.polls[node] = 1
    return walk.tail
  }

  /** The most of all that a reference may name. */
  #weighIndirect(node: number, group: number): number {
    const { referred, indirect, group: groups, isCutter } = this.#graph
    const { entries, owed, tails } = this.#known
    let [entry, most, tail] = [this.#foreignEntry, 0, 0]
    for (const at of referred[node - indirect] as Int32Array) {
      entry = Math.max(entry, entries[at] as number)
      if (groups[at] === group) most = Math.max(most, owed[at] as number)
      else tail = Math.max(tail, tails[groups[at] as number] as number)
    }
    if (!isCutter[node]) {
      entries[node] = entry
      owed[node] = most
    }
    return tail
  }
}
