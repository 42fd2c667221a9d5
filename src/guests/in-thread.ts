/** Runs guests on this thread. */
import type { Ledger } from '../runtime/ledger.ts'
import { canSuspend } from '../runtime/thread.ts'
import { Accounts } from './accounts.ts'
import type { Executor, ExecutorStats, Guest, GuestSpec } from './executor.ts'
import { InThreadGuest } from './in-thread-guest.ts'
import type { Admission } from './scheduler.ts'

export class InThreadExecutor implements Executor {
  readonly canWait = canSuspend
  readonly #admission: Admission
  readonly #accounts = new Accounts()
  readonly #ledger: Ledger

  constructor(admission: Admission, ledger: Ledger) {
    this.#admission = admission
    this.#ledger = ledger
  }

  get stats(): ExecutorStats {
    const { active, queued } = this.#admission
    return { calls: { running: active, waiting: queued }, ...this.#ledger.usage }
  }

  async load(spec: GuestSpec): Promise<Guest> {
    const { account, lent, giveBack } = this.#accounts.lend(spec)
    const guest = new InThreadGuest(lent, this.#admission, account, this.#ledger)
    try {
      await guest.start()
    } catch (error) {
      giveBack()
      throw error
    }
    return guest
  }

  /** A module that was loaded before, on a thread that is gone: its first instances here are restarts. */
  reload(spec: GuestSpec): Guest {
    const { account, lent } = this.#accounts.lend(spec)
    const guest = new InThreadGuest(lent, this.#admission, account, this.#ledger, 0)
    guest.restart()
    return guest
  }

  async close(): Promise<void> {
    // It has nothing but the modules, which are closed
  }
}
