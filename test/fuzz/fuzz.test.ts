/** A short run with a fixed seed, and the cases that failed once. `npm run fuzz` is for more. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { GENERATORS } from './generators/generate.ts'
import type { FailureKind } from './oracles/failure.ts'
import { VARIANTS } from './oracles/variants.ts'
import { campaign } from './runner/campaign.ts'
import { describeFailure } from './runner/failures.ts'
import { RemoteJudge } from './runner/remote-judge.ts'
import { table } from './runner/table.ts'

const CASES = 500
const SEED = 20_260_901

test(`${CASES} random modules do the same guarded as they do raw, stop when they are told to, and ask as often as they have to`, async (t) => {
  const failures: string[] = []
  const { tally, cases } = await campaign({
    seed: SEED,
    only: GENERATORS,
    count: CASES,
    time: Number.POSITIVE_INFINITY,
    minimising: 0,
    onProgress: () => undefined,
    onFailure: ({ case: { number }, failures: found }, path) => failures.push([`case ${number}, ${path}`, ...found.flatMap(describeFailure)].join('\n')),
  })
  t.diagnostic(table(tally))
  assert.deepEqual(failures, [])
  assert.equal(cases, CASES)
  const { own, binaryen, mutate } = tally.generators
  assert.equal(own.valid, own.modules)
  assert.ok(own.compared > 0.95 * own.modules)
  assert.ok(binaryen.compared > 0.6 * binaryen.modules, 'Node 22 does not know all that binaryen makes')
  assert.ok(mutate.valid > 10 && mutate.valid < 0.6 * mutate.modules)
  assert.ok(own.polls > 1_000 && own.stops > 50)
})

const FOLDER = new URL('./cases/', import.meta.url)
const ALL = VARIANTS.map(({ name }) => name)

/** A case that hangs again must not take the test with it. */
const judge = new RemoteJudge(5_000)
after(() => judge.close())

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.wasm'))) {
  const note = readFileSync(new URL(file.replace(/wasm$/, 'txt'), FOLDER), 'utf8')
  const [, fixed, kind] = /^status: (?:(fixed)|open\nkind: (.*))\n/.exec(note) ?? []
  test(`${file}${fixed === undefined ? ', open' : ''}`, async () => {
    assert.ok(fixed !== undefined || kind !== undefined, 'its note begins with `status: fixed`, or `status: open` and `kind:`')
    const bytes = new Uint8Array(readFileSync(new URL(file, FOLDER)))
    const { failures } = await judge.ask({ bytes, seed: 0, variants: ALL })
    const kinds = failures.map((failure) => failure.kind)
    // Some need a certain V8
    if (kind === undefined || !WebAssembly.validate(bytes)) assert.deepEqual(kinds, [])
    else assert.ok(kinds.includes(kind as FailureKind), `known to fail: ${kind}. If it does not any more, its note should say \`status: fixed\``)
  })
}
