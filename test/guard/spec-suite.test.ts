/** The official test suite: every module guarded behaves as it does as it is, and no invalid module becomes valid. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { attachHook, MAX_CREDIT, makeHook } from '../../src/abi.ts'
import { guard } from '../../src/guard/guard.ts'
import { wat } from '../support/wat.ts'

interface Result {
  readonly line: number
  readonly type: string
  readonly status: 'pass' | 'fail' | 'skip'
  readonly got: string
}
interface Runner {
  list(): string[]
  load(name: string): unknown
  runSuite(suite: unknown, transform?: (bytes: Uint8Array) => unknown): Result[]
  differing(asIs: Result[], transformed: Result[]): number[]
}

const RUNNER = new URL('../../../shared/spec-testsuite/run.mjs', import.meta.url)
const skip = existsSync(RUNNER) ? false : 'the spec test suite is not beside the project'

const NO_CAP = Number.MAX_SAFE_INTEGER
const UNLIMITED = {
  memoryLimit: NO_CAP,
  tableLimit: NO_CAP,
  allow: ['gc', 'exnref', 'tags', 'shared-memory'],
  caps: { functionComplexity: NO_CAP, tableElements: NO_CAP, tables: NO_CAP, memories: NO_CAP, activeData: NO_CAP, growth: NO_CAP },
} as const

function guarded(bytes: Uint8Array): unknown {
  const result = guard(bytes, UNLIMITED)
  const wire = (instance: WebAssembly.Instance) => attachHook(instance, result.abi, makeHook({ poll: () => MAX_CREDIT })).start?.()
  return { bytes: result.bytes, wire }
}

/**
 * What may differ: functions of a module whose instantiation trapped half-way stay in a shared table, but their instance never got its
 * hook, so they trap.
 */
const DIFFERING = ['linking:410', 'linking:423', 'linking0:42']
/** A maximum above that of the engine is lowered, so the module loads. */
const DIFFERING_64 = ['memory64:9']
const MEMORY64 = WebAssembly.validate(wat('(module (memory i64 1))'))

test('guarded modules do what they do as they are, and invalid ones stay invalid', { skip }, async (t) => {
  const { list, load, runSuite, differing }: Runner = await import(RUNNER.href)
  const different: string[] = []
  let same = 0
  let refused = 0
  for (const name of list()) {
    const suite = load(name)
    const asIs = runSuite(suite)
    const transformed = runSuite(suite, guarded)
    const differ = new Set(differing(asIs, transformed))
    for (const [at, result] of transformed.entries()) {
      if (differ.has(at)) different.push(`${name}:${result.line}`)
      else same++
      if (!/^assert_(invalid|malformed)$/.test(result.type)) continue
      refused++
      if (asIs[at]?.status === 'pass') assert.equal(result.status, 'pass', `${name}:${result.line} became valid`)
    }
  }
  t.diagnostic(`${same} commands the same, ${refused} invalid or malformed modules, different: ${different.join(', ')}`)
  assert.deepEqual(different, [...DIFFERING, ...(MEMORY64 ? DIFFERING_64 : [])])
  assert.ok(same > 50_000, `${same} commands`)
  assert.ok(refused > 3_000, `${refused} invalid modules`)
})
