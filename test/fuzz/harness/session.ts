/**
 * One instance of a module, and a trace of what happens when a plan's steps are done with it: what calls return or end with, and each call
 * of a host function. What the host answers depends on the seed and on how often it was asked, so that two instances that do the same see the same.
 */
import type { FuncType, ValType } from '../../../src/wasm/types.ts'
import { mix, Random } from '../random.ts'
import { type Imported, makeImports } from './imports.ts'
import type { Plan, Step } from './plan.ts'
import { describeThrown, NONE, THROWN, Values } from './values.ts'

/** Why what follows in a run cannot be compared. */
export type Incomparable = 'stopped' | 'stack overflow' | 'out of memory'

/** `goOn` is told what would be granted. */
export type Attach = (instance: WebAssembly.Instance, goOn: (credit: number) => boolean) => (() => void) | undefined

export interface Subject {
  readonly module: WebAssembly.Module
  /** Puts the poll into an instance and returns what was its start function. Undefined for a module that is run as it is. */
  readonly attach?: Attach
  /** Told before each call of an export, and before the start function. */
  readonly enter?: (isNested: boolean) => void
}

const MOST_HOST_CALLS = 400
const MOST_NESTING = 3
const TOO_MANY_CALLS = THROWN[0]

export class Session {
  readonly trace: string[] = []
  readonly imports: Imported
  readonly values: Values
  instance: WebAssembly.Instance | undefined
  incomparable: Incomparable | undefined
  polls = 0
  /** Things that happened after the guest was told to stop. */
  readonly afterStop: string[] = []
  longestGap = 0

  readonly #plan: Plan
  readonly #subject: Subject
  readonly #patience: number
  readonly #random: Random
  #hostCalls = 0
  #nesting = 0
  #ready = false
  #lastPoll = 0

  /** @param patience how many polls are answered with "go on" */
  constructor(plan: Plan, subject: Subject, patience: number) {
    this.#plan = plan
    this.#subject = subject
    this.#patience = patience
    this.#random = new Random(mix(plan.seed, 2))
    this.values = new Values(plan.module)
    this.imports = makeImports(plan.module, mix(plan.seed, 3), this.values, (index, args) => this.#host(index, args))
  }

  get hostCalls(): number {
    return this.#hostCalls
  }

  /** Instantiates, and runs the start function. */
  start(): boolean {
    this.#lastPoll = performance.now()
    try {
      const instance = new WebAssembly.Instance(this.#subject.module, this.imports.object)
      const start = this.#subject.attach?.(instance, () => this.#poll())
      this.#subject.enter?.(false)
      start?.()
      this.instance = instance
      this.values.learn(instance.exports)
    } catch (error) {
      this.trace.push(`instantiation: ${this.#failure(error)}`)
      return false
    }
    this.#ready = true
    return true
  }

  do(step: Step): void {
    const { exports } = this.instance as WebAssembly.Instance
    const random = new Random(step.seed)
    if (step.kind === 'set') {
      const value = this.values.make(step.type, random)
      this.trace.push(`${step.name} = ${this.values.describe(value)}`)
      const global = exports[step.name]
      if (global instanceof WebAssembly.Global) global.value = value
      return
    }
    const args = this.values.list(step.type.params, random)
    if (args === NONE) return
    const text = `${step.name}(${this.values.describeAll(args)})`
    this.#lastPoll = performance.now()
    this.#subject.enter?.(false)
    try {
      const result = (exports[step.name] as (...args: unknown[]) => unknown)(...args)
      this.trace.push(`${text}: ${this.#results(step.type, result)}`)
    } catch (error) {
      this.trace.push(`${text}: ${this.#failure(error)}`)
    }
  }

  #results({ results }: FuncType, value: unknown): string {
    return results.length > 1 ? this.values.describeAll(value as unknown[]) : this.values.describe(value)
  }

  #poll(): boolean {
    const now = performance.now()
    this.longestGap = Math.max(this.longestGap, now - this.#lastPoll)
    this.#lastPoll = now
    if (this.incomparable === 'stopped') this.afterStop.push('a poll')
    if (this.polls++ < this.#patience) return true
    this.incomparable = 'stopped'
    return false
  }

  #host(index: number, args: readonly unknown[]): unknown {
    const random = this.#random
    if (this.incomparable === 'stopped') this.afterStop.push(`a call of host function ${index}`)
    this.trace.push(`  host ${index}(${this.values.describeAll(args)})`)
    if (++this.#hostCalls > MOST_HOST_CALLS) throw TOO_MANY_CALLS
    const what = random.below(64)
    if (what === 0) throw random.pick(THROWN)
    if (what === 1) this.#throwTag(random)
    if (what < 6 && this.#ready && this.#nesting < MOST_NESTING) this.#nested(random)
    const result = this.#answer(index, random)
    this.#lastPoll = performance.now()
    return result
  }

  #answer(index: number, random: Random): unknown {
    const type = this.#plan.module.types[this.#plan.module.functions[index] as number]
    const results = type?.kind === 'func' ? type.type.results : []
    const values = results.map((result) => this.#value(result, random))
    return results.length > 1 ? values : values[0]
  }

  /** Null where there is nothing better: a TypeError, which the guest may catch. */
  #value(type: ValType, random: Random): unknown {
    const value = this.values.make(type, random)
    return value === NONE ? null : value
  }

  #throwTag(random: Random): void {
    const [entry] = [...this.#tags()].filter(() => random.oneIn(2))
    if (entry === undefined) return
    const [name, tag] = entry
    const index = this.#tagIndex(name)
    const type = this.#plan.module.types[this.#plan.module.tags[index]?.typeIndex ?? -1]
    const args = type?.kind === 'func' ? this.values.list(type.type.params, random) : NONE
    if (args === NONE) return
    let exception: WebAssembly.Exception
    try {
      exception = new WebAssembly.Exception(tag, args as never[])
    } catch (error) {
      if (error instanceof RangeError) throw error
      return // the tag of JavaScript's exceptions, for one
    }
    throw exception
  }

  #nested(random: Random): void {
    const calls = this.#plan.steps.filter((step) => step.kind === 'call')
    const exports = this.instance?.exports
    if (calls.length === 0 || exports === undefined) return
    const { name, type } = random.pick(calls)
    const args = this.values.list(type.params, random)
    if (args === NONE) return
    this.#nesting++
    this.#subject.enter?.(true)
    try {
      const result = (exports[name] as (...args: unknown[]) => unknown)(...args)
      this.trace.push(`  nested ${name}: ${this.#results(type, result)}`)
    } catch (error) {
      this.trace.push(`  nested ${name}: ${this.#failure(error)}`)
      // A host that knows what it does lets a stop through; anything else it may keep to itself
      if (this.incomparable !== undefined || random.oneIn(2)) throw error
    } finally {
      this.#nesting--
    }
  }

  #failure(error: unknown): string {
    if (error instanceof WebAssembly.RuntimeError) return `trap: ${error.message}`
    if (error instanceof WebAssembly.Exception) return `exception ${this.#exception(error)}`
    if (error instanceof RangeError && /call stack/.test(error.message)) {
      this.incomparable ??= 'stack overflow'
      return 'stack overflow'
    }
    if (error instanceof RangeError && /memory/i.test(error.message)) {
      this.incomparable ??= 'out of memory'
      return 'out of memory'
    }
    return describeThrown(error) ?? (error instanceof Error ? `${error.name}: ${error.message}` : this.values.describe(error))
  }

  #exception(error: WebAssembly.Exception): string {
    for (const [name, tag] of this.#tags()) if (error.is(tag)) return `${name} (${this.#payload(error, tag, name).join(', ')})`
    return 'of a tag that is not exported'
  }

  #payload(error: WebAssembly.Exception, tag: WebAssembly.Tag, name: string): string[] {
    const type = this.#plan.module.types[this.#plan.module.tags[this.#tagIndex(name)]?.typeIndex ?? -1]
    const count = type?.kind === 'func' ? type.type.params.length : 0
    return Array.from({ length: count }, (_, at) => {
      try {
        return this.values.describe(error.getArg(tag, at))
      } catch {
        return 'not for JavaScript'
      }
    })
  }

  /** By name: those that the module exports, and those that it imports. */
  *#tags(): Iterable<[name: string, tag: WebAssembly.Tag]> {
    yield* this.imports.tags
    const exports = this.instance?.exports
    if (exports === undefined) return
    for (const { kind, name } of this.#plan.module.exports) if (kind === 'tag') yield [name, exports[name] as unknown as WebAssembly.Tag]
  }

  #tagIndex(name: string): number {
    const imported = /^imported (\d+)$/.exec(name)
    if (imported !== null) return Number(imported[1])
    return this.#plan.module.exports.find((entry) => entry.kind === 'tag' && entry.name === name)?.index ?? -1
  }
}
