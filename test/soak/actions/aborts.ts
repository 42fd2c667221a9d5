/** Calls that are aborted: before they are made, while they wait, while they run. */
import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Seen } from '../account.ts'
import type { Action, Stage } from './action.ts'

/** Of a runaway that is to be aborted, ms. */
const TIMEOUT = 15

export const abortedBefore: Action = {
  name: 'aborted before it is made',
  weight: 10,
  async run({ fleet, random, saw }) {
    const signal = AbortSignal.abort(new Error('never mind'))
    saw((await fleet.pick(random).call('id', [], ['aborted'], { signal })).outcome)
  },
}

export const abortedWaiting: Action = {
  name: 'aborted while it waits',
  weight: 15,
  async run(stage) {
    const plugin = stage.fleet.pick(stage.random)
    const before = plugin.call('spin', [], ['deadline'], { timeout: TIMEOUT })
    await aborting(stage, (signal) => plugin.call('id', [], ['aborted', 'ok'], { signal }, plugin.number))
    await before
  },
}

export const abortedRunning: Action = {
  name: 'aborted while it runs',
  weight: 15,
  async run(stage) {
    const plugin = stage.fleet.pick(stage.random)
    await aborting(stage, (signal) => plugin.call('spin', [], ['aborted', 'deadline'], { signal, timeout: TIMEOUT }))
  },
}

/** Aborts a call after a random time, or never, and sees to it that nobody goes on listening to the signal. */
export async function aborting({ random, violations, saw }: Stage, call: (signal: AbortSignal) => Promise<Seen>): Promise<void> {
  const controller = new AbortController()
  const reason = new Error('enough')
  const isAborted = !random.oneIn(4)
  const pending = call(controller.signal)
  if (isAborted) {
    await sleep(random.below(TIMEOUT + 5))
    controller.abort(reason)
  }
  const { outcome, error } = await pending
  if (outcome === 'aborted' && !(isAborted && error?.cause === reason)) violations.add(`a call ended as aborted, but by ${String(error?.cause)}`)
  const left = getEventListeners(controller.signal, 'abort').length
  if (left > 0) violations.add(`${left} listeners are left on the signal of a call that ended by ${outcome}`)
  saw(outcome)
}
