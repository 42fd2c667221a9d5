/** The other side of lag.ts: says what time it is, at moments that nothing on the other thread has to do with. */
import { hrtime } from 'node:process'
import { parentPort } from 'node:worker_threads'

/** Between two moments on average, ms: far apart enough to take nothing from who is measured. */
const INTERVAL = 2
const nothing = new Int32Array(new SharedArrayBuffer(4))

for (;;) {
  parentPort?.postMessage(hrtime.bigint())
  // As telephone calls come: how long ago the last one was says nothing of when the next one will be, so each moment is as likely as any other
  Atomics.wait(nothing, 0, 0, -Math.log(1 - Math.random()) * INTERVAL)
}
