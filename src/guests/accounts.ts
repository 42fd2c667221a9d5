/** The accounts of a host: one for each module, or for all modules of a group. What was used is kept until it is forgotten, also when a module is loaded anew. */
import { optionError } from '../errors.ts'
import { Account } from '../runtime/account.ts'
import { now } from '../runtime/clock.ts'
import type { GuestSpec } from './executor.ts'

/** Of a module, or a group. */
interface Entry {
  readonly account: Account
  members: number
}

/** What is less than this has been forgotten, ms. */
const NOTHING = 0.01

export class Accounts {
  readonly #entries = new Map<string, Entry>()
  /** Those without members, in the order in which they lost the last. */
  readonly #left = new Set<string>()

  /** The account of a module that is being loaded, the spec to load it by, which gives it back when the module closes, and what does so before. */
  lend(spec: GuestSpec): { readonly account: Account; readonly lent: GuestSpec; readonly giveBack: () => void } {
    const { name, group, weight } = spec
    const account = this.open(name, group, weight)
    let isOpen = true
    const giveBack = () => {
      if (isOpen) this.close(name, group)
      isOpen = false
    }
    const onClose = () => {
      giveBack()
      spec.onClose()
    }
    return { account, lent: { ...spec, onClose }, giveBack }
  }

  /**
   * The account of a module that is being loaded; `close` must follow.
   * @param weight undefined: that of the group, or 1
   * @throws CurfewError `invalid-option` if the group has another weight
   */
  open(module: string, group: string | undefined, weight: number | undefined): Account {
    this.#forget()
    const key = keyOf(module, group)
    const entry = this.#entries.get(key) ?? { account: new Account(weight ?? 1), members: 0 }
    const { account } = entry
    if (entry.members === 0) {
      if (account.weight !== (weight ?? 1)) account.reweigh(weight ?? 1)
    } else if (weight !== undefined && weight !== account.weight) {
      throw optionError('weight', `${account.weight}, which the group has (or the module that is replaced), or nothing`, weight)
    }
    entry.members++
    this.#entries.set(key, entry)
    this.#left.delete(key)
    return account
  }

  close(module: string, group: string | undefined): void {
    const key = keyOf(module, group)
    const entry = this.#entries.get(key) as Entry
    if (--entry.members === 0) this.#left.add(key)
    this.#forget()
  }

  /** Two at a time are enough: one is added at most. */
  #forget(): void {
    let looks = 0
    for (const key of this.#left) {
      if (++looks > 2 || (this.#entries.get(key) as Entry).account.used(now()) >= NOTHING) return
      this.#entries.delete(key)
      this.#left.delete(key)
    }
  }
}

/** A module may be called like a group. */
function keyOf(module: string, group: string | undefined): string {
  return group === undefined ? `module ${module}` : `group ${group}`
}
