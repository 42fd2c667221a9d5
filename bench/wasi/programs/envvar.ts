import assert from 'node:assert/strict'
import { file } from '../../real/packages.ts'
import type { WasiProgram } from '../program.ts'

const env = { HOME: '/home/guest', LANG: 'C' }

export const envvar: WasiProgram = {
  id: 'envvar',
  label: '@wasmer/wasi: a test program that prints and sets its environment',
  toolchain: 'Rust, a build of 2019',
  bytes: () => file('@wasmer/wasi/tests/envvar.wasm'),
  env,
  check({ exitCode, stdout }) {
    assert.equal(exitCode, 0)
    for (const [name, value] of Object.entries(env)) assert.ok(stdout.includes(`${name}=${value}\n`), name)
    assert.ok(stdout.endsWith('SET VAR Ok("HELLO")\n'))
  },
}
