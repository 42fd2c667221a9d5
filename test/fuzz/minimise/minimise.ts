/** Makes a failing module smaller, as long as it still fails the same way. */
import type { Candidates } from './passes.ts'
import { PASSES } from './passes.ts'

export interface Options {
  /** Does a module fail as the first one does? */
  readonly fails: (bytes: Uint8Array<ArrayBuffer>) => boolean | Promise<boolean>
  /** When to be content, ms from now. */
  readonly within: number
  readonly onProgress?: (bytes: Uint8Array<ArrayBuffer>) => void
}

export async function minimise(bytes: Uint8Array<ArrayBuffer>, { fails, within, onProgress }: Options): Promise<Uint8Array<ArrayBuffer>> {
  const until = performance.now() + within
  const valid = WebAssembly.validate(bytes)
  let best = bytes
  const attempt = async (candidate: Uint8Array<ArrayBuffer>): Promise<boolean> => {
    // Most candidates are not what the first one is, and that is quickly seen
    if (candidate.length >= best.length || WebAssembly.validate(candidate) !== valid || !(await fails(candidate))) return false
    best = candidate
    onProgress?.(best)
    return true
  }
  for (let before = Number.POSITIVE_INFINITY; best.length < before; ) {
    before = best.length
    for (const pass of PASSES) if (performance.now() < until) await exhaust(pass, () => best, attempt, until)
  }
  return best
}

/** Tries all that a pass proposes; after a success it proposes for the smaller module, and goes on where it was. */
async function exhaust(
  pass: Candidates,
  current: () => Uint8Array<ArrayBuffer>,
  attempt: (candidate: Uint8Array<ArrayBuffer>) => Promise<boolean>,
  until: number,
): Promise<void> {
  let skipped = 0
  for (let again = true; again; ) {
    again = false
    let at = 0
    for (const candidate of pass(current())) {
      if (performance.now() > until) return
      if (at++ < skipped) continue
      if (await attempt(candidate)) {
        skipped = at - 1
        again = true
        break
      }
    }
  }
}
