/** A short soak, in a process of its own. `npm run soak` is for thousands of plugins, and minutes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { actionsFor } from './actions/index.ts'
import { LEAST_PLUGINS } from './scale.ts'
import type { Report } from './soak.ts'

const SECONDS = 4
/** Of its first actions, 279 are one of each kind at least. */
const SEED = 2447

async function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run.ts'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { status, stdout, stderr }
}

describe('soak', { concurrency: true }, () => {
  const canSuspend = 'Suspending' in WebAssembly
  for (const { mode, jspi, threads } of [
    { mode: 'jspi', jspi: true, threads: 0 },
    { mode: 'no-jspi', jspi: false, threads: 0 },
    { mode: 'threads', jspi: canSuspend, threads: 2 },
  ]) {
    if (jspi && !canSuspend) continue
    test(`${LEAST_PLUGINS} plugins to which everything happens: every call is accounted for once, memory is flat, nothing is left (${mode})`, async () => {
      const size = ['--plugins', `${LEAST_PLUGINS}`, '--seconds', `${SECONDS}`, '--threads', `${threads}`]
      const { status, stdout, stderr } = await run(...size, '--seed', `${SEED}`, jspi ? '--jspi' : '--no-jspi', '--json')
      assert.notEqual(stdout, '', stderr)
      const expected = actionsFor({ threads, features: { jspi, slices: jspi } }).map(({ name }) => name)
      const { violations, rows, instances, modules, calls, actions }: Report = JSON.parse(stdout)
      assert.deepEqual(violations, [])
      assert.equal(status, 0)
      assert.deepEqual(Object.keys(rows).sort(), expected.sort(), 'everything happened')
      assert.ok(calls > actions / 2 && actions > 500, `${actions} actions, ${calls} calls`)
      assert.ok(modules.made > LEAST_PLUGINS, 'modules came and went')
      // Not of guests in threads, whose objects cannot be watched from here
      assert.ok(threads > 0 || instances.made > LEAST_PLUGINS, 'and instances')
      assert.deepEqual([instances.left, modules.left], [0, 0])
    })
  }

  test('arguments that it does not know are refused, and --help says what there is', async () => {
    for (const args of [['--plugins', '1'], ['--seconds', 'many'], ['--nonsense']]) {
      const { status, stderr } = await run(...args)
      assert.equal(status, 2)
      assert.match(stderr, /^.+\n\nusage: node test\/soak\/run\.ts/)
    }
    const { status, stdout } = await run('--help')
    assert.equal(status, 0)
    assert.match(stdout, /^usage: .*--seconds N/)
  })
})
