/** What `curfew guard` writes, driven by nothing but what it prints and `WebAssembly` itself. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryTree } from '../support/temporary-tree.ts'
import { wat } from '../support/wat.ts'
import { run } from './run.ts'

const PLUGIN = wat(`(module
  (global $rounds (export "rounds") (mut i32) (i32.const 0))
  (global $started (export "started") (mut i32) (i32.const 0))
  (func $start (global.set $started (i32.add (global.get $started) (i32.const 1))))
  (start $start)
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "recurse") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call 2 (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))
  (func (export "forever") (loop $again (global.set $rounds (i32.add (global.get $rounds) (i32.const 1))) (br $again))))`)

/** Fuel that a round of \`forever\` costs: \`global.get\`, \`i32.const\`, \`i32.add\`, \`global.set\`, \`br\`. */
const ROUND = 5

/** Makes WebAssembly functions of the hooks, which alone fit a table: imported, and exported again. */
const HOOKS = new WebAssembly.Module(
  wat('(module (import "h" "poll" (func (result i32))) (import "h" "out" (func (param i32) (result i32))) (export "poll" (func 0)) (export "out" (func 1)))'),
)

interface Driver {
  poll(): number
  out?(reason: number): number
}

type Guest = Record<'add' | 'recurse', (...args: number[]) => number> & Record<'forever', () => void>

async function driven({ poll, out = () => 0 }: Driver, ...options: string[]) {
  const written: Record<string, Uint8Array<ArrayBuffer>> = {}
  const ended = await run(['guard', 'in.wasm', '-o', 'out.wasm', '--json', ...options], { files: { 'in.wasm': PLUGIN }, written })
  const { abi } = JSON.parse(ended.out)
  const { instance, module } = await WebAssembly.instantiate(written['out.wasm'] as Uint8Array<ArrayBuffer>)
  const [section] = WebAssembly.Module.customSections(module, 'curfew')
  assert.deepEqual(JSON.parse(new TextDecoder().decode(section)), abi)
  const exports = instance.exports as Record<string, WebAssembly.ExportValue>
  const hooks = new WebAssembly.Instance(HOOKS, { h: { poll, out } }).exports
  const table = exports[abi.hooks] as WebAssembly.Table
  table.set(0, hooks.poll)
  if (abi.fuel !== undefined) table.set(1, hooks.out)
  const start = exports[abi.start] as () => void
  const gauge = (name: string) => exports[abi[name]] as WebAssembly.Global
  const value = (name: string) => (exports[name] as WebAssembly.Global).value as number
  return { guest: exports as unknown as Guest, start, gauge, value }
}

test('an ordinary call returns what it returns, and the start function runs when it is called', async () => {
  const { guest, start, value } = await driven({ poll: () => 4_000_000 })
  assert.equal(value('started'), 0)
  start()
  assert.equal(value('started'), 1)
  assert.deepEqual([guest.add(2, 3), guest.recurse(1_000)], [5, 1_000])
})

test('a runaway loop stops when the poll says so, and not before', async () => {
  let polls = 0
  const { guest, gauge, value } = await driven({ poll: () => (++polls < 10 ? 4_000_000 : 0) })
  gauge('counter').value = 0
  assert.throws(() => guest.forever(), WebAssembly.RuntimeError)
  assert.equal(polls, 10)
  // Nine times half a millisecond of the dearest work, at some nanoseconds a round
  assert.ok(value('rounds') > (9 * 4_000_000) / 1_000, `${value('rounds')} rounds`)
})

test('without hooks the guest traps at its first check', async () => {
  const written: Record<string, Uint8Array<ArrayBuffer>> = {}
  await run(['guard', 'in.wasm', '-o', 'out.wasm'], { files: { 'in.wasm': PLUGIN }, written })
  const { instance } = await WebAssembly.instantiate(written['out.wasm'] as Uint8Array<ArrayBuffer>)
  assert.throws(() => (instance.exports as unknown as Guest).forever(), WebAssembly.RuntimeError)
})

test('an answer that is too large is no credit', async () => {
  const { guest } = await driven({ poll: () => 4_000_001 })
  assert.throws(() => guest.forever(), WebAssembly.RuntimeError)
})

test('fuel runs out in the round that it does not pay for', async () => {
  const reasons: number[] = []
  const out = (reason: number) => {
    reasons.push(reason)
    return 0
  }
  for (const rounds of [100, 1_000, 100_000]) {
    const { guest, gauge, value } = await driven({ poll: () => 4_000_000, out }, '--fuel')
    gauge('fuel').value = BigInt(rounds * ROUND)
    gauge('depth').value = 400_000
    assert.throws(() => guest.forever(), WebAssembly.RuntimeError)
    // A check may stand for a few rounds
    assert.ok(value('rounds') >= rounds && value('rounds') <= rounds + 8, `${value('rounds')} rounds for the fuel of ${rounds}`)
    assert.ok((gauge('fuel').value as unknown as bigint) < 0n)
  }
  assert.deepEqual(reasons, [0, 0, 0])
})

test('fuel that is given when it has run out lets the guest go on', async () => {
  let given = 0
  const { guest, gauge, value } = await driven({ poll: () => 4_000_000, out: () => refill() }, '--fuel')
  const refill = () => {
    gauge('fuel').value = BigInt(100 * ROUND)
    return given++ < 3 ? 1 : 0
  }
  gauge('fuel').value = 0n
  gauge('depth').value = 400_000
  assert.throws(() => guest.forever(), WebAssembly.RuntimeError)
  assert.equal(given, 4)
  assert.ok(value('rounds') >= 300 && value('rounds') <= 340, `${value('rounds')} rounds`)
})

test('what a call leaves of its fuel tells what it used, to the instruction', async () => {
  const { guest, gauge } = await driven({ poll: () => 4_000_000 }, '--fuel')
  const left = (fuel: bigint, call: () => unknown) => {
    gauge('fuel').value = fuel
    gauge('depth').value = 400_000
    call()
    return gauge('fuel').value as unknown as bigint
  }
  assert.equal(
    left(100n, () => guest.add(2, 3)),
    97n,
  )
  // Three instructions and fuel for two: it has returned before a check, having run out
  assert.equal(
    left(2n, () => guest.add(2, 3)),
    -1n,
  )
})

test('a stack that is too deep for the guest is told apart from fuel', async () => {
  const reasons: number[] = []
  const out = (reason: number) => {
    reasons.push(reason)
    return 0
  }
  const { guest, gauge } = await driven({ poll: () => 4_000_000, out }, '--deterministic')
  gauge('fuel').value = 1_000_000_000n
  gauge('depth').value = 400_000
  assert.throws(() => guest.recurse(1_000_000), WebAssembly.RuntimeError)
  assert.deepEqual(reasons, [1])
})

test('the driver in the help works', async (t) => {
  const { out } = await run(['guard', '--help'])
  const driver = /\n( {2}import [\s\S]+?run\(\)\n)/.exec(out)?.[1] as string
  const root = temporaryTree(t, {})
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  writeFileSync(
    join(root, 'driver.mjs'),
    driver.replace("'curfew/guard'", at('../../src/guard/index.ts')).replace("'out.wasm'", JSON.stringify(join(root, 'out.wasm'))),
  )
  const drive = async (body: string) => {
    writeFileSync(join(root, 'in.wasm'), wat(`(module (func (export "run") ${body}))`))
    assert.equal((await run(['guard', join(root, 'in.wasm'), '-o', join(root, 'out.wasm')])).code, 0)
    return spawnSync(process.execPath, ['--no-warnings', join(root, 'driver.mjs')], { encoding: 'utf8', timeout: 30_000 })
  }
  assert.equal((await drive('')).status, 0)
  const { status, stderr } = await drive('(loop (br 0))')
  assert.equal(status, 1)
  assert.match(stderr, /RuntimeError: unreachable/)
})
