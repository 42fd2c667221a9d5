/** A plugin that never returns, called again and again: each time its deadline has to end it. */
import { CurfewError, type Host, type Module } from 'curfew'
import { Samples } from './samples.ts'

export interface RunawayResult {
  readonly calls: number
  /** How many of them their deadline ended. */
  readonly stopped: number
  /** Milliseconds from the deadline to the error. */
  readonly late: Samples
}

export class Runaway {
  readonly #module: Module

  private constructor(module: Module) {
    this.#module = module
  }

  static async load(host: Host): Promise<Runaway> {
    return new Runaway(await host.loadModule('runaway', new URL('../runaway/runaway.wasm', import.meta.url)))
  }

  /** Calls it until the returned function is called, and at least so many times. */
  start(timeout: number, atLeast: number): () => Promise<RunawayResult> {
    const late = new Samples()
    let calls = 0
    let going = true
    const done = (async () => {
      while (going || calls < atLeast) {
        const began = performance.now()
        calls += 1
        if (await this.#isStopped(timeout)) late.add(performance.now() - began - timeout)
      }
      return { calls, stopped: late.count, late }
    })()
    return () => {
      going = false
      return done
    }
  }

  async #isStopped(timeout: number): Promise<boolean> {
    try {
      await this.#module.call('run', [], { timeout })
      return false
    } catch (error) {
      if (error instanceof CurfewError && error.code === 'deadline') return true
      throw error
    }
  }
}
