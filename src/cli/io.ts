/** What the command needs of the world around it, so that tests can be that world. */

/** Where text goes. */
export interface Sink {
  write(text: string): unknown
  /** May the text be coloured? */
  readonly colour?: boolean
  /** Width of the terminal, if it is one. */
  readonly columns?: number | undefined
}

export interface CommandIo {
  readonly stdout: Sink
  readonly stderr: Sink
  /** In place of the file system's. */
  readonly readFile?: (path: string) => Promise<Uint8Array>
  /** The whole file or nothing, in place of what is there. */
  readonly writeFile?: (path: string, bytes: Uint8Array) => Promise<void>
  /** Tells the listener once when the user interrupts, and returns what takes it back. */
  readonly onInterrupt?: (listener: () => void) => () => void
}
