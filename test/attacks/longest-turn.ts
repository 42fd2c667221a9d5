/** Does something, and measures the longest turn of the event loop until it is done. */
export async function longestTurn<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly lag: number }> {
  let lag = 0
  let isDone = false
  let last = performance.now()
  const turn = () => {
    const at = performance.now()
    lag = Math.max(lag, at - last)
    last = at
    if (!isDone) setImmediate(turn)
  }
  setImmediate(turn)
  try {
    return { result: await work(), lag: Math.max(lag, performance.now() - last) }
  } finally {
    isDone = true
    lag = Math.max(lag, performance.now() - last)
  }
}
