/** A run from end to end, with a guard that is wrong: failing cases are written out, minimised, and fail again when they are replayed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { campaign } from './runner/campaign.ts'

const odd = (name: string) => new URL(`./runner/odd-variants.ts?${encodeURIComponent(name)}`, import.meta.url)
const VARIANTS = odd('forgets an exception')
const folder = mkdtempSync(join(tmpdir(), 'curfew-fuzz-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function script(name: string, ...args: string[]) {
  return spawnSync(process.execPath, ['--no-warnings', join(import.meta.dirname, name), ...args], { encoding: 'utf8' })
}

test('what fails is written to a folder with a number, and can be replayed', async () => {
  const shown: string[] = []
  const { tally, failed, cases } = await campaign({
    seed: 3,
    only: ['own'],
    count: 25,
    time: Number.POSITIVE_INFINITY,
    minimising: 1_500,
    variants: VARIANTS,
    folder,
    onProgress: () => undefined,
    onFailure: (_, path) => shown.push(path),
  })
  assert.equal(cases, 25)
  assert.ok(failed.length > 0 && tally.generators.own.failures >= failed.length)
  assert.deepEqual(shown, failed)
  assert.deepEqual(readdirSync(folder).sort(), failed.map((_, index) => String(index + 1)).sort())
  const [path] = failed as [string]
  assert.deepEqual(readdirSync(path).sort(), ['case.json', 'minimised.txt', 'minimised.wasm', 'original.wasm', 'report.txt'])
  const size = (name: string) => readFileSync(join(path, name)).length
  assert.ok(size('minimised.wasm') < size('original.wasm') * 0.8, `${size('minimised.wasm')} of ${size('original.wasm')} bytes`)
  for (const what of [path, join(path, 'original.wasm'), join(path, 'minimised.wasm')]) {
    const { status, stdout } = script('replay.ts', what, '--variants', VARIANTS.href)
    assert.equal(status, 1, what)
    assert.match(stdout, /function 0[\s\S]*--- forgets an exception: [1-9]/)
  }
  // The real guard does not fail
  const { status, stdout } = script('replay.ts', path)
  assert.equal(status, 0, stdout)
})

for (const [name, kind] of [
  ['hangs', 'hangs'],
  ['dies', 'crashes'],
] as const) {
  test(`a case that ${kind} is noticed, and the run goes on behind it`, async () => {
    const kinds: string[] = []
    const { cases, failed, tally } = await campaign({
      seed: 1,
      only: ['own'],
      count: 5,
      time: Number.POSITIVE_INFINITY,
      minimising: 0,
      variants: odd(name),
      folder: join(folder, name),
      patience: name === 'hangs' ? 2_000 : 30_000,
      onProgress: () => undefined,
      onFailure: ({ failures }) => kinds.push(...failures.map((failure) => failure.kind)),
    })
    assert.equal(cases, 5)
    assert.deepEqual([...new Set(kinds)], [kind])
    assert.equal(failed.length, kinds.length)
    assert.equal(tally.generators.own.failures, kinds.length)
    assert.ok(kinds.length < 5)
  })
}

test('the command tells what was run', () => {
  const { status, stdout } = script('run.ts', '--count', '20', '--seed', '7', '--only', 'own,mutate', '--json')
  assert.equal(status, 0)
  const { cases, seed, generators, failed } = JSON.parse(stdout)
  assert.deepEqual([cases, seed, failed], [20, 7, []])
  assert.deepEqual([generators.own.modules, generators.mutate.modules, generators.binaryen.modules], [10, 10, 0])
})

for (const [args, message] of [
  [['--count', 'many'], /--count takes a whole number, but got "many"/],
  [['--only', 'nothing'], /there is no generator "nothing"/],
  [['--seconds', '1', '--count', '1'], /exclude each other/],
  [['--sedd', '1'], /--sedd/],
] as const) {
  test(`${args.join(' ')}: refused`, () => {
    const { status, stderr } = script('run.ts', ...args)
    assert.equal(status, 2)
    assert.match(stderr, message)
    assert.match(stderr, /usage: /)
  })
}
