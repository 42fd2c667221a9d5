/** Nobody listens: then nothing is made of a call that would be told. */
import assert from 'node:assert/strict'
import { tracingChannel } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { UNLIMITED } from '../../src/budget.ts'
import type { Guest, Particulars } from '../../src/guests/executor.ts'
import { signature } from '../../src/guests/signature.ts'
import type { Version } from '../../src/host/loader.ts'
import { Module } from '../../src/host/module.ts'

test('a call is observed while somebody listens, to whatever phase of it, and only then', async () => {
  const seen: (Particulars | undefined)[] = []
  const call: Guest['call'] = async (_signature, _args, _allowance, _signal, particulars) => {
    seen.push(particulars)
    return []
  }
  const signatures = new Map([['f', signature('f', { params: [], results: [] })]])
  const version = { guest: { call }, allowance: UNLIMITED, countsFuel: false, signatures, ending: { tell: () => undefined } }
  const module = new Module('plugin', version as unknown as Version, { load: () => assert.fail(), forget: () => undefined })
  await module.call('f')
  const { error } = tracingChannel('curfew.call')
  const listener = () => undefined
  error.subscribe(listener)
  await module.call('f')
  error.unsubscribe(listener)
  await module.call('f')
  assert.deepEqual(
    seen.map((particulars) => particulars?.observe !== undefined),
    [false, true, false],
  )
})
