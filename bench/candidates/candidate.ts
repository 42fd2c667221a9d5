import type { Elapsed } from '../alternate.ts'

/** What a user may pick to run plugins with. */
export interface Candidate {
  readonly id: string
  /** In tables and charts. */
  readonly name: string
  /** What it is, and what ends a plugin that does not end by itself. */
  readonly what: string
  /** Curfew's own: a run in which it fails has failed. */
  readonly own?: boolean
  /** A package of bench/peers/package.json that it needs. */
  readonly package?: string
  /** Why it cannot be measured here, if it cannot. */
  readonly missing?: () => string | undefined
  /** Of what is no package of npm, by name; of what has not been looked for yet, none. */
  readonly versions?: () => Readonly<Record<string, string>>
  /** Do its calls hold the event loop until they are over? */
  readonly holds?: boolean
  /** So many plugins are live at once at most, because each takes a thread: the machine, and not the candidate, would be measured. */
  readonly most?: number
  /** The least deadline that it works with, ms: it has this in place of a shorter one. */
  readonly leastTimeout?: number
  /** The most threads that it can be given, if that can be said. */
  readonly threads?: boolean
  /** @throws Error where it cannot be had */
  start(options: StartOptions): Promise<Engine>
}

export interface StartOptions {
  /** The deadline of every call, ms. */
  readonly timeout: number
  /** For those that have any. 1 unless said. */
  readonly threads?: number
}

/** A candidate, ready. */
export interface Engine {
  /** @param number makes its bytes others than those of any other */
  plugin(number: number): Promise<Plugin>
  /** From bytes without imports to what can be called. @returns what lets go of it */
  load?(bytes: Uint8Array<ArrayBuffer>): Promise<() => unknown>
  /** What is in another process measures itself: the way there is no cost of the candidate. */
  readonly there?: EngineThere
  close(): unknown
}

export interface EngineThere {
  /** As `load`, and lets go of it. */
  load(bytes: Uint8Array<ArrayBuffer>): Promise<Elapsed>
  /** A module of these bytes lives. @returns what lets go of it */
  keep(bytes: Uint8Array<ArrayBuffer>): Promise<() => unknown>
  /** Bytes that its process holds when all garbage is gone. On Linux. */
  held(): Promise<number>
  /** Calls a second that are answered by the plugin 0, of so many callers for so many ms, while the plugins 1 to `runaways` run endless loops. */
  beside(runaways: number, callers: number, duration: number): Promise<number>
}

/** One live plugin. A candidate that cannot do an operation does not have it: "-" in the table. */
export interface Plugin {
  /** Next to nothing, with a deadline: two i32 go to the guest, and their sum comes back. */
  add?(left: number, right: number): Sum | Promise<Sum>
  /** Makes a text upper case, in the guest. */
  upper?(text: string): string | Promise<string>
  /** Work of a few ms that needs nothing of the host; its result. */
  compute?(): number | Promise<number>
  /** An endless loop. @returns ms from its deadline to its error */
  hang?(): Promise<number>
  /** What is in another process measures itself: the way there is no cost of the candidate. */
  readonly there?: PluginThere
  close?(): unknown
}

export interface PluginThere {
  /** An operation so many times, and each time so many at once; `add` has `ADDENDS`. */
  many(operation: Operation, times: number, atOnce: number, text: string): Promise<Elapsed>
  /** An endless loop, then a call of `add`. */
  recover(): Promise<Recovery>
}

/** After an endless loop, ms. */
export interface Recovery {
  /** From its deadline to its error. */
  readonly late: number
  /** From there to the result of the next good call. */
  readonly took: number
}

/** As the candidate gives it: to wait for what takes it apart would be counted as the candidate's. */
export type Sum = number | readonly number[] | DataView | null

export type Operation = 'add' | 'upper' | 'compute'

/** What every `add` that is measured is given. */
export const ADDENDS = [20, 22] as const
export const SUM = ADDENDS[0] + ADDENDS[1]

/** What the plugin says that `SUM` is. @returns undefined if it does not add */
export function sumOf({ add }: Plugin): Promise<number | undefined> | undefined {
  return add && Promise.resolve(add(...ADDENDS)).then((sum) => (sum instanceof DataView ? sum.getInt32(0, true) : ([sum].flat()[0] ?? undefined)))
}

/** How late an endless loop was given up, ms. @param loop rejects or throws when it is */
export async function lateness(timeout: number, loop: () => unknown): Promise<number> {
  const began = performance.now()
  try {
    await loop()
  } catch (error) {
    const late = performance.now() - began - timeout
    // Timers count whole milliseconds, and may be one early; what fails long before its time is no stop
    if (late > -2) return late
    throw error
  }
  throw new Error('an endless loop came to an end')
}
