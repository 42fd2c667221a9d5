/** What the command needs of the world around it, so that tests can be that world. */

/** Where text goes. */
export interface Sink {
  write(text: string): unknown
  /** What is no text of ours: resolves when more may come. @throws if nobody takes it any more */
  writeBytes?(bytes: Uint8Array): Promise<void>
  /** May the text be coloured? */
  readonly colour?: boolean
  /** Width of the terminal, if it is one. */
  readonly columns?: number | undefined
}

/** Where a program that is run reads from: a stream of Node's, say. */
export interface Source extends AsyncIterable<Uint8Array> {
  /** Is it a terminal, which may say nothing for ever? */
  readonly isTTY?: boolean
}

export interface CommandIo {
  /** Standard input; looked at only if a program is run. */
  readonly stdin?: Source
  readonly stdout: Sink
  readonly stderr: Sink
  /** In place of the file system's. */
  readonly readFile?: (path: string) => Promise<Uint8Array>
  /** The whole file or nothing, in place of what is there. */
  readonly writeFile?: (path: string, bytes: Uint8Array) => Promise<void>
  /** Tells the listener once when the user interrupts, and returns what takes it back. */
  readonly onInterrupt?: (listener: () => void) => () => void
}
