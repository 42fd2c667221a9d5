/**
 * Guests that try to run for long without being asked: those in `attacks/`, one idea a file, and some that only a program can write.
 * Each is granted the most that a poll may grant, and told to stop after a while. Raw V8 never ends them, which a process of its own shows.
 * `REPORT=1` prints the longest time between two polls of each, the best of some rounds, for docs/guard.md.
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { attachHook, MAX_CREDIT, makeHook } from '../../src/abi.ts'
import { LoadError } from '../../src/errors.ts'
import { guard } from '../../src/guard/guard.ts'
import type { ValType } from '../../src/wasm/types.ts'
import { wat } from '../support/wat.ts'
import { build, type Emit, times } from './build.ts'

const RUN_FOR = 60
const ROUNDS = process.env.REPORT === undefined ? 1 : 7
/** Far above what is measured, so that a busy machine does not fail the test: see docs/guard.md for figures. */
const LONGEST = 2_000

interface Outcome {
  readonly longest: number
  /** Nine of ten are shorter. */
  readonly usual: number
  readonly polls: number
  readonly ended: string
}

function attack(bytes: Uint8Array): Outcome {
  const { bytes: guarded, abi } = guard(bytes)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(guarded))
  const gaps: number[] = []
  let last = 0
  let stop = 0
  const poll = () => {
    const at = performance.now()
    gaps.push(at - last)
    last = at
    return at > stop ? 0 : MAX_CREDIT
  }
  attachHook(instance, abi, makeHook({ poll }))
  last = performance.now()
  stop = last + RUN_FOR
  let ended = 'returned'
  try {
    ;(instance.exports.run as () => void)()
  } catch (error) {
    ended = error instanceof Error ? error.message : String(error)
  }
  const polls = gaps.length
  gaps.push(performance.now() - last)
  gaps.sort((a, b) => a - b)
  return { longest: gaps.at(-1) as number, usual: gaps[Math.floor(0.9 * (gaps.length - 1))] as number, polls, ended }
}

const measured: { readonly name: string; readonly outcome: Outcome }[] = []

function check(name: string, bytes: Uint8Array, mayEnd = false): void {
  test(`stopped: ${name}`, (t) => {
    if (!WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>)) return t.skip('this engine lacks an instruction')
    // Whatever else the machine does makes some rounds longer
    const [outcome] = Array.from({ length: ROUNDS }, () => attack(bytes)).sort((a, b) => a.longest - b.longest) as [Outcome]
    measured.push({ name, outcome })
    if (!mayEnd) assert.match(outcome.ended, /unreachable|stack/)
    assert.ok(outcome.longest < LONGEST, `${outcome.longest} ms between two polls`)
  })
}

after(() => {
  const rows = measured.sort((a, b) => b.outcome.longest - a.outcome.longest)
  for (const { name, outcome } of process.env.REPORT === undefined ? [] : rows)
    console.log(
      `${outcome.longest.toFixed(2).padStart(8)} ms  ${outcome.usual.toFixed(2).padStart(8)} ms  ${String(outcome.polls).padStart(7)} polls  ${name} (${outcome.ended})`,
    )
})

const FOLDER = new URL('./attacks/', import.meta.url)
const written = readdirSync(FOLDER).map((file) => {
  const source = readFileSync(new URL(file, FOLDER), 'utf8')
  return { name: file.replace('.wat', ''), tries: /^;; (.*)/.exec(source)?.[1], bytes: wat(source, file) }
})

for (const { name, tries, bytes } of written) {
  assert.ok(tries !== undefined, `${name}.wat says in its first line what it tries`)
  // Where the stack ends, that ends the guest; each attack on the poll there is one that may stop by itself
  check(name, bytes)
}

const NOTHING: readonly [readonly ValType[], readonly ValType[]] = [[], []]
const LONGS: readonly ValType[] = new Array(900).fill('i64')
const forever = (emit: Emit, body: () => void) => {
  emit('loop', 'empty')
  body()
  emit('br', 0)
  emit('end')
}

check(
  'giant bodies of straight-line code in a tree of calls',
  build({
    functions: Array.from({ length: 25 }, (_, index) => ({
      locals: [[1, 'i32'] as const],
      body: (emit: Emit) => {
        if (index < 24) times(2, () => emit('call', index + 1))
        else
          times(60_000, (at) => {
            emit('local.get', 0)
            emit('i32.const', at)
            emit('i32.mul')
            emit('local.set', 0)
          })
      },
    })),
  }),
)

for (const length of [0, 1, 65_535, 65_536])
  check(
    `100,000 fills of ${length} bytes without a branch`,
    build({
      functions: [
        {
          body: (emit) => {
            times(2, () => emit('call', 1))
            emit('call', 0)
          },
        },
        {
          body: (emit) =>
            times(50_000, () => {
              emit('i32.const', 0)
              emit('i32.const', 1)
              emit('i32.const', length)
              emit('memory.fill', 0)
            }),
        },
      ],
      sections: { 5: (w) => w.bytes(Uint8Array.of(1, 0, 1)) },
    }),
  )

for (const [type, count] of [
  ['i64', 4_000],
  ['v128', 4_000],
] as const)
  check(
    `entering a function with ${count} locals of type ${type}`,
    build({ functions: [{ body: (emit) => forever(emit, () => times(10, () => emit('call', 1))) }, { locals: [[count, type]] }] }),
  )

check(
  'jumping back with 900 values, each to another place',
  build({
    types: [NOTHING, [LONGS, []]],
    functions: [
      {
        body: (emit) => {
          times(900, () => emit('i64.const', 1n))
          emit('loop', 1)
          emit('i64.const', 2n)
          emit('br', 0)
          emit('end')
        },
      },
    ],
  }),
)

check(
  'calling with 400 values, and back with them',
  build({
    types: [NOTHING, [LONGS.slice(0, 400), LONGS.slice(0, 400)]],
    functions: [
      {
        body: (emit) => {
          times(400, () => emit('i64.const', 1n))
          emit('loop', 1)
          times(3, () => emit('call', 1))
          emit('br', 0)
          emit('end')
          emit('unreachable')
        },
      },
      { type: 1, body: (emit) => times(400, (index) => emit('local.get', index)) },
    ],
  }),
)

check(
  'tail-calling itself with 900 values in another order',
  build({
    types: [NOTHING, [LONGS, []]],
    functions: [
      {
        body: (emit) => {
          times(900, () => emit('i64.const', 1n))
          emit('call', 1)
        },
      },
      {
        type: 1,
        body: (emit) => {
          times(900, (index) => emit('local.get', (index + 1) % 900))
          emit('return_call', 1)
        },
      },
    ],
  }),
)

check(
  '100,000 casts without anything else between them',
  build({
    functions: [
      {
        body: (emit, writer) =>
          forever(emit, () => {
            emit('block', { nullable: true, heap: 'func' })
            emit('ref.func', 0)
            // br_on_cast 0 funcref (ref nofunc)
            times(100_000, () => writer.bytes(Uint8Array.of(0xfb, 0x18, 1, 0, 0x70, 0x73)))
            emit('end')
            emit('drop')
          }),
      },
    ],
  }),
)

check(
  'a br_table of 20,000 targets, by chance',
  build({
    functions: [
      {
        locals: [[1, 'i32']],
        body: (emit) =>
          forever(emit, () => {
            emit('local.get', 0)
            emit('i32.const', 1664525)
            emit('i32.mul')
            emit('i32.const', 1013904223)
            emit('i32.add')
            emit('local.set', 0)
            times(16, () => emit('block', 'empty'))
            emit('local.get', 0)
            emit('i32.const', 20_000)
            emit('i32.rem_u')
            emit(
              'br_table',
              Array.from({ length: 20_000 }, (_, at) => (at * 7919) % 16),
            )
            times(16, () => emit('end'))
          }),
      },
    ],
    padding: 10,
  }),
)

check(
  'the heaviest charges, one after the other, to make the counter overflow',
  build({
    types: [NOTHING],
    functions: [
      {
        body: (emit) =>
          forever(emit, () =>
            times(3_000, () => {
              emit('block', 'empty')
              emit('try_table', 'empty', [{ kind: 'catch_all', label: 0 }])
              emit('throw', 0)
              emit('end')
              emit('end')
            }),
          ),
      },
    ],
    tags: [0],
    padding: 100_000,
  }),
)

// One-off costs: these end by themselves
check(
  'the first touch of every page of 128 MiB',
  wat(`(module (memory 2048) (func (export "run") (local $at i32)
    (loop $l (i32.store8 (local.get $at) (i32.const 1)) (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4096))) (i32.const 134217728))))))`),
  true,
)
check('one fill of 128 MiB', wat('(module (memory 2048) (func (export "run") (memory.fill (i32.const 0) (i32.const 1) (i32.const 134217728))))'), true)
check(
  'the first calls of 3,000 functions, one after the other',
  build({ functions: [{ body: (emit) => times(3_000, (index) => emit('call', index + 1)) }, ...new Array(3_000).fill({})], padding: 100_000 }),
  true,
)

test('refused instead: handlers nested so deep that one exception would pass thousands', () => {
  const bytes = build({
    functions: [
      {
        body: (emit) =>
          forever(emit, () => {
            emit('block', 'empty')
            emit('try_table', 'empty', [{ kind: 'catch_all', label: 0 }])
            times(5_000, () => emit('try_table', 'empty', [{ kind: 'catch', tag: 1, label: 1 }]))
            emit('throw', 0)
            times(5_002, () => emit('end'))
          }),
      },
    ],
    tags: [0, 0],
  })
  assert.throws(
    () => guard(bytes),
    (error) => error instanceof LoadError && error.code === 'limit-exceeded',
  )
})

/** Says when it begins, and has to be killed. */
const CHILD = `
  const module = new WebAssembly.Module(Buffer.from(process.argv[1], 'base64'))
  const { run } = new WebAssembly.Instance(module).exports
  require('node:fs').writeSync(1, 'running')
  run()`

async function runsAway(bytes: Uint8Array): Promise<boolean> {
  const child = spawn(process.execPath, ['-e', CHILD, Buffer.from(bytes).toString('base64')], { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), exited])
  const ended = await Promise.race([exited.then(() => true), new Promise((resolve) => setTimeout(resolve, 300, false))])
  child.kill('SIGKILL')
  await exited
  return !ended
}

/** These end by themselves, sooner or later. */
const FINITE = new Set(['overflow-and-catch'])

test('raw V8 runs away with each of them', async () => {
  const waiting = written.filter(({ name, bytes }) => !FINITE.has(name) && WebAssembly.validate(bytes))
  const tame: string[] = []
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) if (!(await runsAway(next.bytes))) tame.push(next.name)
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  assert.deepEqual(tame, [])
})
