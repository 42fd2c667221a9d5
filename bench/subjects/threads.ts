import { Worker } from 'node:worker_threads'
import { Host, type Module } from 'curfew'
import { wat } from '../../test/support/wat.ts'
import { alternate, oneByOne } from '../alternate.ts'
import type { Subject } from '../figures.ts'
import { TRIVIAL } from '../plugins.ts'

const WORKER = wat(`(module (func (export "work") (param i32) (result i32) (local i32)
  (loop $again
    (local.set 1 (i32.xor (i32.mul (local.get 1) (i32.const 31)) (local.get 0)))
    (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
  (local.get 1)))`)
const CALLER = wat(`(module (import "env" "f" (func $f (param i32) (result i32)))
  (func (export "call") (param i32) (result i32) (call $f (local.get 0))))`)
const ECHO = "const { parentPort } = require('node:worker_threads'); parentPort.on('message', (message) => parentPort.postMessage(message))"
/** Plain work of some milliseconds for each message. */
const SPINNER =
  "const { parentPort } = require('node:worker_threads'); parentPort.on('message', (n) => { let x = 0; for (let i = 0; i < n; i++) x = (x * 31) ^ i; parentPort.postMessage(x) })"
const SPIN = 10_000_000
/** Calls that are in flight at a time. */
const MANY = 100
/** Calls that are spread over threads, of some 2 ms each. */
const CALLS = 16
const WORK = 2_000_000

export const threads: Subject = {
  id: 'threads',
  title: 'Guests in worker threads',
  async measure(settings) {
    const [one, two] = [new Host({ threads: 1, execTimeout: 20_000 }), new Host({ threads: 2, execTimeout: 20_000 })]
    const echo = new Worker(ECHO, { eval: true })
    const [spinner, other] = [new Worker(SPINNER, { eval: true }), new Worker(SPINNER, { eval: true })]
    try {
      const trivial = await one.loadModule('trivial', TRIVIAL)
      const called = await one.loadModule('called', CALLER, { imports: { env: { f: (value: number) => value } } })
      const [alone, spread] = [await one.loadModule('work', WORKER, { instances: 2 }), await two.loadModule('work', WORKER, { instances: 2 })]
      const work = (module: Module) => oneByOne(() => Promise.all(Array.from({ length: CALLS }, () => module.call('work', [WORK]))))
      const ways = {
        echo: oneByOne((i) => roundTrip(echo, i)),
        call: oneByOne((i) => trivial.call('add', [i, 2])),
        many: oneByOne((i) => Promise.all(Array.from({ length: MANY }, () => trivial.call('add', [i, 2])))),
        hostFunction: oneByOne((i) => called.call('call', [i])),
        alone: work(alone),
        spread: work(spread),
        plainAlone: oneByOne(() => roundTrip(spinner, 2 * SPIN)),
        plainSpread: oneByOne(() => Promise.all([roundTrip(spinner, SPIN), roundTrip(other, SPIN)])),
      }
      const samples = await alternate(ways, settings)
      const us = (way: keyof typeof ways) => samples[way].median / 1000
      return {
        figures: [
          { id: 'call-to-echo', label: 'call / bare postMessage, there and back', value: us('call') / us('echo'), unit: 'x', goal: 1.3 },
          { id: 'call', label: 'call', value: us('call'), unit: 'us' },
          { id: 'echo', label: 'bare postMessage, there and back', value: us('echo'), unit: 'us' },
          { id: 'many', label: `one of ${MANY} calls in flight`, value: us('many') / MANY, unit: 'us' },
          { id: 'host-function', label: 'call that calls a host function', value: us('hostFunction'), unit: 'us' },
          {
            id: 'two-to-one',
            label: 'calls of 2 ms: 2 threads / half of 1 thread',
            value: (2 * us('spread')) / us('alone'),
            unit: 'x',
            goal: 1.11,
            control: (2 * us('plainSpread')) / us('plainAlone'),
          },
        ],
      }
    } finally {
      await Promise.all([one.close(), two.close(), ...[echo, spinner, other].map((worker) => worker.terminate())])
    }
  },
}

function roundTrip(worker: Worker, message: unknown): Promise<void> {
  return new Promise((resolve) => {
    worker.once('message', () => resolve())
    worker.postMessage(message)
  })
}
