/** Time, in ms from some start, that never steps back. Tests replace it, so that slices and deadlines can be counted without sleeping. */
export interface Clock {
  now(): number
}

let clock: Clock = performance

export function now(): number {
  return clock.now()
}

/** For tests. Returns what puts the former clock back. */
export function setClock(replacement: Clock): () => void {
  const former = clock
  clock = replacement
  return () => {
    clock = former
  }
}
