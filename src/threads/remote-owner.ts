/** On this thread, the owner of the calls of a module whose guests run on another one. */
import { Account } from '../runtime/account.ts'
import type { Call, CallOwner } from '../runtime/call.ts'

export class RemoteOwner implements CallOwner {
  readonly name: string
  /** Its guests run elsewhere: nothing is charged to it. */
  readonly account = new Account(1)

  /** @param name the module's */
  constructor(name: string) {
    this.name = name
  }

  stopped(call: Call): void {
    call.onStop?.()
  }

  suspended(): void {
    throw new TypeError('a call that is on no guest of this thread was suspended')
  }
  waits(): void {
    this.suspended()
  }
  settled(): void {
    this.suspended()
  }
}
