/** Threads that guests run in and that end, as a crash of one would. */
import type { Worker } from 'node:worker_threads'
import type { Host } from '../../src/index.ts'
import type { Random } from '../fuzz/random.ts'

export class Losses {
  readonly #host: Host
  readonly #threads = new Set<Worker>()
  readonly #onWorker = (worker: Worker) => this.#came(worker)
  #found = 0

  constructor(host: Host) {
    this.#host = host
    process.on('worker', this.#onWorker)
  }

  /** Ends a thread, if there is one. */
  lose(random: Random): void {
    if (this.#threads.size > 0) void random.pick([...this.#threads]).terminate()
  }

  end(): void {
    process.off('worker', this.#onWorker)
  }

  /** There are other threads than those for guests, of other hosts as well. */
  #came(worker: Worker): void {
    if (this.#found === (this.#host.stats().threads?.started ?? 0)) return
    this.#found++
    this.#threads.add(worker)
    worker.once('exit', () => this.#threads.delete(worker))
  }
}
