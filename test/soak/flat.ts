/** Is memory flat: does a soak leave no more behind than it found when it had warmed up? */
import type { Held } from '../support/garbage.ts'

const MiB = 1024 * 1024

/** What may be more without a leak: a share, and so many bytes. */
export interface Tolerance {
  readonly share: number
  readonly bytes: number
}

/**
 * With all plugins open. Of JavaScript objects: what V8 goes on learning about hot code, and what a plugin holds only after the rarest of actions. Of
 * resident memory also what allocators keep in pieces that are too small for the next, and the helper thread, which comes and goes. If each
 * action left a call's objects behind, a kilobyte or so, both would be above it within seconds.
 */
export const OPEN: Readonly<Record<keyof Held, Tolerance>> = { heap: { share: 0.05, bytes: 2 * MiB }, resident: { share: 0.05, bytes: 40 * MiB } }

/** More of resident memory for each thread: its heap is not collected for the measuring, and has up to two semi-spaces of 16 MiB full of garbage. */
export const THREAD = 32 * MiB

/** With all plugins closed, of JavaScript objects: the code that has run since, and what tables had room for. Of resident memory the allocators keep what they like. */
export const CLOSED: Tolerance = { share: 0, bytes: 10 * MiB }

/** @returns what has grown too much, in words */
export function growth(what: string, before: number, after: number, { share, bytes }: Tolerance): string[] {
  const allowed = before * (1 + share) + bytes
  return after > allowed ? [`${what} grew from ${megabytes(before)} to ${megabytes(after)}, above ${megabytes(allowed)}`] : []
}

export function megabytes(bytes: number): string {
  return `${(bytes / MiB).toFixed(1)} MiB`
}
