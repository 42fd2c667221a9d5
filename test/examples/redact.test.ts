import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { makeMessages } from '../../examples/redact/make-messages.ts'
import { SeededRandom } from '../../examples/redact/random.ts'

// The plugin alone, without Curfew: what it does to text, and that no input breaks it.

interface Plugin {
  readonly memory: WebAssembly.Memory
  alloc(size: number): number
  redact(pointer: number, length: number): bigint
  reset(): void
  count(kind: number): number
}

const FOLDER = join(import.meta.dirname, '../../examples/redact')
const module = new WebAssembly.Module(readFileSync(join(FOLDER, 'redact.wasm')))
const plugin = new WebAssembly.Instance(module).exports as unknown as Plugin

function redactBytes(input: Uint8Array): Uint8Array {
  plugin.reset()
  const at = plugin.alloc(input.length)
  new Uint8Array(plugin.memory.buffer, at, input.length).set(input)
  const packed = plugin.redact(at, input.length)
  return new Uint8Array(plugin.memory.buffer).slice(Number(packed >> 32n), Number(packed >> 32n) + Number(packed & 0xffffffffn))
}

function redact(text: string): string {
  return new TextDecoder().decode(redactBytes(new TextEncoder().encode(text)))
}

const counts = (): number[] => [0, 1, 2].map((kind) => plugin.count(kind))

test('the plugin imports nothing', () => {
  assert.deepEqual(WebAssembly.Module.imports(module), [])
})

suite('e-mail addresses', () => {
  const cases: [string, string][] = [
    ['write to anna@example.com.', 'write to [EMAIL].'],
    ['<a.b+c_d%e-f@mail.example.co.uk>', '<[EMAIL]>'],
    ['mailto:JÜRGEN@Example.COM?subject=hi', 'mailto:[EMAIL]?subject=hi'],
    ['«søren@bücher.example»', '«[EMAIL]»'],
    ['我的邮箱是test@example.com谢谢', '我的邮箱是[EMAIL]谢谢'],
    ['a@b.cd,e@f.gh', '[EMAIL],[EMAIL]'],
    ['https://user:secret@host.example.com/x', 'https://user:[EMAIL]/x'],
    ['@anna, anna @ example.com, anna@localhost, 3x@2.5, @', '@anna, anna @ example.com, anna@localhost, 3x@2.5, @'],
    ['a@b-c.com- a@b..com a@b.c', '[EMAIL]- a@b..com a@b.c'],
  ]
  for (const [input, output] of cases) test(input, () => assert.equal(redact(input), output))
})

suite('keys', () => {
  const cases: [string, string][] = [
    ['key=sk-EXAMPLE0123456789abcdef', 'key=[KEY]'],
    ['sk-proj-EXAMPLE-abcdefghij_4!', '[KEY]!'],
    ['AKIAIOSFODNN7EXAMPLE', '[KEY]'],
    ['"ASIAIOSFODNN7EXAMPLE"', '"[KEY]"'],
    [`ghp_${'a1'.repeat(18)} gho_${'a1'.repeat(18)}`, '[KEY] [KEY]'],
    ['Authorization: Bearer EXAMPLE.abc123.def456==.', 'Authorization: Bearer [KEY].'],
    ['authorization: bearer   EXAMPLE0abcdefghij', 'authorization: bearer   [KEY]'],
    ['sk-learn-is-a-great-library-name, disk-0123456789abcdef0123', 'sk-learn-is-a-great-library-name, disk-0123456789abcdef0123'],
    ['AKIAIOSFODNN7EXAMPLEX AKIAiosfodnn7example ghp_short ghx_', 'AKIAIOSFODNN7EXAMPLEX AKIAiosfodnn7example ghp_short ghx_'],
    ['Bearer authentication-is-required, the bearer of bad news, Bearer', 'Bearer authentication-is-required, the bearer of bad news, Bearer'],
  ]
  for (const [input, output] of cases) test(input, () => assert.equal(redact(input), output))
})

suite('card numbers', () => {
  const cases: [string, string][] = [
    ['4242424242424242', '[CARD]'],
    ['4242 4242 4242 4242, 5555-5555-5555-4444', '[CARD], [CARD]'],
    ['3782 822463 10005 and 30569309025904', '[CARD] and [CARD]'],
    ['4111 1111 1111 1111 2027', '[CARD] 2027'],
    ['order 12 4111 1111 1111 1111', 'order 12 [CARD]'],
    ['6205500000000000004.', '[CARD].'],
    ['4242424242424241, 4242 4242 4242 4243', '4242424242424241, 4242 4242 4242 4243'],
    ['4242  4242  4242  4242, x4242424242424242, 4242424242424242x', '4242  4242  4242  4242, x4242424242424242, 4242424242424242x'],
    ['0000000000000000 1735689600000 424242424242', '0000000000000000 1735689600000 424242424242'],
    ['42424242424242424242424242424242', '42424242424242424242424242424242'],
  ]
  for (const [input, output] of cases) test(input, () => assert.equal(redact(input), output))
})

test('counts by kind, for the last text only', () => {
  redact('a@b.cd e@f.gh AKIAIOSFODNN7EXAMPLE 4242424242424242 5555555555554444 4111111111111111')
  assert.deepEqual(counts(), [2, 1, 3])
  assert.deepEqual([plugin.count(-1), plugin.count(3)], [0, 0])
  redact('nothing')
  assert.deepEqual(counts(), [0, 0, 0])
})

test('finds exactly what was planted in the messages, line by line', () => {
  const { text, planted } = makeMessages()
  const found = [0, 0, 0]
  for (const line of text.trimEnd().split('\n')) {
    redact(line)
    for (const [kind, count] of counts().entries()) found[kind] = (found[kind] as number) + count
  }
  assert.deepEqual(found, [planted.emails, planted.keys, planted.cards])
})

test('the messages as one text give the same counts', () => {
  const { text, planted } = makeMessages()
  const redacted = redact(text)
  assert.deepEqual(counts(), [planted.emails, planted.keys, planted.cards])
  assert.equal(redacted.split('\n').length, text.split('\n').length)
})

test('text without anything to redact comes out as it went in, whatever the bytes', () => {
  for (const bytes of [[], [0], [0xff, 0xfe, 0xc3], [0xc3, 0x28, 0x40, 0xe2, 0x82], [0x40, 0x40, 0x40]]) {
    assert.deepEqual([...redactBytes(Uint8Array.from(bytes))], bytes)
  }
})

test('random bytes of the characters that matter never trap, and what is kept is in order', () => {
  const random = new SeededRandom(1)
  const alphabet = 'ab@.-_ 4242sk-AKIABearer \u00e9\u4f60\n'
  for (let round = 0; round < 2000; round += 1) {
    const bytes = new TextEncoder().encode(random.string(alphabet, random.below(200)))
    for (let flips = random.below(3); flips > 0 && bytes.length > 0; flips -= 1) bytes[random.below(bytes.length)] = random.below(256)
    const kept = Buffer.from(redactBytes(bytes))
      .toString('latin1')
      .split(/\[(?:EMAIL|KEY|CARD)\]/)
    let at = 0
    for (const part of kept) {
      const found = Buffer.from(bytes).toString('latin1').indexOf(part, at)
      assert.notEqual(found, -1)
      at = found + part.length
    }
  }
})

test('a megabyte of almost-matches takes no more than one pass', () => {
  for (const unit of ['a@', 'a@a-', 'sk-', 'bearer ', 'Bearer  a.', '4242-', 'AKIA ', 'ghp_a', '.', 'é@é']) redact(unit.repeat(1_000_000 / unit.length))
})

test('refuses what is no text of its memory instead of trapping', () => {
  plugin.reset()
  const size = plugin.memory.buffer.byteLength
  for (const [pointer, length] of [
    [0, -1],
    [-1, 1],
    [size, 1],
    [size - 1, 2],
    [0, 0x7fffffff],
  ] as const)
    assert.equal(plugin.redact(pointer, length), -1n)
  assert.equal(plugin.alloc(-1), 0)
  const first = plugin.alloc(10)
  plugin.reset()
  assert.equal(plugin.alloc(10), first)
})
