/**
 * Who holds what: memories and instances by host, table elements, what the engine keeps, stacks and mappings by thread. What there is no room
 * for is refused before it is made, or stopped as soon as its guest polls.
 *
 * - `Ledger` is a host's: what its guests' memories come to, dropped ones included, and what they may.
 * - `Holding` is an instance's: its memories and tables, looked at whenever its guest polls (growing always does).
 * - A memory or table that several instances share counts once.
 */
import { LoadError } from '../errors.ts'
import { AddressBudget } from './address-budget.ts'
import { collectDropped, type Dropped, dropMemory, droppedMemories, takeBack } from './dropped-memory.ts'
import { addressSpace, heapLimit, mappings, type Share } from './kernel.ts'
import { MAPPINGS, MappingBudget, RECOUNT_AFTER } from './mapping-budget.ts'

/** Bytes of JavaScript heap for an element of a table: 8 to 32 when it is made, and up to twice as many once it has grown. */
const ELEMENT = 64
/** Of the heap, for the tables of all guests of the thread. V8 aborts the process when the heap is full. */
const TABLES_SHARE = 1 / 4

const MOST_ELEMENTS = Math.floor((heapLimit() * TABLES_SHARE) / ELEMENT)

/** And for what else the engine keeps for their instances. */
const HEAP_SHARE = 1 / 4

const MOST_HEAP = Math.floor(heapLimit() * HEAP_SHARE)

const addresses = new AddressBudget(addressSpace)
const budget = new MappingBudget(mappings)
let stacks = 0
let elements = 0
/** Bytes that the engine may come to keep for live instances. */
let kept = 0
let liveMemories = 0

/** More is held than may be. */
export interface Excess {
  /** For the message, without a full stop. */
  readonly what: string
  readonly figures: Readonly<Record<string, number>>
}

/** What is held, and how much of it may be. */
export interface ResourceUsage extends Held {
  /** Bytes of address space, of the process. Undefined where the kernel does not tell. */
  readonly addressSpace: Share | undefined
  /** Memory mappings, of the process: at most so many are used. Undefined where they are not limited. */
  readonly mappings: Share | undefined
}

/** What is known without asking the kernel. */
export interface Held {
  /** Bytes, of this host. `dropped`: of instances that are gone, until the engine has collected them. */
  readonly memory: Share & { readonly dropped: number }
  /** Live ones, of this host. */
  readonly instances: number
  /** Linear memories, of this thread. */
  readonly memories: { readonly live: number; readonly dropped: number }
  /** Table elements, of this thread. */
  readonly elements: Share
  /** Stacks of suspended calls, of this thread. */
  readonly stacks: number
}

/** How the threads of one host know of each other. */
export interface SharedUse {
  /** Bytes of live guests' memories on this thread. */
  tell(bytes: number): void
  /** Of those on the others. */
  others(): number
}

const ALONE: SharedUse = { tell: () => undefined, others: () => 0 }

/** What the guests of a host hold on this thread. */
export class Ledger {
  /** Bytes. */
  readonly limit: number
  readonly #shared: SharedUse
  /** Bytes of live guests' memories. */
  used = 0
  /** Bytes of dropped ones. */
  dropped = 0
  /** Live instances. */
  instances = 0
  /** Those whose functions guests of others may reach, through a table or global that both were given. */
  readonly sharing = new Set<Holding>()
  readonly #memories = new WeakMap<WebAssembly.Memory, HeldMemory>()

  /**
   * @param limit bytes of all memories together
   * @param shared if there are guests of the host on other threads. What those have dropped is left to them: each has the engine collect it when it is some 200 MB
   */
  constructor(limit: number, shared = ALONE) {
    this.limit = limit
    this.#shared = shared
  }

  /** Bytes are used, or dropped, or not any more. */
  count(used: number, dropped: number): void {
    this.used += used
    this.dropped += dropped
    this.#shared.tell(this.used)
  }

  /** An instance is to be made. @throws LoadError `limit-exceeded` if the process has no room for it */
  admit(module: WebAssembly.Module, memories: number, heap = 0): void {
    if (heap > 0) refuseIf(withoutHeap, heap)
    if (memories > 0) refuseIf(withoutAddresses, memories)
    refuseIf(withoutMappings, MAPPINGS.code + memories * MAPPINGS.memory)
    countCode(module)
  }

  /** @param heap bytes that the engine may come to keep for it: see `Abi` */
  hold(memories: readonly WebAssembly.Memory[], tables: readonly WebAssembly.Table[], isSharing: boolean, heap = 0): Holding {
    return new Holding(
      this,
      memories.map((memory) => this.#held(memory)),
      tables.map(heldTable),
      isSharing,
      heap,
    )
  }

  #held(memory: WebAssembly.Memory): HeldMemory {
    const known = this.#memories.get(memory)
    if (known !== undefined) return known
    const held = new HeldMemory(this, memory)
    this.#memories.set(memory, held)
    return held
  }

  /** What is above the limit, although what was dropped has been collected. Garbage of this turn, which cannot be, is left to the next one. */
  get excess(): Excess | undefined {
    const others = this.#shared.others()
    if (this.used + others + this.dropped <= this.limit) return undefined
    if (this.used + others <= this.limit && !collectDropped()) return undefined
    const { dropped, limit } = this
    const used = this.used + others
    if (used + dropped <= limit) return undefined
    const also = dropped > 0 ? `, and dropped ones ${dropped} that are not collected yet` : ''
    return { what: `the memories of this host have ${used} bytes${also}, above \`totalMemoryLimit\` of ${limit}`, figures: { used, dropped, limit } }
  }

  get usage(): ResourceUsage {
    return { ...this.held, addressSpace: addresses.usage, mappings: budget.usage }
  }

  get held(): Held {
    return {
      memory: { used: this.used, dropped: this.dropped, limit: this.limit },
      instances: this.instances,
      memories: { live: liveMemories, dropped: droppedMemories() },
      elements: { used: elements, limit: MOST_ELEMENTS },
      stacks,
    }
  }
}

/** What one instance holds. */
export class Holding {
  readonly #ledger: Ledger
  readonly #memories: readonly HeldMemory[]
  readonly #tables: readonly HeldTable[]
  readonly #isSharing: boolean
  readonly #heap: number

  constructor(ledger: Ledger, memories: readonly HeldMemory[], tables: readonly HeldTable[], isSharing: boolean, heap: number) {
    this.#ledger = ledger
    this.#memories = memories
    this.#tables = tables
    this.#isSharing = isSharing
    this.#heap = heap
    ledger.instances++
    kept += heap
    for (const held of memories) held.acquire()
    for (const held of tables) held.holders++
    if (isSharing) ledger.sharing.add(this)
  }

  /** Counts what has grown since it was looked at last. @returns what is too much because of that */
  look(): Excess | undefined {
    let grown = this.#grown()
    // Its guest may have run functions of another that shares, and that one grown
    if (this.#isSharing) for (const other of this.#ledger.sharing) if (other.#grown()) grown = true
    if (!grown) return undefined
    return this.#ledger.excess ?? excessElements()
  }

  #grown(): boolean {
    let grown = false
    for (const held of this.#memories) if (held.look()) grown = true
    for (const held of this.#tables) if (held.look()) grown = true
    return grown
  }

  /** The instance is gone. */
  release(): void {
    this.#ledger.instances--
    kept -= this.#heap
    this.#ledger.sharing.delete(this)
    for (const held of this.#memories) held.release()
    for (const held of this.#tables) held.release()
  }
}

/** A memory, as one host has it. It holds it while an instance does. */
class HeldMemory implements Dropped {
  readonly memory: WeakRef<WebAssembly.Memory>
  size = 0
  readonly #ledger: Ledger
  #live: WebAssembly.Memory | undefined
  #holders = 0

  constructor(ledger: Ledger, memory: WebAssembly.Memory) {
    this.#ledger = ledger
    this.memory = new WeakRef(memory)
    budget.take(MAPPINGS.memory)
  }

  acquire(): void {
    if (this.#holders++ > 0) return
    liveMemories++
    this.#live = this.memory.deref()
    takeBack(this)
    this.#ledger.count(this.size, -this.size)
  }

  /** Has it grown? */
  look(): boolean {
    if (this.#live === undefined) return false
    const { byteLength } = this.#live.buffer
    const grown = byteLength - this.size
    this.size = byteLength
    if (grown !== 0) this.#ledger.count(grown, 0)
    return grown > 0
  }

  release(): void {
    if (--this.#holders > 0) return
    this.look()
    liveMemories--
    this.#ledger.count(-this.size, this.size)
    dropMemory(this.#live as WebAssembly.Memory, this)
    this.#live = undefined
  }

  collected(): void {
    this.#ledger.count(0, -this.size)
    budget.give(MAPPINGS.memory)
  }
}

/** A table: the engine frees those that are dropped when it needs the room. */
class HeldTable {
  readonly #table: WebAssembly.Table
  holders = 0
  #length = 0

  constructor(table: WebAssembly.Table) {
    this.#table = table
  }

  look(): boolean {
    // With 64-bit indices it is a bigint
    const length = Number(this.#table.length)
    const grown = length - this.#length
    this.#length = length
    elements += grown
    return grown > 0
  }

  release(): void {
    if (--this.holders > 0) return
    elements -= this.#length
    this.#length = 0
  }
}

const heldTables = new WeakMap<WebAssembly.Table, HeldTable>()

function heldTable(table: WebAssembly.Table): HeldTable {
  const known = heldTables.get(table)
  if (known !== undefined) return known
  const held = new HeldTable(table)
  heldTables.set(table, held)
  return held
}

function excessElements(): Excess | undefined {
  if (elements <= MOST_ELEMENTS) return undefined
  const what = `the tables of all modules of this thread have ${elements} elements, above the ${MOST_ELEMENTS} that a quarter of its JavaScript heap holds`
  return { what, figures: { elements, limit: MOST_ELEMENTS } }
}

/** Asks once more when the engine has collected. @throws LoadError `limit-exceeded` */
function refuseIf(excessive: (count: number) => Excess | undefined, count: number): void {
  if (excessive(count) === undefined) return
  if (droppedMemories() > 0) collectDropped()
  const excess = excessive(count)
  if (excess !== undefined) throw new LoadError('limit-exceeded', excess.what, { figures: excess.figures })
}

function withoutHeap(needed: number): Excess | undefined {
  if (kept + needed <= MOST_HEAP) return undefined
  const what = `the engine may come to keep ${kept} bytes for the code of all instances of this thread, and with the ${needed} of another one that would be above the ${MOST_HEAP} that are a quarter of its JavaScript heap`
  return { what, figures: { used: kept, needed, limit: MOST_HEAP } }
}

function withoutAddresses(memories: number): Excess | undefined {
  const figures = addresses.take(memories)
  if (figures === undefined) return undefined
  const { used, limit, needed } = figures
  const what = `the process has no address space for another memory: ${used} bytes of the ${limit} that guests may take are used, and up to ${needed} needed`
  return { what, figures: { used, needed, limit } }
}

function withoutMappings(needed: number): Excess | undefined {
  if (budget.has(needed)) return undefined
  const { used, limit } = budget
  const what = `the process has no memory mappings left: it has up to ${used} of the ${limit} that guests may take (of \`vm.max_map_count\`), and ${needed} are needed`
  return { what, figures: { used, needed, limit } }
}

const modules = new WeakSet<WebAssembly.Module>()
const code = new FinalizationRegistry<number>((count) => budget.give(count))

function countCode(module: WebAssembly.Module): void {
  if (modules.has(module)) return
  modules.add(module)
  code.register(module, MAPPINGS.code)
  budget.take(MAPPINGS.code)
}

/** Why no other call may be suspended. */
export function excessStacks(): Excess | undefined {
  const excess = withoutMappings(MAPPINGS.stack)
  if (excess === undefined) return undefined
  const what = `${excess.what} for the stack of another call; it may be worth trying again after ${RECOUNT_AFTER} ms`
  return { what, figures: { ...excess.figures, retryAfter: RECOUNT_AFTER } }
}

/** A call was suspended. */
export function takeStack(): void {
  stacks++
  budget.take(MAPPINGS.stack)
}

/** It has ended. */
export function giveStack(): void {
  stacks--
  budget.give(MAPPINGS.stack)
}

/** Guests run on so many threads of the process: each looks at what the process has left so much more often. */
export function shareProcess(threads: number): void {
  addresses.share(threads)
  budget.share(threads)
}
