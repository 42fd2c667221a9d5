/** The host's end of a line, with nothing at the other one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { done, RemoteThread } from '../../src/threads/remote-thread.ts'
import { failure } from '../support/host.ts'

const nothing = () => undefined

function deaf(): RemoteThread {
  const transport = { post: nothing, ref: nothing, unref: nothing, terminate: async () => undefined }
  return new RemoteThread(() => transport, { slice: 1 } as never, 1_000, nothing)
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
