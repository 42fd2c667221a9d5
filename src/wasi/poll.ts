/** `poll_oneoff`: the guest waits for a time, for something to read, or for whichever is first. */
import { block, earlier, LAST_TIME, Sleep } from './clock.ts'
import { FileDescriptor, StdioDescriptor } from './descriptors.ts'
import { ERRNO, errnoOf, WasiError } from './errno.ts'
import { cannotWait } from './files.ts'
import type { WasiGuest } from './guest.ts'
import type { Handlers } from './handler.ts'
import { CLOCK, timeOf } from './system.ts'

const SUBSCRIPTION_SIZE = 48
const EVENT_SIZE = 32
/** Each may be looked up in vain, which takes some microseconds. */
const MOST_SUBSCRIPTIONS = 256
const ABSOLUTE = 1
const TAG = { clock: 0, read: 1, write: 2 } as const

interface Subscription {
  readonly userdata: bigint
  readonly tag: number
  /** Of a clock, or a descriptor. */
  readonly id: number
  /** ns, by the clock of that `id`: from now on, or since its beginning. */
  readonly until: bigint
}

/** What has happened to a subscription. */
interface Happened {
  readonly errno: number
  readonly bytes: bigint
}

function subscription(guest: WasiGuest, list: DataView, at: number): Subscription {
  const [tag, id] = [list.getUint8(at + 8), list.getUint32(at + 16, true)]
  const isAbsolute = (list.getUint16(at + 40, true) & ABSOLUTE) !== 0
  const timeout = tag === TAG.clock ? list.getBigUint64(at + 24, true) : 0n
  // Real time has coarser ticks, and may be set back: what lasts for a time lasts by the other clock. A clock that is not there is told by its event
  const lasts = tag === TAG.clock && !isAbsolute && (id === CLOCK.realtime || id === CLOCK.monotonic)
  if (lasts) return { userdata: list.getBigUint64(at, true), tag, id: CLOCK.monotonic, until: earlier(guest.clock.monotonic + timeout, LAST_TIME) }
  return { userdata: list.getBigUint64(at, true), tag, id, until: timeout }
}

/** What has happened by now; `undefined`: nothing. */
function look(guest: WasiGuest, { tag, id, until }: Subscription): Happened | undefined {
  try {
    if (tag === TAG.clock) return timeOf(guest, id) >= until ? { errno: ERRNO.success, bytes: 0n } : undefined
    if (tag !== TAG.read && tag !== TAG.write) throw new WasiError('inval')
    const found = guest.descriptors.get(id, 'pollFdReadwrite')
    if (tag === TAG.write) return { errno: ERRNO.success, bytes: 0n }
    if (found instanceof FileDescriptor) return { errno: ERRNO.success, bytes: bytesAfter(found) }
    if (!(found instanceof StdioDescriptor) || found.stream !== 'stdin') throw new WasiError('badf')
    const { ready } = guest.run.stdin
    return ready === undefined ? undefined : { errno: ERRNO.success, bytes: BigInt(ready) }
  } catch (error) {
    return { errno: errnoOf(error), bytes: 0n }
  }
}

function bytesAfter({ file, position }: FileDescriptor): bigint {
  const left = file.stat().size - BigInt(position)
  return left > 0n ? left : 0n
}

/** Writes an event for each that has happened. @returns how many there are */
function writeEvents(guest: WasiGuest, subscriptions: readonly Subscription[], address: number): number {
  const events = subscriptions.flatMap((each) => {
    const happened = look(guest, each)
    return happened === undefined ? [] : [{ ...each, ...happened }]
  })
  guest.write(address, events.length * EVENT_SIZE, (view) => {
    for (const [index, { userdata, errno, tag, bytes }] of events.entries()) {
      const at = index * EVENT_SIZE
      view.setBigUint64(at, userdata, true)
      view.setUint16(at + 8, errno, true)
      view.setUint8(at + 10, tag)
      view.setBigUint64(at + 16, bytes, true)
    }
  })
  return events.length
}

/** ns until the first clock is there; undefined if none is asked for. */
function shortest(guest: WasiGuest, subscriptions: readonly Subscription[]): bigint | undefined {
  const left = subscriptions.filter(({ tag }) => tag === TAG.clock).map(({ id, until }) => until - timeOf(guest, id))
  return left.reduce<bigint | undefined>((least, each) => (least === undefined || each < least ? each : least), undefined)
}

/** Until something may have happened. @returns a promise if the guest is suspended meanwhile */
function wait(guest: WasiGuest, subscriptions: readonly Subscription[]): void | Promise<void> {
  const { caller, clock, run } = guest
  const duration = shortest(guest, subscriptions)
  const reads = subscriptions.some(({ tag }) => tag === TAG.read)
  if (duration !== undefined && clock.isFixed) return clock.move(duration)
  if (!caller.canSuspend) {
    if (duration === undefined) throw cannotWait()
    return block(duration, caller)
  }
  const waits = [...(duration === undefined ? [] : [new Sleep(duration, caller.signal)]), ...(reads ? [run.stdin.wait(caller.signal)] : [])]
  return Promise.race(waits.map(({ over }) => over)).finally(() => {
    for (const each of waits) each.end()
  })
}

export const POLL = {
  poll_oneoff(guest, from: number, to: number, count: number, result: number) {
    if (count === 0 || count > MOST_SUBSCRIPTIONS) throw new WasiError('inval')
    const list = guest.read(from, count * SUBSCRIPTION_SIZE)
    const subscriptions = Array.from({ length: count }, (_, index) => subscription(guest, list, index * SUBSCRIPTION_SIZE))
    const go = (): void | Promise<void> => {
      for (;;) {
        const happened = writeEvents(guest, subscriptions, to)
        if (happened > 0) return guest.memory.setUint32(result, happened)
        const waiting = wait(guest, subscriptions)
        if (waiting !== undefined) return waiting.then(go)
        if (guest.caller.timeLeft === 0) return undefined
      }
    }
    return go()
  },
} satisfies Handlers<'poll_oneoff'>
