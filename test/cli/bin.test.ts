import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from '../../src/index.ts'
import { temporaryTree } from '../support/temporary-tree.ts'
import { fixture } from './run.ts'

const BIN = 'src/cli/bin.ts'
const { slices } = new Host().features

/** Runs the command as a process of its own; it is over when its streams are. */
async function run(...argv: string[]) {
  const child = start(argv)
  const [out, err] = [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8').toArray())
  const [code, signal] = await once(child, 'close')
  return { code, signal, out: (await out)?.join(''), err: (await err)?.join('') }
}

function start(argv: readonly string[]) {
  // Older versions warn that they strip types
  return spawn(process.execPath, ['--no-warnings', BIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
}

test('a call prints its result and exits', async () => {
  assert.deepEqual(await run('call', fixture('add'), 'add', '-2', '3'), { code: 0, signal: null, out: '1\n', err: '' })
})

test('a call that runs out of time exits with 124', async () => {
  const { code, out, err } = await run('call', fixture('infinite_loop'), 'loop', '--timeout', '50ms')
  assert.deepEqual([code, out], [124, ''])
  assert.match(err as string, /^curfew: the call reached its deadline of 50 ms /)
})

test('a call that runs out of fuel exits with 6', async () => {
  const { code, out, err } = await run('call', fixture('infinite_loop'), 'loop', '--fuel', '100')
  assert.deepEqual([code, out], [6, ''])
  assert.match(err as string, /^curfew: the guest used up its fuel of 100 /)
})

test('guard writes a file that the engine takes, and nothing beside it', async (t) => {
  const root = temporaryTree(t, { 'out.wasm': 'what was there before' })
  const { code, out, err } = await run('guard', fixture('add'), '-o', join(root, 'out.wasm'))
  assert.deepEqual([code, err], [0, ''])
  assert.match(out as string, /written to /)
  assert.deepEqual(readdirSync(root), ['out.wasm'])
  assert.equal(WebAssembly.validate(readFileSync(join(root, 'out.wasm'))), true)
})

test('Ctrl-C ends a call that has no limit', { skip: process.platform === 'win32' }, async () => {
  const child = start(['call', fixture('infinite_loop'), 'loop'])
  // Whatever it is doing by then, the signal ends it
  const timer = setInterval(() => child.kill('SIGINT'), 1000)
  const [code, signal] = await once(child, 'close')
  clearInterval(timer)
  if (slices) assert.ok(code === 130 || signal === 'SIGINT', `${code} ${signal}`)
  // Without slices nothing of ours could run meanwhile, so nothing of ours is in the way of the signal
  else assert.deepEqual([code, signal], [null, 'SIGINT'])
})

test('who reads the output may stop reading', { skip: process.platform === 'win32' }, () => {
  const command = `"$0" --no-warnings ${BIN} inspect ${fixture('types')} | true; exit "\${PIPESTATUS[0]}"`
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath], { encoding: 'utf8' })
  assert.deepEqual([status, stdout, stderr], [0, '', ''])
})
