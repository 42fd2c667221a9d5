/** Random bytes: the system's, or the same for the same seed on every machine. */

export type Random = (into: Uint8Array) => void

/** What `crypto` gives at a time. */
const MOST_AT_A_TIME = 65_536

export const systemRandom: Random = (into) => {
  for (let at = 0; at < into.length; at += MOST_AT_A_TIME) crypto.getRandomValues(into.subarray(at, at + MOST_AT_A_TIME) as Uint8Array<ArrayBuffer>)
}

/** Chris Doty-Humphrey's `sfc32`: small, fast, and for nothing that is to stay secret. */
export function seededRandom(seed: number): Random {
  let [a, b, c, counter] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, 0, 1]
  const next = (): number => {
    const result = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + result) | 0
    return result
  }
  for (let round = 0; round < 12; round++) next()
  return (into) => {
    for (let at = 0; at < into.length; at++) into[at] = next()
  }
}
