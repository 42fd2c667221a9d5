/** The official test suite as an oracle: its valid modules are read to the last byte, its malformed ones refused. */

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { LoadError } from '../../src/errors.ts'
import type { ModuleInfo } from '../../src/wasm/module.ts'
import { Writer } from '../../src/wasm/writer.ts'
import { decodeAll } from './decode.ts'

const DATA = new URL('../../../shared/spec-testsuite/data/', import.meta.url)
const skip = existsSync(DATA) ? false : 'the spec test suite is not beside the project'

interface Command {
  readonly type: string
  readonly line: number
  readonly module?: number
}

interface Case {
  readonly where: string
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

function* cases(): Generator<Case> {
  for (const file of readdirSync(DATA)) {
    const suite = JSON.parse(gunzipSync(readFileSync(new URL(file, DATA))).toString()) as { commands: Command[]; modules: string[] }
    for (const { type, line, module } of suite.commands) {
      if (module === undefined) continue
      yield { where: `${file.replace('.json.gz', '')}:${line}`, type, bytes: new Uint8Array(Buffer.from(suite.modules[module] as string, 'base64')) }
    }
  }
}

const mustFail = (type: string) => type === 'assert_malformed' || type === 'assert_invalid'

function tryDecode(bytes: Uint8Array): ModuleInfo | LoadError {
  try {
    return decodeAll(bytes)
  } catch (error) {
    if (error instanceof LoadError) return error
    throw error
  }
}

test('every valid module is read to its last byte, and its sections are all there', { skip }, () => {
  let count = 0
  for (const { where, type, bytes } of cases()) {
    if (mustFail(type)) continue
    const module = tryDecode(bytes)
    assert.ok(!(module instanceof LoadError), `${where}: ${module instanceof Error ? module.message : ''}`)
    const writer = new Writer()
    writer.header()
    for (const section of module.sections) writer.bytes(bytes, section.start, section.end)
    assert.deepEqual(writer.finish(), bytes, where)
    count++
  }
  assert.equal(count, 2689)
})

test('every malformed module is refused, but for those whose blocks do not end', { skip }, () => {
  const accepted: string[] = []
  let count = 0
  for (const { where, type, bytes } of cases()) {
    if (type !== 'assert_malformed') continue
    count++
    if (!(tryDecode(bytes) instanceof LoadError)) accepted.push(where)
  }
  assert.equal(count, 711)
  // What is read here instruction by instruction has no nesting; whoever rewrites a body follows it
  assert.deepEqual(accepted, ['binary:55', 'binary:76', 'binary:92', 'binary:922'])
})

test('invalid modules end in a LoadError or are left to the engine', { skip }, () => {
  let refused = 0
  let count = 0
  for (const { type, bytes } of cases()) {
    if (type !== 'assert_invalid') continue
    count++
    if (tryDecode(bytes) instanceof LoadError) refused++
  }
  assert.equal(count, 2812)
  assert.ok(refused > 250, `${refused} refused`)
})

test('imports and exports are those that the engine lists', { skip }, () => {
  let compared = 0
  for (const { where, type, bytes } of cases()) {
    if (mustFail(type) || !WebAssembly.validate(bytes)) continue
    const module = tryDecode(bytes)
    assert.ok(!(module instanceof LoadError), where)
    const compiled = new WebAssembly.Module(bytes)
    const imports = module.imports.map((each) => ({ module: each.module, name: each.name, kind: each.kind }))
    const exports = module.exports.map((each) => ({ name: each.name, kind: each.kind }))
    const plain = (list: readonly object[]) => list.map((each) => ({ ...each }))
    // Some engines describe the types as well
    assert.deepEqual(imports, plain(WebAssembly.Module.imports(compiled).map(({ module: from, name, kind }) => ({ module: from, name, kind }))), where)
    assert.deepEqual(exports, plain(WebAssembly.Module.exports(compiled).map(({ name, kind }) => ({ name, kind }))), where)
    compared++
  }
  assert.ok(compared > 2500, `${compared} compared`)
})
