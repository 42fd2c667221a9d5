/** Guests that use up time on a fake clock, tick by tick: who ran for how long can be counted. */
import type { Host, LoadOptions, Module } from '../../src/index.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import type { Bench } from '../support/host.ts'
import { wat } from '../support/wat.ts'

export interface Cost {
  /** Ticks of the start function. */
  readonly start?: number
  /** ms that each instantiation takes. */
  readonly making?: number
}

/** `run` and `trap` tick so many times; for ever, if that is 0. `nothing` does not even poll. */
const TICKER = (start: number) => `(module
  (import "env" "tick" (func $tick))
  (import "env" "made" (global (mut i32)))
  (func $run (export "run") (param $times i32)
    (loop (call $tick) (br_if 0 (local.tee $times (i32.sub (local.get $times) (i32.const 1))))))
  (func (export "nothing"))
  (func (export "trap") (param $times i32) (call $run (local.get $times)) (unreachable))
  ${start > 0 ? `(func $start (call $run (i32.const ${start}))) (start $start)` : ''})`

/** Loads guests that all tick on the same clock. */
export class Crowd {
  readonly host: Host
  readonly clock: FakeClock
  /** What an endless call is ended by: then, none is left. */
  readonly over: AbortController
  /** ms of each, by the name of the module. */
  readonly used = new Map<string, number>()
  /** Turns of the event loop in which each had last ticked, and the most between two. */
  readonly gaps = new Map<string, number>()
  turn = 0
  /** Told of each tick. */
  onTick: (name: string) => void = () => undefined
  readonly #tick: number
  readonly #last = new Map<string, number>()
  readonly #calls: Promise<unknown>[] = []

  constructor(bench: Bench, clock: FakeClock, { tick = 0.25, maxConcurrent = 1_000 } = {}) {
    this.host = bench.host({ maxConcurrent })
    this.over = bench.abortController()
    this.clock = clock
    this.#tick = tick
  }

  load(name: string, options: LoadOptions = {}, { start = 0, making = 0 }: Cost = {}): Promise<Module> {
    const factory = () => {
      this.clock.advance(making)
      return new WebAssembly.Global({ value: 'i32', mutable: true }, 0)
    }
    const imports = { env: { tick: () => this.#ticked(name), made: { factory } } }
    return this.host.loadModule(name, wat(TICKER(start)), { startTimeout: 0, ...options, imports })
  }

  async loadAll(count: number, prefix: string, options?: LoadOptions): Promise<Module[]> {
    const modules: Module[] = []
    for (let index = 0; index < count; index++) modules.push(await this.load(`${prefix} ${index}`, options))
    return modules
  }

  /** Has it run until the crowd is over. */
  runAway(module: Module): void {
    this.#calls.push(module.call('run', [0], { signal: this.over.signal }).catch(() => undefined))
  }

  /** Has its export called again and again, each time for so many ticks, until the crowd is over. */
  keepCalling(module: Module, name: 'run' | 'trap', times: number): void {
    const { signal } = this.over
    const again = async () => {
      while (!signal.aborted) await module.call(name, [times], { signal }).catch(() => undefined)
    }
    this.#calls.push(again())
  }

  /** The crowd is over when so much time has passed. @returns what each used meanwhile */
  async after(ms: number): Promise<(name: string) => number> {
    const end = this.clock.time + ms
    const before = new Map(this.used)
    const count = () => {
      this.turn++
      if (this.clock.time < end) setImmediate(count)
      else this.over.abort()
    }
    setImmediate(count)
    await new Promise((resolve) => this.over.signal.addEventListener('abort', resolve, { once: true }))
    await Promise.all(this.#calls)
    return (name) => (this.used.get(name) ?? 0) - (before.get(name) ?? 0)
  }

  #ticked(name: string): void {
    this.clock.advance(this.#tick)
    this.used.set(name, (this.used.get(name) ?? 0) + this.#tick)
    const last = this.#last.get(name)
    if (last !== undefined) this.gaps.set(name, Math.max(this.gaps.get(name) ?? 0, this.turn - last))
    this.#last.set(name, this.turn)
    this.onTick(name)
  }
}
