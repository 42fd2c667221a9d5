/** Arguments, environment, clocks, random bytes, exits; and sockets, which there are none of. */
import { more, nextTurn } from './clock.ts'
import { WasiError } from './errno.ts'
import type { WasiGuest } from './guest.ts'
import type { Handlers } from './handler.ts'
import { WasiExit } from './run.ts'

export const CLOCK = { realtime: 0, monotonic: 1 } as const
/** Random bytes that are made in one turn of the event loop: half a millisecond's worth. */
const RANDOM_PIECE = 64 * 1024
/** Of `proc_raise`: a default action that ends the guest is all there could be. */
const MOST_SIGNALS = 31

function writeSizes({ memory }: WasiGuest, strings: readonly Uint8Array[], count: number, size: number): void {
  memory.setUint32(count, strings.length)
  memory.setUint32(
    size,
    strings.reduce((sum, { length }) => sum + length, 0),
  )
}

function writeStrings(guest: WasiGuest, strings: readonly Uint8Array[], pointers: number, bytes: number): void {
  guest.write(pointers, strings.length * 4, (view) => {
    let at = bytes
    for (const [index, { length }] of strings.entries()) {
      view.setUint32(index * 4, at, true)
      at += length
    }
  })
  guest.memory.write(bytes, Buffer.concat(strings))
}

/** ns of a clock that a guest names. @throws WasiError `inval` */
export function timeOf({ clock }: WasiGuest, id: number): bigint {
  if (id === CLOCK.realtime) return clock.realtime
  if (id === CLOCK.monotonic) return clock.monotonic
  // Those of the process tell of what else it does
  throw new WasiError('inval')
}

function socket({ descriptors }: WasiGuest, number: number): void {
  descriptors.get(number)
  throw new WasiError('notsock')
}

export const SYSTEM = {
  args_sizes_get: (guest, count: number, size: number) => writeSizes(guest, guest.run.args, count, size),
  args_get: (guest, pointers: number, bytes: number) => writeStrings(guest, guest.run.args, pointers, bytes),
  environ_sizes_get: (guest, count: number, size: number) => writeSizes(guest, guest.run.env, count, size),
  environ_get: (guest, pointers: number, bytes: number) => writeStrings(guest, guest.run.env, pointers, bytes),

  clock_res_get(guest, id: number, result: number) {
    timeOf(guest, id)
    const { realtimeResolution, monotonicResolution } = guest.clock
    guest.memory.setBigUint64(result, id === CLOCK.realtime ? realtimeResolution : monotonicResolution)
  },

  clock_time_get(guest, id: number, _precision: bigint, result: number) {
    guest.memory.setBigUint64(result, timeOf(guest, id))
  },

  random_get(guest, address: number, length: number) {
    guest.checkRange({ address, length })
    let filled = 0
    const fill = (): void | Promise<void> => {
      const bytes = new Uint8Array(Math.min(RANDOM_PIECE, length - filled))
      guest.random(bytes)
      guest.memory.write(address + filled, bytes)
      filled += bytes.length
      return filled < length ? more(guest.caller, fill) : undefined
    }
    return fill()
  },

  proc_exit({ caller }, exitCode: number) {
    caller.end(new WasiExit(exitCode))
  },

  proc_raise(_, signal: number) {
    throw new WasiError(signal >= 1 && signal <= MOST_SIGNALS ? 'notsup' : 'inval')
  },

  sched_yield: ({ caller }) => (caller.canSuspend ? nextTurn() : undefined),

  sock_accept: (guest, number: number) => socket(guest, number),
  sock_recv: (guest, number: number) => socket(guest, number),
  sock_send: (guest, number: number) => socket(guest, number),
  sock_shutdown: (guest, number: number) => socket(guest, number),
} satisfies Handlers<SystemName>

type SystemName =
  | 'args_get'
  | 'args_sizes_get'
  | 'environ_get'
  | 'environ_sizes_get'
  | 'clock_res_get'
  | 'clock_time_get'
  | 'random_get'
  | 'proc_exit'
  | 'proc_raise'
  | 'sched_yield'
  | 'sock_accept'
  | 'sock_recv'
  | 'sock_send'
  | 'sock_shutdown'
