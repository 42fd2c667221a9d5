import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { buildable, builtOf, GoProgram, VERSIONS } from '../../bench/candidates/wazero/build.ts'
import { Conversation } from '../../bench/candidates/wazero/conversation.ts'
import { wazero } from '../../bench/candidates/wazero.ts'
import { plainModule } from '../../bench/generated.ts'
import { wat } from '../support/wat.ts'

const withoutGo = { skip: wazero.missing?.() ?? false }
const withScripts = { skip: process.platform === 'win32' ? 'a shell script stands in for Go' : false }
/** Long enough for work on a busy machine, ms. */
const TIMEOUT = 1_000

/** @param script what is run in place of Go, if anything */
function program(script?: string): GoProgram {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-go-'))
  if (script !== undefined) {
    writeFileSync(join(folder, 'go'), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, 'go'), 0o755)
  }
  const { PATH } = process.env
  process.env.PATH = script === undefined ? folder : `${folder}${delimiter}${PATH}`
  try {
    const built = new GoProgram()
    void built.missing
    return built
  } finally {
    process.env.PATH = PATH
  }
}

test('a toolchain builds the newest version of Wazero that it is new enough for', () => {
  assert.deepEqual(VERSIONS[0].wazero, '1.12.0')
  for (const [toolchain, versions] of [
    ['go1.21.13', []],
    ['go1.22', ['1.9.0']],
    ['go1.24.4', ['1.9.0']],
    ['go1.25.0', ['1.12.0', '1.9.0']],
    ['go1.26.1 X:nodwarf5', ['1.12.0', '1.9.0']],
    ['go1.100rc1', ['1.12.0', '1.9.0']],
    ['go2.0', ['1.12.0', '1.9.0']],
    ['devel go1.27-a1b2c3', ['1.12.0', '1.9.0']],
    ['gccgo', []],
  ] as const) {
    assert.deepEqual(buildable(toolchain), versions, toolchain)
  }
})

test('the versions of a report are those that the program was built of', () => {
  const information =
    '/tmp/x/wazero: go1.26.10\n\tpath\tcurfew/bench/wazero\n\tdep\tgithub.com/tetratelabs/wazero\tv1.9.0\th1:a=\n\tdep\tgolang.org/x/sys\tv0.44.0\th1:b=\n'
  assert.deepEqual(builtOf(information), { 'github.com/tetratelabs/wazero': '1.9.0', go: '1.26.10' })
  assert.throws(() => builtOf('/tmp/x/other: go1.26.10\n'), /no version of Wazero/)
})

test('without Go, or with one that is too old or cannot build it, Wazero is not measured, and it is said why', withScripts, () => {
  assert.equal(program().missing, 'no Go toolchain')
  assert.equal(program('echo go1.21.13').missing, 'Go 1.22 or later is needed, this is go1.21.13')
  const broken = program('case $1 in env) echo go1.26.0;; mod) ;; *) echo "go: first line" >&2; echo "go: no network" >&2; exit 1;; esac')
  assert.equal(broken.missing, 'go could not build it: go: no network')
  assert.throws(() => broken.path, /go could not build it/)
  assert.deepEqual(broken.versions, {})
})

test('an interrupted run leaves no folder behind', withScripts, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-interrupted-'))
  const build = new URL('../../bench/candidates/wazero/build.ts', import.meta.url).href
  // Two, as each has a folder of its own; a timer keeps the process until it is told to end
  const script = `import { GoProgram } from '${build}'; new GoProgram().missing; new GoProgram().missing; console.log('built'); setInterval(() => {}, 1e6)`
  const environment = { ...process.env, TMPDIR: folder, PATH: folder }
  const running = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], { env: environment })
  await once(running.stdout, 'data')
  assert.equal(readdirSync(folder).length, 2)
  running.kill('SIGINT')
  assert.deepEqual(await once(running, 'exit'), [130, null])
  assert.deepEqual(readdirSync(folder), [])
})

test('where the newest version of Wazero cannot be had, the one before it is taken', withScripts, () => {
  const built = program(`case $1 in
    env) echo go1.26.0;;
    mod) echo "$3" > asked;;
    build) grep -q v1.9.0 asked;;
    version) printf 'wazero: go1.26.0\\n\\tdep\\tgithub.com/tetratelabs/wazero\\tv1.9.0\\th1:a=\\n';;
  esac`)
  assert.equal(built.missing, undefined)
  assert.match(built.path, /wazero$/)
  assert.deepEqual(built.versions, { 'github.com/tetratelabs/wazero': '1.9.0', go: '1.26.0' })
})

/** Answers when it has been asked twice, the second question first; an operation "fail" with an error, "end" not at all. */
const BACKWARDS = `
  const questions = []
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    questions.push(JSON.parse(line))
    if (questions.at(-1).operation === 'end') { console.error('it broke'); process.exit(1) }
    if (questions.length === 2) for (const { id, operation, bytes } of questions.splice(0).reverse())
      console.log(JSON.stringify({ id, value: bytes ?? operation, took: 2e6, error: operation === 'fail' ? 'it failed' : '' }))
  })`

test('answers find their questions in whatever order they come, with the time that the program says', async () => {
  const conversation = new Conversation(process.execPath, ['-e', BACKWARDS], {})
  const first = conversation.ask('first')
  assert.deepEqual(await conversation.ask('second', { bytes: new Uint8Array([1, 2]) }), { value: 'AQI=', ms: 2 })
  assert.deepEqual(await first, { value: 'first', ms: 2 })
  const other = conversation.ask('other')
  await assert.rejects(conversation.ask('fail'), /^Error: it failed$/)
  await other
  conversation.end()
})

test('a program that ends fails what it was asked and will be asked, with what it has complained of', async () => {
  const conversation = new Conversation(process.execPath, ['-e', BACKWARDS], {})
  const waiting = conversation.ask('waits')
  const end = conversation.ask('end')
  await assert.rejects(waiting, /^Error: the program has ended: it broke$/)
  await assert.rejects(end, /it broke/)
  await assert.rejects(conversation.ask('more'), /it broke/)
  await assert.rejects(new Conversation(join(tmpdir(), 'no such program'), [], {}).ask('first'), /ENOENT/)
})

test('Wazero measures itself: many calls, recoveries, loads, memory, and calls beside endless loops', withoutGo, async () => {
  const engine = await wazero.start({ timeout: TIMEOUT, threads: 2 })
  try {
    const good = await engine.plugin(0)
    await engine.plugin(1)
    const [there, goodThere] = [engine.there, good.there]
    assert.ok(there !== undefined && goodThere !== undefined)
    for (const atOnce of [1, 10]) {
      const few = await goodThere.many('compute', 1, 1, '')
      const many = await goodThere.many('add', 100, atOnce, '')
      assert.ok(few.ms > 0 && many.ms > 0)
    }
    const { late, took } = await goodThere.recover()
    assert.ok(late > -1 && took > 0)
    assert.equal(await good.add?.(3, -5), -2)
    assert.ok((await there.load(plainModule(10_000))).ms > 0)
    await assert.rejects(there.load(new Uint8Array([0, 1, 2, 3])), /invalid magic/)
    const release = await there.keep(plainModule(300_000))
    const again = [(await there.load(plainModule(300_000))).ms, (await there.load(plainModule(300_000))).ms]
    await release()
    const fresh = (await there.load(plainModule(300_000))).ms
    for (const ms of again) assert.ok(ms < fresh, `${ms} while a module of the same bytes lives, ${fresh} when none does`)
    await assert.rejects(async () => release(), /there is no plugin -1/)
    if (process.platform === 'linux') assert.ok((await there.held()) > 1e6)
    for (const runaways of [0, 1]) assert.ok((await there.beside(runaways, 2, 20)) > 0)
    await assert.rejects(there.beside(7, 2, 20), /there is no plugin 2/)
  } finally {
    engine.close()
  }
})

test('only what its deadline ends counts as stopped by Wazero', withoutGo, async () => {
  const conversation = new Conversation(new GoProgram().path, [String(TIMEOUT)], {})
  try {
    for (const [plugin, [body, error]] of [
      ['unreachable', /unreachable/],
      ['', /an endless loop came to an end/],
    ].entries()) {
      await conversation.ask('plugin', { plugin, bytes: wat(`(module (func (export "loop") ${body}))`) })
      await assert.rejects(conversation.ask('hang', { plugin }), error as RegExp)
    }
  } finally {
    conversation.end()
  }
})

test('a call of Wazero that takes longer than its deadline fails, and the next one has a new instance', withoutGo, async () => {
  const engine = await wazero.start({ timeout: 2 })
  try {
    const plugin = await engine.plugin(0)
    await assert.rejects(async () => plugin.compute?.(), /deadline exceeded/)
    assert.equal(await plugin.upper?.('then'), 'THEN')
    await assert.rejects(async () => plugin.there?.many('compute', 1, 3, ''), /deadline exceeded/)
    assert.equal(await plugin.upper?.('then'), 'THEN')
  } finally {
    engine.close()
  }
})
