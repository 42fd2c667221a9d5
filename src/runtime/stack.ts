/**
 * Is there enough stack left for what must not be left half done? A guest chooses how deep it is when it calls the host. Where the engine runs out
 * in the middle of changing who has what, it throws, and what was begun is never ended.
 */

/**
 * Together some 64 KiB: V8 wants 40 to compile a function that is called for the first time, and any of them may be. What the longest way from a
 * host function into a guest, or into a queue, takes besides is a few.
 */
const FRAMES = 500

function dive(frames: number, a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number): number {
  return frames === 0 ? a + b + c + d + e + f + g + h : dive(frames - 1, b, c, d, e, f, g, h, a) + 1
}

/** To be asked before anything has changed; it takes some 2 us. */
export function hasStack(): boolean {
  try {
    return dive(FRAMES, 0, 0, 0, 0, 0, 0, 0, 0) === FRAMES
  } catch {
    return false
  }
}
