/** What a user may pick to run plugins with. */
export interface Candidate {
  readonly id: string
  /** In tables and charts. */
  readonly name: string
  /** What it is, and what ends a plugin that does not end by itself. */
  readonly what: string
  /** A package of bench/package.json that it needs. */
  readonly package?: string
  /** Why it cannot be measured here, if it cannot. */
  readonly missing?: () => string | undefined
  /** Do its calls hold the event loop until they are over? */
  readonly holds?: boolean
  /** So many plugins are live at once at most, because each takes a thread: the machine, and not the candidate, would be measured. */
  readonly most?: number
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
  close(): unknown
}

/** One live plugin. A candidate that cannot do an operation does not have it: "-" in the table. */
export interface Plugin {
  /** Next to nothing, with a deadline. */
  add?(): unknown
  /** Makes a text upper case, in the guest. */
  upper?(text: string): string | Promise<string>
  /** Work of a few ms that needs nothing of the host; its result. */
  compute?(): number | Promise<number>
  /** An endless loop. @returns ms from its deadline to its error */
  hang?(): Promise<number>
  /** The same operations in a row, for what is in another process: the way there is not its cost. */
  readonly many?: (operation: Operation, times: number, text: string) => Promise<unknown>
  close?(): unknown
}

export type Operation = 'add' | 'upper' | 'compute'

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
