/** The order in which a thread does what its host has ordered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { Inbox } from '../../src/threads/inbox.ts'

test('one message may hold a hundred thousand orders and more', async () => {
  const { port1, port2 } = new MessageChannel()
  const most = 300_000
  let done = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const inbox = new Inbox<number>(
    {
      listen: (listener) => void port2.on('message', listener),
      receive: () => receiveMessageOnPort(port2)?.message,
    },
    (order) => {
      assert.equal(order, done++)
      if (done === 2 * most) resolve()
    },
    () => false,
  )
  const orders = Array.from({ length: 2 * most }, (_, order) => order)
  port1.postMessage(orders.slice(0, most))
  inbox.look()
  port1.postMessage(orders.slice(most))
  await promise
  port1.close()
})
