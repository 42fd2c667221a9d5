/** The programs in docs/guard.md print what they say they print. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { codeBlocksOf } from '../../scripts/markdown.ts'
import {
  CATCH_WEIGHT,
  CHUNK_BYTES,
  CHUNK_ELEMENTS,
  ENTRY_WEIGHT,
  FAR_ENTRY,
  FEW_VALUES,
  FOUR_TIMES,
  LIGHT,
  MANY_FUNCTIONS,
  NEAR,
  NEAR_WEIGHT,
  PAGE_TOUCH,
  PER_BYTE,
  PER_CLAUSE,
  PER_ELEMENT,
  PER_LABEL_BIT,
  PER_LOCAL,
  PER_VALUE,
  SEGMENT,
  SHORT_BYTES,
  SHORT_ELEMENTS,
  TRY_WEIGHT,
  TWICE,
  UNCHECKED,
  WEIGHTS,
} from '../../src/guard/costs.ts'
import { CAPS } from '../../src/limits.ts'
import { opcode } from '../../src/wasm/opcodes.ts'
import { wat } from '../support/wat.ts'

const DOCS = readFileSync(new URL('../../docs/guard.md', import.meta.url), 'utf8')
const GUARD = new URL('../../src/guard/index.ts', import.meta.url).href

const folder = mkdtempSync(join(tmpdir(), 'curfew-docs-'))
after(() => rmSync(folder, { recursive: true }))

// What the examples find beside them: a plugin, and what Emscripten and wasm-bindgen would have made to go with it
writeFileSync(
  join(folder, 'plugin.wasm'),
  wat(
    '(module (memory (export "memory") 1) (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))) (func (export "loop") (loop (br 0))))',
  ),
)
writeFileSync(
  join(folder, 'plugin.mjs'),
  `export default (options) => new Promise((resolve) => {
    options.instantiateWasm({ env: {} }, (instance) => resolve({ _add: instance.exports.add }))
  })`,
)
writeFileSync(
  join(folder, 'plugin_bg.js'),
  'let wasm\nexport const __wbg_set_wasm = (exports) => { wasm = exports }\nexport const add = (a, b) => wasm.add(a, b)\n',
)
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
// A page's fetch, for files of this folder
const PAGE = `import { readFile as readFileForPage } from 'node:fs/promises'
globalThis.fetch = async (name) => new Response(await readFileForPage(name))\n`

const examples = codeBlocksOf(DOCS).filter(({ language }) => language === 'js')

test('there are examples', () => assert.ok(examples.length >= 5))

for (const { code, line } of examples) {
  test(`the example at docs/guard.md:${line}`, async () => {
    const file = join(folder, `example-${line}.js`)
    writeFileSync(file, (code.includes('fetch(') ? PAGE : '') + code.replace("'curfew/guard'", `'${GUARD}'`))
    const expected = [...code.matchAll(/\/\/ prints: (.*)/g)].map((match) => match[1])
    assert.ok(expected.length > 0, 'it says what it prints')
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder })
    assert.deepEqual(stdout.trimEnd().split('\n'), expected)
  })
}

/** The cells of a table's row, by its first. */
function row(first: string): string {
  const line = DOCS.split('\n').find((each) => each.startsWith(`| ${first} |`))
  assert.ok(line !== undefined, `a row "${first}"`)
  return line.replace(`| ${first} |`, '')
}

/** The numbers of a text, in order. */
const numbers = (text: string) => [...text.replaceAll(/(\d),(?=\d{3})/g, '$1').matchAll(/\d+/g)].map(Number)
const weight = (name: string) => WEIGHTS[opcode(name).id] as number

test('the weights are those of the code', () => {
  assert.deepEqual(numbers(row('arithmetic, constants, locals')), [weight('i32.add')])
  assert.deepEqual(numbers(row('multiplication · float arithmetic')), [weight('i32.mul'), weight('f64.add')])
  assert.deepEqual(numbers(row('division, square root, slow vector instructions')), [weight('i32.div_s')])
  assert.deepEqual(numbers(row('conversions')), [weight('i32.trunc_f64_s')])
  assert.deepEqual(numbers(row('load, store · atomic')), [weight('i32.load'), weight('i32.atomic.load')])
  assert.deepEqual(numbers(row('globals · `table.get`, `ref.func` (the first makes the reference) · `table.set`')), [
    weight('global.get'),
    weight('table.get'),
    weight('table.set'),
  ])
  assert.deepEqual(numbers(row('branch · `br_table`')), [weight('br'), weight('br_table'), PER_LABEL_BIT])
  assert.deepEqual(numbers(row('call · indirect call · entering a function')), [weight('call'), weight('call_indirect'), ENTRY_WEIGHT, PER_LOCAL])
  assert.deepEqual(numbers(row(`entering one in a module of more than ${MANY_FUNCTIONS.toLocaleString('en')} functions`)), [ENTRY_WEIGHT + FAR_ENTRY])
  assert.deepEqual(numbers(row(`each value that a call, jump or block end carries, if there are more than ${FEW_VALUES}`)), [PER_VALUE])
  assert.deepEqual(numbers(row('`throw`, and again where it is caught')), [CATCH_WEIGHT])
  assert.deepEqual(numbers(row('entering a `try` · each clause of a `try_table`')), [TRY_WEIGHT, PER_CLAUSE])
  assert.deepEqual(numbers(row('bulk operation · each byte · each element')), [weight('memory.fill'), PER_BYTE, PER_ELEMENT])
  assert.deepEqual(numbers(row(`a load or store within ${NEAR.toLocaleString('en')} bytes of another through the same local`)), [NEAR_WEIGHT])
  assert.deepEqual(numbers(row('a page of 4 KiB that a memory grows by')), [PAGE_TOUCH])
})

test('so are the other figures of the checks', () => {
  const checks = DOCS.slice(DOCS.indexOf('## What the checks are'), DOCS.indexOf('Weights, in units'))
  for (const figure of [LIGHT, SEGMENT, UNCHECKED, FOUR_TIMES, TWICE, SHORT_ELEMENTS, CHUNK_ELEMENTS]) {
    const shown = figure.toLocaleString('en')
    assert.match(checks, new RegExp(`\\b${shown}\\b`), shown)
  }
  for (const figure of [SHORT_BYTES, CHUNK_BYTES]) assert.ok(checks.includes(`${figure / 1024} KiB`))
})

test('the caps are those of the code, all of them', () => {
  const table = DOCS.slice(DOCS.indexOf('| cap | default |')).split('\n\n')[0] as string
  for (const [cap, value] of Object.entries(CAPS)) {
    const line = table.split('\n').find((each) => each.includes(`\`${cap}\``))
    assert.ok(line !== undefined, cap)
    const shown = value % 2 ** 20 === 0 ? `${value / 2 ** 20} MiB` : value.toLocaleString('en')
    assert.ok(line.includes(shown), `${cap}: ${shown}`)
  }
})
