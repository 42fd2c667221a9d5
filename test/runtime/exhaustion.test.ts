/**
 * What the system or the engine gives a process only so much of: the engine alone dies when it runs out, or throws what nobody can tell from a bug; a
 * host refuses with figures, and goes on. Each in a process of its own.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { promising } from '../../src/abi.ts'
import { addressSpace, mappings } from '../../src/runtime/kernel.ts'
import { canSuspend } from '../../src/runtime/thread.ts'
import type { Outcome } from './exhaust.ts'

const run = promisify(execFile)

/** A small heap is full sooner. */
async function exhaust(what: string, by: 'engine' | 'host', ...more: string[]): Promise<Outcome> {
  const options = ['--expose-gc', '--max-old-space-size=300', '--no-warnings', ...more]
  const { stdout } = await run(process.execPath, [...options, join(import.meta.dirname, 'exhaust.ts'), what, by], { timeout: 100_000 })
  return JSON.parse(stdout)
}

/** The process was aborted, or killed itself. */
function dies(what: string): Promise<void> {
  return assert.rejects(exhaust(what, 'engine'), (error: { code?: unknown; signal?: unknown; killed?: boolean }) => {
    assert.equal(error.killed, false, 'it took too long')
    return error.signal !== null || (typeof error.code === 'number' && error.code > 128)
  })
}

async function refusesAndGoesOn(what: string, code: string, pattern: RegExp, ...more: string[]): Promise<Outcome> {
  const outcome = await exhaust(what, 'host', ...more)
  assert.equal(outcome.refused.code, code, outcome.refused.message)
  assert.match(outcome.refused.message, pattern)
  assert.ok(outcome.recovers, 'no other was made when there was room again')
  return outcome
}

/** Where millions are allowed, as many are not used up in a test. */
const isLimited = mappings !== undefined && mappings.limit <= 300_000
const withMappings = { skip: isLimited ? false : 'there is no limit on mappings here, or a high one' }
const withStacks = { skip: isLimited && canSuspend ? false : 'no call is suspended here, or mappings are not limited' }
const withAddresses = { skip: addressSpace === undefined ? 'the kernel does not tell what address space is used' : false }

describe('what runs out', { concurrency: 2 }, () => {
  test('memory mappings: the engine aborts the process; a host refuses to load, and what is loaded answers', withMappings, async () => {
    await dies('mappings')
    const { refused, answers } = await refusesAndGoesOn(
      'mappings',
      'limit-exceeded',
      /no memory mappings left: it has up to \d+ of the \d+.*vm\.max_map_count.*module "another \d+"/,
    )
    const { used, needed, limit } = refused.figures as { used: number; needed: number; limit: number }
    assert.ok(used + needed > limit && used < (mappings?.limit as number), JSON.stringify(refused.figures))
    assert.deepEqual(answers[1], [1])
  })

  test(
    'memory mappings for the stacks of suspended calls: a call is refused as overloaded, before its guest runs; `callSync` needs none',
    withStacks,
    async () => {
      const { refused, answers } = await refusesAndGoesOn(
        'calls',
        'overloaded',
        /mappings left: it has up to \d+ of the \d+.* are needed for the stack of another call; it may be worth trying again after 100 ms.*Try again later/,
      )
      assert.ok((refused.figures.used as number) > (refused.figures.limit as number) - 2)
      assert.equal(refused.ran, false)
      assert.equal(refused.figures.retryAfter, 100)
      assert.deepEqual(answers, [1, [1]])
    },
  )

  test('address space: the engine throws that it is out of memory; a host says of what, before that is used up', withAddresses, async () => {
    const { made, refused } = await exhaust('addresses', 'engine')
    assert.match(refused.message, /Out of memory/)
    const outcome = await refusesAndGoesOn('addresses', 'limit-exceeded', /no address space for another memory: \d+ bytes of the \d+/)
    assert.ok(outcome.made < made)
    assert.deepEqual(outcome.answers, [[1], [1]])
  })

  test('address space that the process may not ask the kernel about: what the engine refuses is the same error', withAddresses, async () => {
    const root = join(import.meta.dirname, '../..')
    const readable = [root, realpathSync(join(root, 'node_modules'))].map((path) => `--allow-fs-read=${path}`)
    const { answers } = await refusesAndGoesOn(
      'addresses',
      'limit-exceeded',
      /system has no memory for another instance: .*[Oo]ut of memory/,
      '--permission',
      ...readable,
    )
    assert.deepEqual(answers, [[1], [1]])
  })

  test('tables of many modules on the JavaScript heap: the engine aborts the process; a host refuses to load', async () => {
    await dies('tables')
    const { refused, answers } = await refusesAndGoesOn('tables', 'limit-exceeded', /tables of all modules of this thread have \d+ elements, above the \d+/)
    assert.ok((refused.figures.elements as number) > (refused.figures.limit as number))
    assert.deepEqual(answers, [[1], [1]])
  })

  for (const [way, what] of [
    ['calls-in-code', 'calls'],
    ['calls-of-references', 'calls through references, more than for others,'],
  ] as const)
    test(`what the engine keeps for ${what} on the JavaScript heap, where it does: it aborts the process; a host refuses to load`, async () => {
      // V8 does from 13 on
      if (promising !== undefined) await dies(way)
      const { made, refused, answers } = await refusesAndGoesOn(way, 'limit-exceeded', /engine may come to keep \d+ bytes for the code of all instances/)
      const { used, needed, limit } = refused.figures as { used: number; needed: number; limit: number }
      assert.ok(used <= limit && used + needed > limit && used === made * needed, JSON.stringify(refused.figures))
      assert.deepEqual(answers, [[1], [1]])
    })

  test('tables that guests grow: the engine aborts the process; a host stops the guest', async () => {
    await dies('growth')
    const { answers } = await refusesAndGoesOn('growth', 'start-failed', /tables of all modules of this thread have \d+ elements, above the \d+/)
    assert.deepEqual(answers, [[1], [1]])
  })
})
