/** A line to what runs guests elsewhere: a thread, or anything else to which values can be cloned. */

/** One end of it, for who listens there. */
export interface Listener {
  message(batch: never): void
  /** The other end is gone, or says what nobody understands. Told once; nothing comes afterwards. */
  ended(cause: unknown): void
}

export interface Transport {
  /** Sends what structured cloning can copy; it arrives in order, or the other end is gone. */
  post(batch: readonly unknown[]): void
  /** Takes what the other end has sent on its direct line, for who waits without a turn of the event loop. */
  receive(): readonly unknown[] | undefined
  /** May the process end while this is open? */
  ref(): void
  unref(): void
  /** Ends the other side. May never resolve: some loops of optimised code cannot be ended. */
  terminate(): Promise<unknown>
}

export type Connect = (listener: Listener) => Transport
