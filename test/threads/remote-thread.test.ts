/** The host's end of a line, with nothing at the other one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { done, RemoteThread } from '../../src/threads/remote-thread.ts'
import type { Listener } from '../../src/threads/transport.ts'
import { failure, sleep } from '../support/host.ts'

const nothing = () => undefined

/** Answers what it is made to. */
interface Line {
  listener?: Listener
}

function deaf(grace = 1_000, onLost: () => void = nothing, line: Line = {}): RemoteThread {
  const transport = { post: nothing, receive: nothing, ref: nothing, unref: nothing, terminate: async () => undefined }
  const connect = (listener: Listener) => {
    line.listener = listener
    return transport
  }
  return new RemoteThread(connect, { slice: 1 } as never, grace, nothing, onLost)
}

test('no host function runs for a request that was aborted or has ended, though its guest does not know it yet', async () => {
  const thread = deaf()
  const controller = new AbortController()
  const id = thread.id()
  const asked = failure(thread.ask({ verb: 'idle', id, guest: 0 }, { module: 'm' }, Number.POSITIVE_INFINITY, controller.signal, done), 'thread-lost')
  const ran: string[] = []
  thread.within(id, () => ran.push('while it goes on'))
  thread.within(undefined, () => ran.push('in a start function'))
  thread.within(id + 1, () => ran.push('of nobody'))
  controller.abort()
  thread.within(id, () => ran.push('after the abort'))
  assert.deepEqual(ran, ['while it goes on', 'in a start function'])
  await thread.end(100)
  assert.equal((await asked).module, 'm')
  thread.within(id, () => ran.push('after the end'))
  assert.equal(ran.length, 2)
})

test('what is asked of a thread that is gone fails at once, and has not run', async () => {
  const thread = deaf()
  await thread.end(100)
  const error = await failure(thread.ask({ verb: 'idle', id: thread.id(), guest: 0 }, { module: 'm' }, 0, undefined, done), 'thread-lost')
  assert.equal(error.ran, false)
})

test('a thread that starts is late with nothing before it has started: many at once take their time', async () => {
  const line: Line = {}
  let lost = 0
  const thread = deaf(20, () => lost++, line)
  const asked = failure(thread.ask({ verb: 'idle', id: thread.id(), guest: 0 }, {}, 0, undefined, done), 'thread-lost')
  await sleep(200)
  assert.equal(lost, 0)
  line.listener?.message([{ verb: 'answer', id: 0 }] as never)
  await asked
  assert.equal(lost, 1)
})
