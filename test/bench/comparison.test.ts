import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Elapsed } from '../../bench/alternate.ts'
import { type Candidate, type Plugin, type Sum, sumOf } from '../../bench/candidates/candidate.ts'
import { CANDIDATES, missing } from '../../bench/candidates/index.ts'
import { extismPlugin, plainPlugin } from '../../bench/candidates/plugin.ts'
import type { Task } from '../../bench/candidates/threads/plain.js'
import { inFlight } from '../../bench/comparison/calls.ts'
import { available, byTurns, type Contender, figureOf, longer, repeated, whoAdds, whoIsRight, withContenders } from '../../bench/comparison/contenders.ts'
import { visible } from '../../bench/comparison/density.ts'
import { fits, growth, LAG, LOADING, linear, MEMORY } from '../../bench/comparison/growth.ts'
import { leftOut } from '../../bench/comparison/loading.ts'
import { beside } from '../../bench/comparison/runaways.ts'
import { distribution, explained } from '../../bench/comparison/stops.ts'
import type { Figure } from '../../bench/figures.ts'
import { plainModule } from '../../bench/generated.ts'
import { withLag } from '../../bench/lag.ts'
import { comparison, formatResults } from '../../bench/table.ts'
import { PATIENCE, within } from '../../bench/within.ts'

/** Long enough for work on a busy machine, short enough to wait for, ms. */
const PATIENT_STOP = 1_000
const QUICK = { rounds: 3, quick: true, full: false }
const LATENCY = { id: 'add', row: 'a call', unit: 'ns', scale: (nanoseconds: number) => nanoseconds }

function candidate(id: string, plugin: () => Promise<Plugin>): Candidate & { closed: number } {
  const made = {
    id,
    name: id,
    what: 'of a test',
    closed: 0,
    start: async () => ({
      plugin,
      close() {
        made.closed++
      },
    }),
  }
  return made
}

const well = async (): Promise<Plugin> => ({ add: (left, right) => left + right })

for (const each of CANDIDATES) {
  const reason = missing(each)
  test(`${each.name} gives the right answers, and what it says it ends is ended`, { skip: reason ?? false }, async () => {
    const { failure, peerFailure } = await withContenders({ timeout: PATIENT_STOP, candidates: [each] }, async ([contender]) => {
      const { upper, compute, hang, add } = (contender as NonNullable<typeof contender>).plugin
      if (upper !== undefined) assert.equal(await upper('a Text of 17 b, z{'), 'A TEXT OF 17 B, Z{')
      if (compute !== undefined) assert.equal(await compute(), 95_920)
      const addAgain = () => sumOf({ add: () => (add as NonNullable<typeof add>)(-7, 1_000_000) })
      assert.equal(await addAgain(), 999_993)
      if (hang !== undefined) {
        assert.ok((await hang()) > -2)
        assert.equal(await addAgain(), 999_993)
      }
      return []
    })
    assert.equal(failure ?? peerFailure, undefined)
    assert.equal(each.own === true, each.name.startsWith('Curfew'))
  })
}

test('no two plugins have the same bytes, and all of them are modules', () => {
  for (const make of [plainPlugin, extismPlugin]) {
    assert.notDeepEqual(make(1), make(2))
    assert.deepEqual(make(3), make(3))
    assert.ok(WebAssembly.validate(make(10_000)))
  }
})

test('a generated module has about the size that was asked for, and runs', () => {
  for (const size of [1_000, 10_000, 100_000]) {
    const bytes = plainModule(size)
    assert.ok(Math.abs(bytes.length / size - 1) < 0.3, `${bytes.length} for ${size}`)
    const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { run(n: number): number }
    assert.equal(typeof run(0), 'number')
  }
})

test('a candidate that cannot start, load or go on is named, and the others are measured and closed', async () => {
  const good = candidate('good', well)
  const noPlugin = candidate('no plugin', () => Promise.reject(new Error('it does not load')))
  const fails = candidate('fails', async () => ({ add: () => Promise.reject(new Error('it does not run')) }))
  const noStart: Candidate = { ...good, id: 'no start', name: 'no start', start: () => Promise.reject(new Error('it does not start')) }
  const own: Candidate = { ...fails, id: 'own', name: 'Curfew itself', own: true }
  const { figures, failure, peerFailure } = await withContenders({ timeout: 1, candidates: [noStart, noPlugin, fails, own, good] }, (contenders, failures) =>
    byTurns(LATENCY, contenders, (contender) => repeated(contender, 'add'), QUICK, failures),
  )
  assert.deepEqual(
    figures.map(({ candidate }) => candidate),
    ['good'],
  )
  assert.equal(peerFailure, 'no start: it does not start; no plugin: it does not load; fails: it does not run')
  assert.equal(failure, 'Curfew itself: it does not run', 'this one is the run’s failure')
  assert.deepEqual([good.closed, noPlugin.closed, fails.closed], [1, 1, 2], '`own` counts with the one that it was made of')
})

test('a candidate without an operation has no figure for it, and that is no failure', async () => {
  const { figures, failure, peerFailure } = await withContenders(
    { timeout: 1, candidates: [candidate('none', async () => ({})), candidate('good', well)] },
    (contenders, failures) => byTurns(LATENCY, contenders, (contender) => repeated(contender, 'add'), QUICK, failures),
  )
  assert.deepEqual(
    figures.map(({ candidate }) => candidate),
    ['good'],
  )
  assert.equal(failure ?? peerFailure, undefined)
})

test('whoever gives a wrong answer is named and not measured; whoever has none is left out', async () => {
  const answers = (compute?: Plugin['compute']) => async (): Promise<Plugin> => (compute === undefined ? {} : { compute })
  const candidates = [
    candidate(
      'at once',
      answers(() => 7),
    ),
    candidate(
      'later',
      answers(async () => 7),
    ),
    candidate(
      'wrong',
      answers(async () => 8),
    ),
    candidate(
      'broken',
      answers(() => Promise.reject(new Error('it broke'))),
    ),
    candidate('none', answers()),
  ]
  let right: readonly string[] = []
  const { peerFailure } = await withContenders({ timeout: 1, candidates }, async (contenders, failures) => {
    right = (await whoIsRight(contenders, failures, ({ compute }) => compute?.(), 7)).map(({ candidate: { id } }) => id)
    return []
  })
  assert.deepEqual(right, ['at once', 'later'])
  assert.equal(peerFailure, 'wrong: 8 in place of 7; broken: it broke')
})

test('who failed is told from who cannot: in the rows that are named, or in all that it is not in', async () => {
  const [one, other] = [candidate('curfew', well), candidate('raw', well)]
  const figure = (row: string, { id }: Candidate): Figure => ({ id: `${row}-${id}`, label: id, row, candidate: id, value: 1, unit: 'us' })
  const { figures, failed = [] } = await withContenders({ timeout: 1, candidates: [one, other] }, async (_, failures) => {
    failures.add(other, new Error('it hung'), ['second', 'third'])
    return ['first', 'second', 'third'].map((row) => figure(row, one))
  })
  const result = { subject: 's', title: '', figures, failed }
  const cells = (table = '') =>
    table
      .split('\n')
      .slice(2)
      .map((line) => line.trim().split(/ {2,}/).at(-1))
  assert.deepEqual(cells(comparison([result])[0]), ['-', 'failed', 'failed'])
  const wholly = { ...result, figures: [...figures, figure('first', other)], failed: [{ candidate: 'raw' }] }
  assert.deepEqual(cells(comparison([wholly])[0]), ['1.00', 'failed', 'failed'])
})

test('who fails while others are measured by turns has failed in that row', async () => {
  const fails = candidate('fails', async () => ({ add: () => Promise.reject(new Error('it does not run')) }))
  const { failed } = await withContenders({ timeout: 1, candidates: [fails, candidate('good', well)] }, (contenders, failures) =>
    byTurns(LATENCY, contenders, (contender) => repeated(contender, 'add'), QUICK, failures),
  )
  assert.deepEqual(failed, [{ candidate: 'fails', row: 'a call' }])
})

test('whoever does not add is named and not measured, in whatever form the sum comes', async () => {
  const adder = (id: string, add: (left: number, right: number) => Sum | Promise<Sum>) => candidate(id, async () => ({ add }))
  const bytes = (sum: number) => new DataView(Int32Array.of(sum).buffer)
  const candidates = [
    adder('at once', (left, right) => left + right),
    adder('later', async (left, right) => [left + right]),
    adder('bytes', async (left, right) => bytes(left + right)),
    adder('another sum', async () => 99),
    adder('no sum', async () => null),
    candidate('none', async () => ({})),
  ]
  let right: readonly string[] = []
  const { peerFailure } = await withContenders({ timeout: 1, candidates }, async (contenders, failures) => {
    right = (await whoAdds(contenders, failures)).map(({ candidate: { id } }) => id)
    return []
  })
  assert.deepEqual(right, ['at once', 'later', 'bytes'])
  assert.equal(peerFailure, 'another sum: 99 in place of 42; no sum: undefined in place of 42')
})

test('with one call in flight, what answers at once is not made to wait; with more, so many are asked before any has answered', async () => {
  let asked = 0
  const contender = (answer: () => Sum | Promise<Sum>): Contender => ({
    candidate: candidate('counts', well),
    engine: { plugin: () => assert.fail(), close: () => undefined },
    plugin: {
      add() {
        asked++
        return answer()
      },
    },
  })
  const done = inFlight(
    contender(() => 1),
    1,
  )?.(5)
  assert.equal(asked, 5)
  await done
  asked = 0
  const { promise, resolve } = Promise.withResolvers<number>()
  const many = inFlight(
    contender(() => promise),
    10,
  )?.(2)
  assert.equal(asked, 10)
  resolve(1)
  await many
  assert.equal(asked, 20)
})

test('how cost grows is said of each candidate that has enough figures that count', () => {
  const points = (candidate: string, values: readonly number[]) =>
    values.map((value, index): Figure => ({ id: `${candidate}-${index}`, label: '', candidate, value, unit: 'ms', size: index }))
  const figures = [...points('raw', [5, 7, 9, 11]), ...points('curfew', [9, 1, 4]), ...points('worker', [3]), { id: 'x', label: '', value: 1, unit: 'ms' }]
  const what = { id: 'growth', label: 'one more', row: 'one more', unit: 'us', least: 3, fit: linear }
  assert.deepEqual(growth(figures, { ...what, point: ({ size, value }) => (size > 0 ? [size, value * 10] : undefined) }), [
    { id: 'growth-raw', label: 'raw V8: one more', row: 'one more', candidate: 'raw', value: 20, unit: 'us' },
  ])
  assert.deepEqual(growth(figures, { ...what, least: 1, point: () => undefined, fit: () => assert.fail() }), [])
})

test('a fit says what it is at each size: memory and lag in proportion to how many there are, loading by a power of the size', () => {
  const of = (sizes: readonly number[], value: (size: number) => number) =>
    sizes.map((size): Figure => ({ id: `${size}`, label: '', candidate: 'curfew', value: value(size), unit: 'ms', size }))
  const close = (actual: number | undefined, expected: number) =>
    assert.ok(Math.abs((actual ?? Number.NaN) / expected - 1) < 1e-9, `${actual}, not ${expected}`)
  const [memory] = fits(
    of([10, 100, 1_000], (size) => 500 / size + 30),
    MEMORY,
  )
  close(memory?.value, 30)
  close(memory?.at(50), 2_000)
  const [loading] = fits(
    of([1_000, 10_000, 100_000, 1e6], (size) => (size === 1_000 ? 99 : size ** 0.5)),
    LOADING,
  )
  close(loading?.value, 0.5)
  close(loading?.at(40_000), 200)
  const [lag] = fits(
    of([0, 1, 10, 100], (size) => (size === 0 ? 0 : 1 + size / 100)),
    LAG,
  )
  close(lag?.value, 10)
  close(lag?.at(50), 1_500)
  assert.deepEqual(
    fits(
      of([0, 1, 10], () => 1),
      LAG,
    ),
    [],
    'a line through two points says nothing of a third',
  )
})

test('what is in another process is asked for many operations at once, and its own time counts', async () => {
  const asked: unknown[] = []
  const there = {
    many: async (...how: readonly [string, number, number, string]) => {
      asked.push(how)
      return new Elapsed(how[1])
    },
    recover: () => Promise.reject(new Error('not asked for')),
  }
  const { figures } = await withContenders(
    { timeout: 1, candidates: [candidate('far', async () => ({ add: () => assert.fail(), there }))] },
    (contenders, failures) => byTurns(LATENCY, contenders, (contender) => repeated(contender, 'add', 'a text'), QUICK, failures),
  )
  assert.equal(figures[0]?.value, 1e6)
  assert.deepEqual(asked.at(-1), ['add', 1, 1, 'a text'])
})

test('what is not installed is said to be so', () => {
  const absent: Candidate = { ...candidate('absent', well), package: 'a-package-that-is-not-there' }
  assert.deepEqual(available([absent]), { present: [], note: 'absent: not measured here, a-package-that-is-not-there is not installed' })
})

test('a figure has the median and quartiles of its rounds, and those of its ratio to Curfew in the same round', () => {
  const figure = figureOf({ id: 'add', row: 'a call', unit: 'us', size: 7 }, candidate('peer', well), [20, 60, 40], [10, 20, 10])
  assert.deepEqual(figure, {
    id: 'add-peer',
    label: 'peer',
    row: 'a call',
    candidate: 'peer',
    value: 40,
    unit: 'us',
    size: 7,
    best: 20,
    spread: { low: 30, median: 40, high: 50 },
    ratio: { low: 2.5, median: 3, high: 3.5 },
  } satisfies Figure)
})

test('the best of the rounds is the least, but the most where more is better; one round has neither that nor quartiles', () => {
  const of = (unit: string, values: number[]) => figureOf({ id: 'add', row: 'a call', unit }, candidate('peer', well), values)
  assert.equal(of('ms', [20, 60, 40]).best, 20)
  assert.equal(of('1/s', [20, 60, 40]).best, 60)
  const { value, best, spread } = of('ms', [20])
  assert.deepEqual({ value, best, spread }, { value: 20, best: undefined, spread: undefined })
})

test('who cannot have a deadline as short as that of the others is named', async () => {
  const late: Candidate = { ...candidate('late', well), leastTimeout: 250 }
  assert.equal(longer([candidate('peer', well), late], 50), 'late has 250 ms in place of 50')
  assert.equal(longer([late], 250), undefined)
  const { note } = await withContenders({ timeout: 50, candidates: [late] }, async () => [])
  assert.equal(note, 'late has 250 ms in place of 50')
})

test('a peer that hangs, wherever it does, is named and left out of the rest, and the others are measured', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const never = () => new Promise<never>(() => undefined)
  let asked = 0
  const dumb = async (): Promise<Plugin> => ({ add: (left, right) => (asked++ === 0 ? left + right : never()) })
  const good = candidate('good', well)
  const measured = withContenders(
    {
      timeout: 1,
      candidates: [
        { ...good, id: 'start', name: 'start', start: never },
        candidate('plugin', never),
        candidate('first answer', async () => ({ add: never })),
        candidate('other answers', dumb),
        candidate('close', async () => ({ ...(await well()), close: never })),
        good,
      ],
    },
    async (contenders, failures) => {
      const right = await whoAdds(contenders, failures)
      const figures: Figure[] = []
      for (const id of ['first', 'second']) {
        figures.push(...(await byTurns({ ...LATENCY, id }, right, (contender) => repeated(contender, 'add'), QUICK, failures)))
      }
      return figures
    },
  )
  let over = false
  void measured.finally(() => {
    over = true
  })
  // Time passes whenever nothing else happens
  while (!over) {
    await nextTurn()
    t.mock.timers.tick(PATIENCE / 50)
  }
  const { figures, peerFailure } = await measured
  assert.deepEqual(
    figures.map(({ id }) => id),
    ['first-close', 'first-good', 'second-close', 'second-good'],
  )
  assert.equal(peerFailure, ['start', 'plugin', 'first answer', 'other answers', 'close'].map((name) => `${name}: no answer within ${PATIENCE} ms`).join('; '))
  assert.equal(asked, 2, 'one that hangs was asked again')
  assert.equal(good.closed, 1)
})

test('one that hangs is given up', async () => {
  await assert.rejects(within(1, new Promise(() => undefined)), /no answer within 1 ms/)
  assert.equal(await within(10_000, Promise.resolve(3)), 3)
})

test('one that hangs beside endless loops is named with their number, and closed, and its loops do not begin again', async () => {
  let [loops, asked] = [0, 0]
  const plugin: Plugin = {
    // It is checked once
    add: (left, right) => (asked++ === 0 ? left + right : new Promise<number>(() => undefined)),
    hang: async () => {
      await nextTurn()
      return loops++
    },
  }
  const hangs = candidate('hangs', async () => plugin)
  await withLag(async (during) => {
    await assert.rejects(beside(hangs, 2, QUICK, during, 50), /^Error: 2 runaways: no answer within 50 ms$/)
  })
  assert.equal(hangs.closed, 1)
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  const begun = loops
  assert.ok(begun > 0)
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  assert.equal(loops, begun)
})

test('where real modules are not installed, loading says which it leaves out and how to have them', () => {
  assert.equal(leftOut(false), 'gofmt, harfbuzz, dprint: not installed; to install them (600 MB): npm --prefix bench/real ci')
  assert.equal(leftOut(true), undefined)
})

test('times below 0 are explained, in a figure or among the stops, and others are not', () => {
  const figure = (value: number, distribution?: number[]): Figure => ({ id: 'late', label: '', value, unit: 'ms', ...(distribution && { distribution }) })
  const explanation = 'below 0 is too early: a timer counts whole milliseconds, and may be up to one early'
  assert.equal(explained({ figures: [figure(-0.01)] }).note, explanation)
  assert.equal(explained({ figures: [figure(1, [-0.5, 1])], note: 'first' }).note, `first; ${explanation}`)
  assert.equal(explained({ figures: [figure(0, [0, 1])] }).note, undefined)
})

test('a worker of the pool says that it does not have a plugin, is sent it once, and has it from then on', async () => {
  const { default: run } = (await import(new URL('../../bench/candidates/threads/piscina.js', import.meta.url).href)) as { default(task: Task): unknown }
  const [task, module] = [{ number: 1, name: 'add', input: [20, 22] } as const, new WebAssembly.Module(plainPlugin(1))]
  assert.equal(run(task), undefined)
  assert.equal(run({ ...task, module }), 42)
  assert.equal(run(task), 42)
})

test('memory that is too little to be seen has no figure', () => {
  assert.equal(visible([-3], 10), false)
  assert.equal(visible([9.8], 10), false)
  assert.equal(visible([9.8], 100), true)
  assert.equal(visible([0, 30, 30], 10), true)
})

test('of fewer than a hundred stops the longest is called that, with their number; of a hundred or more it is the 99th percentile', () => {
  const tail = (count: number, wanted: number) => {
    const values = Array.from({ length: count }, (_, index) => index + 1)
    const [, { label, row, value } = assert.fail()] = distribution('late', 'late', candidate('peer', well), values, wanted)
    return { label, row, value }
  }
  assert.deepEqual(tail(9, 9), { label: 'peer, max of 9', row: 'late, max of 9', value: 9 })
  assert.deepEqual(tail(4, 9), { label: 'peer, max of 4', row: 'late, max of 9', value: 4 })
  assert.deepEqual(tail(100, 100), { label: 'peer, p99 of 100', row: 'late, p99', value: 99 })
})

test('side by side, rows are what is measured, columns are candidates, and "-" is what one cannot do', () => {
  const figure = (row: string, candidate: string, value: number): Figure => ({ id: `${row}-${candidate}`, label: candidate, row, candidate, value, unit: 'us' })
  const result = { subject: 's', title: 'A title', figures: [figure('first', 'raw', 1), figure('first', 'curfew', 2), figure('second', 'curfew', 30)] }
  const [table = ''] = comparison([result])
  assert.equal(table, ['Side by side', '              Curfew  raw V8', '  first, us     2.00    1.00', '  second, us    30.0       -'].join('\n'))
  const [versioned = ''] = comparison([result], { other: '2', peer: '1.0' })
  assert.equal(versioned, `${table}\n  (other 2, peer 1.0)`)
  const [perSecond = ''] = comparison([{ ...result, figures: [{ ...figure('calls/s', 'curfew', 2), unit: '1/s' }] }])
  assert.match(perSecond, /^ {2}calls\/s +2\.00$/m)
  assert.match(
    formatResults([{ ...result, failure: 'it broke', peerFailure: 'raw: so did it' }]),
    /^A title\n[\s\S]*FAILED: it broke\n {2}a peer failed: raw: so did it\n\nSide by side/,
  )
})
