/**
 * Guests that try to run for long without being asked: those in `attacks/`, one idea a file, and some that only a program can write.
 * Each is granted the most that a poll may grant, and told to stop after a while. Raw V8 never ends them, which a process of its own shows.
 * `REPORT=1` prints the longest time between two polls of each, the best of some rounds, for docs/guard.md.
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { attachHook, MAX_CREDIT, makeHook } from '../../src/abi.ts'
import { LoadError } from '../../src/errors.ts'
import { guard } from '../../src/guard/guard.ts'
import { attacks, isKnown } from '../attacks/corpus.ts'
import { generated } from '../attacks/generated.ts'
import { build, type Emit, times } from './build.ts'

const RUN_FOR = 30
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

function run(bytes: Uint8Array): Outcome {
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
  const { start = instance.exports.run as () => void } = attachHook(instance, abi, makeHook({ poll }))
  last = performance.now()
  stop = last + RUN_FOR
  let ended = 'returned'
  try {
    start()
  } catch (error) {
    ended = error instanceof Error ? error.message : String(error)
  }
  const polls = gaps.length
  gaps.push(performance.now() - last)
  gaps.sort((a, b) => a - b)
  return { longest: gaps.at(-1) as number, usual: gaps[Math.floor(0.9 * (gaps.length - 1))] as number, polls, ended }
}

const measured: { readonly name: string; readonly outcome: Outcome }[] = []

function check(name: string, bytes: Uint8Array, ends = false): void {
  test(`stopped: ${name}`, (t) => {
    if (!isKnown(bytes)) return t.skip('this engine lacks an instruction')
    // Whatever else the machine does makes some rounds longer
    const [outcome] = Array.from({ length: ROUNDS }, () => run(bytes)).sort((a, b) => a.longest - b.longest) as [Outcome]
    measured.push({ name, outcome })
    // Where the stack ends, so does a guest that polls there
    if (!ends) assert.match(outcome.ended, /unreachable|stack/)
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

const written = [...attacks(), ...attacks('start/')]
for (const { name, bytes } of written) check(name, bytes)
for (const { tries, bytes, ends } of generated) check(tries, bytes, ends)

test('refused instead: handlers nested so deep that one exception would pass thousands', () => {
  const forever = (emit: Emit, body: () => void) => {
    emit('loop', 'empty')
    body()
    emit('br', 0)
    emit('end')
  }
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
  require('node:fs').writeSync(1, 'running')
  new WebAssembly.Instance(module).exports.run?.()`
/** A guest that runs for so long by itself would run on. */
const PATIENCE = 150

async function runsAway(bytes: Uint8Array): Promise<boolean> {
  const child = spawn(process.execPath, ['-e', CHILD, Buffer.from(bytes).toString('base64')], { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), exited])
  const ended = await Promise.race([exited.then(() => true), new Promise((resolve) => setTimeout(resolve, PATIENCE, false))])
  child.kill('SIGKILL')
  await exited
  return !ended
}

/** V8 lets no guest catch the end of the stack: these end there by themselves, sooner or later. */
const FINITE = new Set(['overflow-and-catch', 'overflow-swallowed', 'overflow-swallowed-in-every-frame'])

test('raw V8 runs away with each of them', async () => {
  const waiting = written.filter(({ name, bytes }) => !FINITE.has(name) && isKnown(bytes))
  const tame: string[] = []
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) if (!(await runsAway(next.bytes))) tame.push(next.name)
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  assert.deepEqual(tame, [])
})
