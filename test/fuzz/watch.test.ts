/** Processes that go through cases are watched: one that hangs or dies is noticed, and where it was. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { wat } from '../support/wat.ts'
import { VARIANTS } from './oracles/variants.ts'
import { RemoteJudge } from './runner/remote-judge.ts'
import { watch } from './runner/watch.ts'

const folder = mkdtempSync(join(tmpdir(), 'curfew-fuzz-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const CHILD = new URL('./runner/odd-child.ts', import.meta.url)

for (const [what, how, patience] of [
  ['ends', 'done', 60_000],
  ['hangs', 'hangs', 1_000],
  ['dies', 'crashes', 60_000],
] as const) {
  test(`a process that ${what}`, async () => {
    const status = join(folder, what)
    const messages: unknown[] = []
    const ended = await watch({ script: CHILD, argument: JSON.stringify({ status, what }), status, patience, onMessage: (message) => messages.push(message) })
    assert.equal(ended.how, how)
    assert.deepEqual([ended.where?.number, ended.where?.phase], [2, what])
    assert.deepEqual(messages, ['begun'])
  })
}

test('a module that hangs is a failure of its own, and the next one is judged as ever', async () => {
  const judge = new RemoteJudge(1_500, new URL('./oracles/broken.ts', import.meta.url))
  const endless = wat('(module (func (export "run") (loop (br 0))))')
  const { failures } = await judge.ask({ bytes: endless, seed: 1, variants: ['does not guard'] })
  assert.deepEqual(
    failures.map(({ kind, details }) => [kind, ...details]),
    [['hangs', 'while running guarded']],
  )
  const { failures: none } = await judge.ask({ bytes: wat('(module (func (export "run")))'), seed: 1, variants: ['does not guard'] })
  assert.deepEqual(none, [])
  judge.close()
})

test('an endless module is no failure', async () => {
  const judge = new RemoteJudge(30_000)
  const endless = wat('(module (func (export "run") (loop (br 0))) (func (export "start") (loop (br 0))) (start 1))')
  const { failures } = await judge.ask({ bytes: endless, seed: 1, variants: VARIANTS.map(({ name }) => name) })
  assert.deepEqual(failures, [])
  judge.close()
})
