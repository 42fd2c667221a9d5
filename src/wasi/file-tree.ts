/** Files and directories by name: what a directory in memory begins with, and what is read back from one. */
export type Files = ReadonlyMap<string, Uint8Array | Files>
