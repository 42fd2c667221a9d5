/** The functions of preview 1 as they are written here: for a guest, with unsigned numbers; they fail by throwing. */
import { errnoOf } from './errno.ts'
import type { WasiGuest } from './guest.ts'
import { PARAMETERS, type WasiName } from './signatures.ts'

/** i32 as a number and i64 as a bigint, both unsigned. A promise has the guest wait. */
// biome-ignore lint/suspicious/noExplicitAny: numbers and bigints, as the signature says
export type Handler = (guest: WasiGuest, ...args: any[]) => void | Promise<void>
export type Handlers<Names extends WasiName> = Readonly<Record<Names, Handler>>

/** As a guest calls it: it answers with an errno. */
export function answering(name: WasiName, handler: Handler, guest: WasiGuest): (...args: (number | bigint)[]) => unknown {
  const letters = PARAMETERS[name]
  return (...args) => {
    const unsigned = args.map((arg, at) => (letters[at] === 'l' ? BigInt.asUintN(64, arg as bigint) : (arg as number) >>> 0))
    try {
      const done = handler(guest, ...unsigned)
      return done === undefined ? 0 : done.then(() => 0, errnoOf)
    } catch (error) {
      return errnoOf(error)
    }
  }
}
