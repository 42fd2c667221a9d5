/**
 * Runs one case again and tells what happens.
 *
 *   node test/fuzz/replay.ts fuzz-failures/1          a case that failed, minimised if it was
 *   node test/fuzz/replay.ts some.wasm [--seed S]     any module
 *   node test/fuzz/replay.ts own:123                  what a generator makes of a seed
 *
 * `--variants URL` takes the ways of guarding from another module; the tests do.
 */
import { parseArgs } from 'node:util'
import { GENERATORS, generate } from './generators/generate.ts'
import type { Variant } from './oracles/variants.ts'
import { describeFailure, type Replayable, readCase, text } from './runner/failures.ts'
import { OWN_VARIANTS, RemoteJudge } from './runner/remote-judge.ts'

const PATIENCE = 30_000

const { positionals, values } = parseArgs({ allowPositionals: true, options: { seed: { type: 'string' }, variants: { type: 'string' } } })
const variantsUrl = values.variants === undefined ? OWN_VARIANTS : new URL(values.variants)
const { VARIANTS } = (await import(variantsUrl.href)) as { VARIANTS: readonly Variant[] }
const ALL = VARIANTS.map(({ name }) => name)
const [path] = positionals
if (path === undefined) {
  console.error('usage: node test/fuzz/replay.ts <folder, module or generator:seed> [--seed S]')
  process.exitCode = 2
} else await main(await theCase(path), values.seed === undefined ? undefined : Number(values.seed))

async function theCase(name: string): Promise<Replayable> {
  const [generator, seed] = name.split(':')
  const known = GENERATORS.find((each) => each === generator)
  if (known === undefined || seed === undefined) return readCase(name, ALL)
  const { bytes, note } = await generate(known, Number(seed))
  if (bytes === undefined) throw new Error(`nothing is made of this seed: ${note}`)
  return { bytes, seed: Number(seed), variants: ALL }
}

async function main({ bytes, seed: own, variants }: Replayable, seed: number = own): Promise<void> {
  console.log(text(bytes))
  const judge = new RemoteJudge(PATIENCE, variantsUrl)
  let failed = 0
  for (const variant of variants) {
    const { failures, notes } = await judge.ask({ bytes, seed, variants: [variant] })
    failed += failures.length
    console.log(
      [`--- ${variant}: ${failures.length === 0 ? 'no failure' : `${failures.length} failures`}`, ...notes, ...failures.flatMap(describeFailure)].join('\n'),
    )
  }
  judge.close()
  if (failed > 0) process.exitCode = 1
}
