/** The generators: the same seed makes the same module, and the modules are what they should be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guard } from '../../src/guard/guard.ts'
import { FEATURES } from './features.ts'
import { binaryenCase, runBinaryen } from './generators/binaryen.ts'
import { bounded } from './generators/bound.ts'
import { corpus } from './generators/corpus.ts'
import { GENERATORS, generate } from './generators/generate.ts'
import { ownModule } from './generators/own/module.ts'
import { OPERATORS } from './generators/own/operators.ts'
import { padded } from './generators/pad.ts'
import { WasmOpt } from './generators/wasm-opt.ts'
import { reason } from './oracles/validity.ts'
import { OPEN } from './oracles/variants.ts'
import { readBodies } from './pieces.ts'
import { Random } from './random.ts'

for (const generator of GENERATORS) {
  test(`${generator}: a seed makes the same module again, another seed another one`, async () => {
    const first = await generate(generator, 5)
    for (let seed = 6; seed < 9; seed++) await generate(generator, seed)
    assert.deepEqual(await generate(generator, 5), first)
    assert.notDeepEqual((await generate(generator, 6)).bytes, first.bytes)
  })
}

test('our own modules are valid, all of them', () => {
  for (let seed = 0; seed < 300; seed++) assert.equal(reason(ownModule(seed, FEATURES)), 'valid', `seed ${seed}`)
})

test('numbers in more bytes than they need change nothing: the modules are valid, and longer', () => {
  let more = 0
  for (let seed = 0; seed < 300; seed++) {
    const bytes = ownModule(seed, FEATURES)
    const longer = padded(new Random(seed), bytes, 2, FEATURES)
    assert.equal(reason(longer), 'valid', `seed ${seed}`)
    more += longer.length - bytes.length
    const names = (of: Uint8Array) => readBodies(of)?.map(({ instructions }) => instructions.map(({ name }) => name))
    assert.deepEqual(names(longer), names(bytes))
  }
  assert.ok(more > 30_000)
})

test('V8 and the guard agree on where instructions end, however long their numbers are written', () => {
  // Whoever disagrees reads something else from there on, which is hardly ever valid
  const every = [...corpus(), ...Array.from({ length: 200 }, (_, seed) => ownModule(seed, FEATURES))]
  for (const [at, bytes] of every.entries()) {
    const longer = padded(new Random(at), bytes, 2, FEATURES)
    assert.equal(reason(longer), 'valid', `module ${at}`)
    assert.equal(reason(guard(longer, OPEN).bytes), 'valid', `module ${at}, guarded`)
  }
})

test('without features, our own modules are still valid, and use none of them', () => {
  const none = Object.fromEntries(Object.keys(FEATURES).map((name) => [name, false])) as typeof FEATURES
  const newer = /^(try|try_table|throw|call_ref|return_call.*|struct.*|array.*|ref\.as_non_null|v128.*|i32x4.*|.*atomic.*|.*relaxed.*)$/
  for (let seed = 0; seed < 100; seed++) {
    const bytes = ownModule(seed, none)
    assert.equal(reason(bytes), 'valid', `seed ${seed}`)
    const names = readBodies(bytes)?.flatMap(({ instructions }) => instructions.map(({ name }) => name)) ?? []
    assert.deepEqual(
      [...new Set(names)].filter((name) => newer.test(name)),
      [],
      `seed ${seed}`,
    )
  }
})

test('our own modules have loops, calls, bulk operations and handlers of every kind', () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 600; seed++)
    for (const { instructions } of readBodies(ownModule(seed, FEATURES)) ?? []) for (const { name } of instructions) seen.add(name)
  const wanted = ['loop', 'br_table', 'call', 'call_indirect', 'memory.fill', 'memory.copy', 'memory.init', 'data.drop', 'memory.grow']
  wanted.push('table.fill', 'table.copy', 'table.init', 'elem.drop', 'table.grow')
  if (FEATURES.tailCalls) wanted.push('return_call', 'return_call_indirect')
  if (FEATURES.typedReferences) wanted.push('call_ref', 'return_call_ref', 'br_on_null')
  if (FEATURES.legacyExceptions) wanted.push('try', 'catch', 'catch_all', 'delegate', 'rethrow')
  if (FEATURES.exceptions) wanted.push('try_table', 'throw_ref')
  assert.deepEqual(
    wanted.filter((name) => !seen.has(name)),
    [],
  )
  assert.ok(OPERATORS.length > 200)
})

test("binaryen's modules do not depend on what the instance of wasm-opt made before", async () => {
  const [used, fresh] = [new WasmOpt(), new WasmOpt()]
  await used.start()
  for (let seed = 0; seed < 10; seed++) runBinaryen(binaryenCase(seed, FEATURES), used)
  await fresh.start()
  const again = binaryenCase(11, FEATURES)
  assert.deepEqual(runBinaryen(again, used).output, runBinaryen(again, fresh).output)
})

test('bounding and exposing keeps modules valid', async () => {
  for (const generator of ['own', 'binaryen'] as const) {
    for (let seed = 0; seed < 40; seed++) {
      const { bytes } = await generate(generator, seed)
      if (bytes === undefined || !WebAssembly.validate(bytes)) continue
      for (const expose of [true, false]) assert.equal(reason(bounded(bytes, expose) ?? new Uint8Array()), 'valid', `${generator} ${seed}`)
    }
  }
})
