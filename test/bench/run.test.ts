import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figure } from '../../bench/figures.ts'
import { Strays } from '../../bench/strays.ts'
import { SUBJECTS } from '../../bench/subjects/index.ts'
import { verdict } from '../../bench/table.ts'

// What the figures are is for `npm run bench`; here only that there are any.

interface Output {
  readonly node: string
  readonly v8: string
  readonly cpu: string
  readonly cores: number
  readonly memory: number
  readonly system: string
  readonly packages: Readonly<Record<string, string>>
  readonly load: number
  readonly date: string
  readonly rounds: number
  readonly unfinished?: readonly string[]
  readonly results: readonly {
    readonly subject: string
    readonly title: string
    readonly failure?: string
    readonly peerFailure?: string
    readonly note?: string
    readonly figures: readonly Figure[]
  }[]
}

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, '../../bench/run.ts'), ...args], {
    encoding: 'utf8',
    timeout: 300_000,
  })
}

test('every subject of the benchmark has figures', () => {
  const { status, stdout, stderr } = bench('--quick', '--json')
  assert.equal(stderr.replaceAll(/^EXTISM: .*\n/gm, ''), '')
  const { results, ...where }: Output = JSON.parse(stdout)
  assert.equal(where.node, process.versions.node)
  assert.equal(where.rounds, 2)
  for (const value of [where.v8, where.cpu, where.system]) assert.ok(value.length > 0)
  for (const value of [where.cores, where.memory]) assert.ok(value > 0)
  assert.ok(Date.parse(where.date) <= Date.now())
  for (const version of Object.values(where.packages)) assert.match(version, /^\d+\.\d+\.\d+/)
  assert.deepEqual(
    results.map(({ subject }) => subject),
    [
      'latency',
      'texts',
      'flight',
      'compute',
      'deadline',
      'recovery',
      'loading',
      'density',
      'runaways',
      'scaling',
      'calls',
      'host-functions',
      'text',
      'overshoot',
      'lag',
      'restart',
      'crowd',
      'threads',
      'instances',
      'kernels',
      'real',
      'guard',
      'weights',
      'memory',
      'collections',
      'plugins',
    ],
  )
  for (const { title, failure, peerFailure, figures, note } of results) {
    assert.equal(failure, undefined, title)
    // A machine that is too busy to start its worker in time ends it for good
    assert.match(peerFailure ?? '', /^(Extism, worker: [^;]+(; |$))*$/, title)
    assert.ok(figures.length > 0 || note?.includes('npm --prefix bench/real ci'), title)
    assert.equal(new Set(figures.map(({ id }) => id)).size, figures.length, title)
    for (const { label, value } of figures) assert.ok(Number.isFinite(value), `${title}: ${label}`)
  }
  assert.equal(status, 0)
})

test('a run says how Curfew compares: who is in the columns, what is in the rows, and the ratios in JSON', () => {
  const { stdout } = bench('--quick', '--only', 'latency')
  const [, header = '', row = ''] = /Side by side\n(.*)\n(.*)/.exec(stdout) ?? []
  assert.match(header, /^ +Curfew +Curfew, callSync +Curfew, threads +raw V8 +vm timeout +worker \+ terminate\(\)/)
  assert.match(row, /^ {2}trivial call, us( +[\d.]+){6,}$/)
  const file = join(mkdtempSync(join(tmpdir(), 'curfew-bench-')), 'report.json')
  assert.equal(bench('--quick', '--only', 'latency', '--out', file).status, 0)
  const [result] = (JSON.parse(readFileSync(file, 'utf8')) as Output).results
  for (const { spread, ratio, candidate } of result?.figures ?? []) {
    assert.ok(spread !== undefined && spread.low <= spread.median && spread.median <= spread.high, candidate)
    assert.ok(ratio !== undefined && ratio.low <= ratio.median && ratio.median <= ratio.high, candidate)
    if (candidate === 'curfew') assert.deepEqual(ratio, { low: 1, median: 1, high: 1 })
  }
})

test('the benchmark prints a table of the chosen subjects', () => {
  const { status, stdout } = bench('--quick', '--only', 'restart')
  assert.equal(status, 0)
  assert.match(stdout, /^Node .*\n\nFrom the error of an interruption.*\n {2}p50 +[\d.]+ +ms +<= [\d.]+ +(met|MISSED)\n/)
})

test('the table says of how many rounds it is, and subjects that are named twice or with spaces are measured once', () => {
  const once = bench('--rounds', '1', '--only', ' restart, restart ').stdout
  assert.match(once, /^Node .*; one round\n/)
  assert.equal(once.match(/^From the error of an interruption/gm)?.length, 1)
  assert.match(bench('--quick', '--only', 'restart').stdout, /^Node .*; medians of 2 rounds\n/)
})

test('a run that is interrupted leaves a report of what it has measured, which says what is missing', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'curfew-bench-')), 'report.json')
  writeFileSync(file, 'of an earlier run')
  const script = join(import.meta.dirname, '../../bench/run.ts')
  const running = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, '--quick', '--only', 'restart,density', '--out', file])
  const ended = once(running, 'exit')
  const read = () => JSON.parse(readFileSync(file, 'utf8')) as Output
  const seen = new Set<string>()
  while (running.exitCode === null && !seen.has('density')) {
    await sleep(5)
    try {
      const { unfinished = [], results } = read()
      seen.add(unfinished.join())
      assert.equal(results.length + unfinished.length, 2)
      if (results.length === 1) running.kill('SIGKILL')
    } catch (error) {
      // Not written yet, or being written
      if (!(error instanceof SyntaxError)) throw error
    }
  }
  await ended
  assert.deepEqual([...seen], ['restart,density', 'density'])
  assert.deepEqual(
    read().results.map(({ subject }) => subject),
    ['restart'],
  )
})

test('a run that came to its end says of nothing that it is missing', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'curfew-bench-')), 'report.json')
  bench('--quick', '--only', 'restart', '--out', file)
  assert.equal('unfinished' in JSON.parse(readFileSync(file, 'utf8')), false)
})

/** As if it were thrown in a file of a peer. */
function ofPeer(message: string): Error {
  const error = new Error(message)
  error.stack = `Error: ${message}\n    at listOnTimeout (/somewhere/bench/peers/node_modules/peer/index.js:1:1)`
  return error
}

test('what is thrown where nobody waits for it is said of the subject that was under way: of a peer, or as a failure of the run', () => {
  const process = new EventEmitter()
  const strays = new Strays(process)
  const nothing = { figures: [] }
  assert.deepEqual(strays.addTo(nothing), nothing)
  for (const error of [ofPeer('late'), ofPeer('late'), ofPeer('later'), new Error('Curfew, maybe'), 7]) process.emit('uncaughtException', error)
  const meanwhile = 'thrown meanwhile, where nobody waited for it: '
  assert.deepEqual(strays.addTo({ ...nothing, peerFailure: 'peer: it broke' }), {
    figures: [],
    failure: `${meanwhile}Curfew, maybe; ${meanwhile}7`,
    peerFailure: `peer: it broke; ${meanwhile}late; ${meanwhile}later`,
  })
  assert.deepEqual(strays.addTo(nothing), nothing, 'it is said once')
})

test('what a timer throws, and a promise that nobody looks at, do not end the process', () => {
  const strays = new URL('../../bench/strays.ts', import.meta.url).href
  const script = `import { Strays } from '${strays}'
    const strays = new Strays(process)
    setTimeout(() => { throw new Error('of a timer') }, 1)
    Promise.reject(new Error('of a promise'))
    setTimeout(() => console.log(strays.addTo({ figures: [] }).failure), 100)`
  const { status, stdout } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(status, 0)
  assert.match(stdout, /of a promise; .*of a timer/)
})

test('a run in which something is thrown by the way measures all the same, says so, and has failed', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'curfew-bench-')), 'report.json')
  // As soon as that would not end the process
  const stray = `const timer = setInterval(() => {
    if (process.listenerCount('uncaughtException') === 0) return
    clearInterval(timer)
    throw new Error('by the way')
  }, 1)`
  const script = join(import.meta.dirname, '../../bench/run.ts')
  const args = [
    '--disable-warning=ExperimentalWarning',
    '--import',
    `data:text/javascript,${encodeURIComponent(stray)}`,
    script,
    '--quick',
    '--only',
    'latency',
    '--out',
    file,
  ]
  assert.equal(spawnSync(process.execPath, args).status, 1)
  const [result] = (JSON.parse(readFileSync(file, 'utf8')) as Output).results
  assert.equal(result?.failure, 'thrown meanwhile, where nobody waited for it: by the way')
  assert.ok((result?.figures.length ?? 0) > 0)
})

test('arguments are looked at before anything is built or installed, and nothing is measured that was not built', () => {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-bench-'))
  for (const file of ['main.ts', 'arguments.ts', 'subjects/index.ts']) cpSync(join(import.meta.dirname, '../../bench', file), join(folder, 'bench', file))
  const stand = (file: string, code: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), code)
  }
  stand('scripts/build.ts', "console.log('built', process.argv[2])")
  stand('bench/peers/install.ts', "console.log('installed')")
  stand('bench/run.ts', "console.log('measured')")
  const main = (...args: string[]) => {
    const { status, stdout } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(folder, 'bench/main.ts'), ...args], {
      encoding: 'utf8',
    })
    return { status, stdout }
  }
  assert.deepEqual(main('--nonsense'), { status: 2, stdout: '' })
  assert.match(main('--help').stdout, /^usage: [\s\S]*ids: latency, [^\n]*\n$/)
  assert.deepEqual(main('--quick'), { status: 0, stdout: 'built --if-older\ninstalled\nmeasured\n' })
  stand('scripts/build.ts', 'process.exitCode = 2')
  assert.deepEqual(main('--quick'), { status: 1, stdout: '' })
})

test('who installs what is missing, in vain, still has what was there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-peers-'))
  for (const file of ['install.ts', 'packages.ts']) cpSync(join(import.meta.dirname, '../../bench/peers', file), join(folder, file))
  const manifest = (name: string, path: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), JSON.stringify({ name, version: '1.0.0', type: 'module' }))
  }
  manifest('there', 'node_modules/there/package.json')
  const wanted = { devDependencies: { there: '1.0.0', missing: '1.0.0' } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', ...wanted }))
  const locked = (name: string) => ({ [`node_modules/${name}`]: { version: '1.0.0', resolved: `https://localhost:1/${name}.tgz`, dev: true } })
  const packages = { '': wanted, ...locked('there'), ...locked('missing') }
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, requires: true, packages }))
  const env = { ...process.env, npm_config_offline: 'true', npm_config_cache: join(folder, 'cache') }
  const { status, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(folder, 'install.ts')], { encoding: 'utf8', env })
  assert.equal(status, 0)
  assert.match(stderr, /^The peers could not be installed; what is there is measured\. To try again: npm --prefix bench\/peers install$/m)
  assert.match(readFileSync(join(folder, 'node_modules/there/package.json'), 'utf8'), /"there"/)
})

test('each subject is found by its own id', async () => {
  for (const [id, load] of Object.entries(SUBJECTS)) assert.equal((await load()).id, id)
})

test('the benchmark refuses arguments that it does not know', () => {
  for (const args of [['--only', 'nothing'], ['--only', 'toString'], ['--only', 'latency,'], ['--rounds', '0'], ['--nonsense'], ['--quick', '--full']]) {
    const { status, stderr } = bench(...args)
    assert.equal(status, 2)
    assert.match(stderr, /usage: npm run bench/)
  }
})

test('a file that cannot be written is refused before anything is measured', () => {
  const out = join(mkdtempSync(join(tmpdir(), 'curfew-bench-')), 'missing', 'report.json')
  const { status, stdout, stderr } = bench('--quick', '--only', 'latency', '--out', out)
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(stderr, /^ENOENT.*missing[\s\S]*usage: npm run bench/)
})

test('asked for help, the benchmark says what it takes, and measures nothing', () => {
  const { status, stdout } = bench('--help', '--full')
  assert.equal(status, 0)
  for (const option of ['--full', '--only', '--rounds', '--quick', '--json', '--out']) assert.match(stdout, new RegExp(`^  ${option} `, 'm'))
  assert.match(stdout, /^ids: latency, .*, plugins$/m)
  assert.doesNotMatch(stdout, /^Node /m)
})

test('a goal is met, missed, or not to be told because plain JavaScript misses it too', () => {
  const figure = { id: 'p99', label: 'p99', unit: 'ms' }
  assert.equal(verdict({ ...figure, value: 1 }), '')
  assert.equal(verdict({ ...figure, value: 1, goal: 1 }), 'met')
  assert.equal(verdict({ ...figure, value: 2, goal: 1, control: 0.5 }), 'MISSED')
  assert.equal(verdict({ ...figure, value: 2, goal: 1, control: 1.5 }), 'machine too busy')
})
