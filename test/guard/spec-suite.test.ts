/** The official test suite: every module guarded behaves as it does as it is, and no invalid module becomes valid. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { type Attached, attachHook, FULL_DEPTH, MAX_CREDIT, makeHook } from '../../src/abi.ts'
import { type GuardOptions, guard } from '../../src/guard/guard.ts'
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

type Transform = (bytes: Uint8Array) => unknown

/** A file of the suite, and how it ends as it is. */
interface Suite {
  readonly name: string
  readonly asIs: Result[]
  readonly run: (transform: Transform) => Result[]
  readonly differing: Runner['differing']
}

function guarded(options: GuardOptions): Transform {
  return (bytes) => {
    const { bytes: rewritten, abi } = guard(bytes, { ...UNLIMITED, ...options })
    const wire = (instance: WebAssembly.Instance) => {
      let attached: Attached | undefined
      // Nobody tells when a call begins, so whatever runs out is filled up
      const fill = () => {
        if (attached?.fuel !== undefined) attached.fuel.value = 2n ** 62n
        if (attached?.depth !== undefined) attached.depth.value = FULL_DEPTH
        return 1
      }
      attached = attachHook(instance, abi, makeHook({ poll: () => MAX_CREDIT, exhausted: fill }))
      fill()
      attached.start?.()
    }
    return { bytes: rewritten, wire }
  }
}

/**
 * `(memory i64 1 0x1000000000000)`: as it is, V8 refuses the maximum, which is above its own limit. The guard lowers it, so the module loads. Where V8
 * has no memories with 64-bit addresses, both are refused.
 */
const DIFFERING = WebAssembly.validate(wat('(module (memory i64 1))')) ? ['memory64:9'] : []

/** What V8 does not do as the suite has it, by file: how many commands fail, and are skipped since a module before them failed. */
const LACKING: Readonly<Record<string, string>> = WebAssembly.validate(wat('(module (table i64 1 funcref))'))
  ? // Maxima, and a table at the start, above its own limits
    { memory64: '2 fail', table: '1 fail', table64: '1 fail' }
  : {
      call_indirect64: '1 fail, 1 skip',
      memory64: '2 fail',
      'memory64-imports': '26 fail, 2 skip',
      table64: '12 fail',
      table_copy64: '22 fail, 22 skip',
      table_copy_mixed: '1 fail',
      table_fill64: '1 fail, 70 skip',
      table_get64: '1 fail, 10 skip',
      table_grow64: '1 fail, 21 skip',
      table_init64: '4 fail, 94 skip',
      table_set64: '1 fail, 18 skip',
      table_size64: '1 fail, 36 skip',
    }

/** Relaxed SIMD is refused by design when it is to be deterministic: how many commands then differ, by file. */
const RELAXED: Readonly<Record<string, number>> = {
  i16x8_relaxed_q15mulr_s: 3,
  i32x4_relaxed_trunc: 1,
  i8x16_relaxed_swizzle: 6,
  relaxed_dot_product: 11,
  relaxed_laneselect: 12,
  relaxed_madd_nmadd: 19,
  relaxed_min_max: 25,
}

const COMMANDS = 64_641
const INVALID = 2_812 + 711

const suites = skip === false ? await load() : []

async function load(): Promise<readonly Suite[]> {
  const runner: Runner = await import(RUNNER.href)
  return runner.list().map((name) => {
    const suite = runner.load(name)
    return { name, asIs: runner.runSuite(suite), run: (transform) => runner.runSuite(suite, transform), differing: runner.differing }
  })
}

test('V8 itself passes all of the suite that it has instructions and limits for', { skip }, () => {
  const lacking: Record<string, string> = {}
  let commands = 0
  for (const { name, asIs } of suites) {
    const count = (status: string) => asIs.filter((result) => result.status === status).length
    commands += asIs.length
    const parts = ['fail', 'skip'].filter((status) => count(status) > 0).map((status) => `${count(status)} ${status}`)
    if (parts.length > 0) lacking[name] = parts.join(', ')
  }
  assert.equal(commands, COMMANDS)
  assert.deepEqual(lacking, LACKING)
})

/** Commands of a suite that do not end as they do as it is, each as its file and line. */
function differences({ name, asIs, run, differing }: Suite, options: GuardOptions): string[] {
  const transformed = run(guarded(options))
  let invalid = 0
  for (const [at, { type, status, line }] of transformed.entries()) {
    if (!/^assert_(invalid|malformed)$/.test(type)) continue
    invalid++
    if (asIs[at]?.status === 'pass') assert.equal(status, 'pass', `${name}:${line} became valid`)
  }
  seen += asIs.length
  refused += invalid
  return differing(asIs, transformed)
    .filter((at) => !(options.deterministic && isOtherNan(asIs[at] as Result, transformed[at] as Result)))
    .map((at) => `${name}:${transformed[at]?.line}`)
}

let seen = 0
let refused = 0

/** Which NaN a vector holds is shown; the suite says what it may be, and both pass. */
function isOtherNan(asIs: Result, transformed: Result): boolean {
  return asIs.type === 'assert_return' && asIs.got.startsWith('v128:') && asIs.status === 'pass' && transformed.status === 'pass'
}

const VARIANTS: Readonly<Record<string, GuardOptions>> = { 'as it is by default': {}, 'with fuel': { fuel: true }, deterministic: { deterministic: true } }

for (const [variant, options] of Object.entries(VARIANTS)) {
  test(`guarded ${variant}, modules do what they do as they are, and invalid ones stay invalid`, { skip }, (t) => {
    seen = refused = 0
    const relaxed: Record<string, number> = {}
    const different: string[] = []
    for (const suite of suites) {
      const found = differences(suite, options)
      if (options.deterministic && suite.name.includes('relaxed')) relaxed[suite.name] = found.length
      else different.push(...found)
    }
    t.diagnostic(`${seen} commands, ${refused} invalid or malformed modules, different: ${different.join(', ')}`)
    assert.deepEqual(different, DIFFERING)
    assert.deepEqual(relaxed, options.deterministic ? RELAXED : {})
    assert.equal(seen, COMMANDS)
    assert.equal(refused, INVALID)
  })
}
