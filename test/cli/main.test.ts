import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { EXIT } from '../../src/errors.ts'
import { fixture, run } from './run.ts'

test('--help teaches: commands, examples and every exit code', async () => {
  for (const argv of [['--help'], ['call', '--help'], ['run', '--help'], ['inspect', '-h'], ['guard', '--help'], ['help', 'call']]) {
    const { code, out, err } = await run(argv)
    assert.deepEqual([code, err], [0, ''], argv.join(' '))
    assert.match(out, /^Usage: curfew /)
    assert.match(out, /\nExamples:\n {2}\$ curfew /)
    for (const exitCode of Object.values(EXIT)) assert.match(out, new RegExp(`\n +${exitCode}  [a-z]`), `${argv.join(' ')}: ${exitCode}`)
    for (const line of out.split('\n')) assert.ok(line.length <= 100, line)
  }
})

test('the main help names every command', async () => {
  const { out } = await run(['--help'])
  for (const command of ['call', 'run', 'inspect', 'guard']) {
    assert.match(out, new RegExp(`\n  ${command} [^\n]*<file.wasm>`))
    assert.ok(out.includes(`\`curfew ${command} --help\``), command)
  }
})

test('--version prints the version', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  assert.deepEqual(await run(['--version']), { code: 0, out: `${version}\n`, err: '' })
})

test('without a command the help goes to stderr, as wrong usage', async () => {
  const { code, out, err } = await run([])
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /^Usage: curfew /)
})

test('wrong usage says what is wrong and where more is told', async () => {
  const cases: [argv: string[], err: string][] = [
    [['cal'], "curfew: unknown command 'cal'\n  what to do: Did you mean call? `curfew --help` tells more.\n"],
    [['call'], "curfew: missing required argument 'file.wasm'\n  what to do: `curfew call --help` tells more.\n"],
    [['call', fixture('add')], "curfew: missing required argument 'export'\n  what to do: `curfew call --help` tells more.\n"],
    [
      ['call', fixture('add'), 'add', '--timeuot', '5'],
      "curfew: unknown option '--timeuot'\n  what to do: Did you mean --timeout? `curfew call --help` tells more.\n",
    ],
    [['gaurd', 'x.wasm'], "curfew: unknown command 'gaurd'\n  what to do: Did you mean guard? `curfew --help` tells more.\n"],
    [['guard', 'x.wasm', '-o'], "curfew: option '-o, --output <out.wasm>' argument missing\n  what to do: `curfew guard --help` tells more.\n"],
    [
      ['call', fixture('add'), 'add', '1', '2', '--fuel', '-5'],
      "curfew: option '--fuel <units>' argument '-5' is invalid. It takes a whole number such as 1000000; 0 counts without a limit\n  what to do: `curfew call --help` tells more.\n",
    ],
    [['inspect', 'a', '-5'], "curfew: too many arguments for 'inspect'. Expected 1 argument but got 2\n  what to do: `curfew inspect --help` tells more.\n"],
    [
      ['call', fixture('add'), 'add', '1', '2', '--timeout', '-5'],
      "curfew: option '--timeout <duration>' argument '-5' is invalid. It takes a duration such as 50 (milliseconds), 50ms, 1.5s or 2m; 0 is no limit\n  what to do: `curfew call --help` tells more.\n",
    ],
    [
      ['call', fixture('add'), 'add', '1', '2', '--memory', '16M'],
      "curfew: option '--memory <size>' argument '16M' is invalid. It takes a whole number of bytes such as 65536, 64KiB, 16MiB, 1GiB (powers of 1024) or 16MB (powers of 1000)\n  what to do: `curfew call --help` tells more.\n",
    ],
  ]
  for (const [argv, err] of cases) assert.deepEqual(await run(argv), { code: 2, out: '', err })
})

test('wrong usage with --json is JSON', async () => {
  const { code, out, err } = await run(['call', fixture('add'), 'add', '--json', '--memory', 'x'])
  assert.deepEqual([code, err], [2, ''])
  const { error } = JSON.parse(out)
  assert.deepEqual([error.code, error.exitCode], ['invalid-option', 2])
})

test('colours only where they may be', async () => {
  const coloured = await run(['inspect', fixture('add')], { colour: true })
  assert.ok(coloured.out.includes('\u001b[1mExports\u001b[0m'))
  assert.ok((await run(['call', 'nope.wasm', 'x'], { colour: true })).err.startsWith('\u001b[31mcurfew:\u001b[0m there is'))
  assert.ok(!(await run(['inspect', fixture('add')])).out.includes('\u001b'))
})
