/** A short soak, in a process of its own. `npm run soak` is for thousands of plugins, and minutes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { ACTIONS } from './actions/index.ts'
import { LEAST_PLUGINS } from './scale.ts'
import type { Report } from './soak.ts'

const SECONDS = 4
/** Of its first actions, 150 are one of each kind at least. */
const SEED = 188

async function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run.ts'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { status, stdout, stderr }
}

describe('soak', { concurrency: true }, () => {
  for (const mode of 'Suspending' in WebAssembly ? ['jspi', 'no-jspi'] : ['no-jspi']) {
    test(`${LEAST_PLUGINS} plugins to which everything happens: every call is accounted for once, memory is flat, nothing is left (${mode})`, async () => {
      const { status, stdout, stderr } = await run('--plugins', `${LEAST_PLUGINS}`, '--seconds', `${SECONDS}`, '--seed', `${SEED}`, `--${mode}`, '--json')
      assert.notEqual(stdout, '', stderr)
      const { violations, rows, instances, modules, calls, actions }: Report = JSON.parse(stdout)
      assert.deepEqual(violations, [])
      assert.equal(status, 0)
      assert.deepEqual(Object.keys(rows).sort(), ACTIONS.map(({ name }) => name).sort(), 'everything happened')
      assert.ok(calls > actions / 2 && actions > 500, `${actions} actions, ${calls} calls`)
      assert.ok(instances.made > modules.made && modules.made > LEAST_PLUGINS / 4, 'instances and modules came and went')
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
