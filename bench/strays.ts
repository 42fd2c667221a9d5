/** What is thrown where nobody waits for it: by a peer's timer, say. It ends no run, and is said in the result of the subject that was under way. */
import type { EventEmitter } from 'node:events'
import type { Measured } from './figures.ts'

/** In the stack of what a peer throws; of anything else, Curfew may be to blame. */
const PEERS = /[\\/]bench[\\/]peers[\\/]node_modules[\\/]/

export class Strays {
  #thrown: unknown[] = []

  /** @param process emits `uncaughtException`, of promises as well */
  constructor(process: EventEmitter) {
    process.on('uncaughtException', (error) => this.#thrown.push(error))
  }

  /** With what has been thrown since the last time. */
  addTo(measured: Measured): Measured {
    const thrown = this.#thrown
    this.#thrown = []
    const ofPeers = thrown.filter((error) => error instanceof Error && PEERS.test(error.stack ?? ''))
    const others = thrown.filter((error) => !ofPeers.includes(error))
    const { failure, peerFailure, ...rest } = measured
    return { ...rest, ...said('failure', failure, others), ...said('peerFailure', peerFailure, ofPeers) }
  }
}

function said(key: 'failure' | 'peerFailure', before: string | undefined, thrown: readonly unknown[]): Partial<Measured> {
  const reasons = thrown.map((error) => `thrown meanwhile, where nobody waited for it: ${error instanceof Error ? error.message : String(error)}`)
  const all = [...new Set([...(before === undefined ? [] : [before]), ...reasons])]
  return all.length === 0 ? {} : { [key]: all.join('; ') }
}
