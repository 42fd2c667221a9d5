import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const MB = 1_000_000

test('200 restarts of a guest that touched 100 MiB stay below 500 MB: the memory of a dropped instance really goes', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'restart-memory.ts')], { timeout: 100_000 })
  const { peak, held, restarts, after } = JSON.parse(stdout)
  assert.deepEqual({ held, restarts, after }, { held: 100 * 1024 * 1024, restarts: 200, after: 65_536 })
  assert.ok(peak > 100 * MB, `a peak of ${Math.round(peak / MB)} MB means that the guest did not touch its memory`)
  assert.ok(peak < 500 * MB, `the process held up to ${Math.round(peak / MB)} MB`)
})
