import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Report } from '../../examples/gateway/table.ts'

const ROOT = join(import.meta.dirname, '../..')
const MESSAGES = 20

function gateway(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(ROOT, 'examples/gateway/main.ts'), ...args], { encoding: 'utf8' })
}

/** What the plugin finds without Curfew in the first messages. redact.test.ts proves that it is what was planted. */
function truth(messages: number): { emails: number; keys: number; cards: number } {
  const file = (name: string) => readFileSync(join(ROOT, 'examples/redact', name))
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(file('redact.wasm')))
  const { memory, alloc, redact, count, reset } = exports as unknown as {
    memory: WebAssembly.Memory
    alloc(size: number): number
    redact(pointer: number, length: number): bigint
    count(kind: number): number
    reset(): void
  }
  const found = { emails: 0, keys: 0, cards: 0 }
  for (const line of file('messages.txt').toString().split('\n').slice(0, messages)) {
    reset()
    const input = Buffer.from(line)
    const at = alloc(input.length)
    new Uint8Array(memory.buffer).set(input, at)
    redact(at, input.length)
    found.emails += count(0)
    found.keys += count(1)
    found.cards += count(2)
  }
  return found
}

test('the gateway redacts its messages while the runaway is stopped each time, and exits by itself', () => {
  const { status, stdout, stderr } = gateway('--json', '--messages', String(MESSAGES))
  assert.equal(stderr, '')
  assert.equal(status, 0)
  const { alone, beside, example, slices }: Report = JSON.parse(stdout)
  const expected = truth(MESSAGES)
  assert.ok(expected.emails > 0 && expected.cards > 0)
  for (const scene of [alone, beside]) {
    assert.equal(scene.messages, MESSAGES)
    assert.deepEqual(scene.redacted, expected)
    assert.ok(scene.http.count > 0)
    assert.ok(scene.lag.count > 0)
  }
  assert.equal(alone.runaway, undefined)
  assert.ok(beside.runaway !== undefined && beside.runaway.calls >= 3)
  assert.equal(beside.runaway.stopped, beside.runaway.calls)
  assert.ok(beside.runaway.late.max >= 0)
  assert.match(example?.after ?? '', /\[(EMAIL|KEY|CARD)\]/)
  assert.equal(slices, 'Suspending' in WebAssembly)
})

test('the gateway ends with a table, and says so when the engine cannot suspend a guest', () => {
  const { status, stdout, stderr } = gateway('--messages', '3')
  assert.equal(stderr, '')
  assert.equal(status, 0)
  assert.match(stdout, /messages redacted +3 +3\n/)
  assert.match(stdout, /The runaway was stopped (\d+) of \1 times/)
  assert.equal(/no JavaScript Promise Integration/.test(stdout), !('Suspending' in WebAssembly))
})

test('the gateway refuses arguments that it does not know', () => {
  for (const args of [['--messages', '0'], ['--messages', 'many'], ['--nonsense']]) {
    const { status, stderr } = gateway(...args)
    assert.equal(status, 2)
    assert.match(stderr, /usage: node/)
  }
})
