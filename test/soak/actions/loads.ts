/** Modules that come and go, and those that never come. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CurfewError, type ErrorCode, type LoadOptions } from '../../../src/index.ts'
import { wat } from '../../support/wat.ts'
import { pluginBytes } from '../plugins.ts'
import type { Action, Stage } from './action.ts'

export const renewal: Action = {
  name: 'close, and load another',
  weight: 20,
  async run({ fleet, random, saw }) {
    const plugin = fleet.pick(random)
    await fleet.renew(plugin)
    saw('ok')
  },
}

/** A module that cannot be loaded. */
interface Failing {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly expected: ErrorCode
  readonly options?: LoadOptions
}

const STARTS_BY = (what: string) => wat(`(module (func $start ${what}) (start $start))`)
/** More than is compiled on this thread. */
const LARGE = wat(`(module (func (result i32) (local i64) (local.get 0)) (data "${'x'.repeat(8_192)}"))`)

export const FAILING: readonly Failing[] = [
  { bytes: Uint8Array.of(0, 1, 2, 3), expected: 'malformed' },
  { bytes: wat('(module (func (result i32)))'), expected: 'invalid-module' },
  { bytes: LARGE, expected: 'invalid-module' },
  { bytes: pluginBytes(0, { memory: false, watched: false, waits: false }), expected: 'missing-import' },
  { bytes: wat('(module (memory 2000))'), expected: 'limit-exceeded', options: { memoryLimit: 65_536 } },
  { bytes: STARTS_BY('unreachable'), expected: 'start-failed' },
  { bytes: STARTS_BY('(loop (br 0))'), expected: 'start-timeout', options: { startTimeout: 5 } },
]

export const failingLoad: Action = {
  name: 'load that fails',
  weight: 15,
  async run(stage) {
    const { bytes, expected, options } = stage.random.pick(FAILING)
    stage.saw(await load(stage, bytes, [expected], options))
  },
}

export const nameInUse: Action = {
  name: 'load under a name in use',
  weight: 5,
  async run(stage) {
    const { name } = stage.fleet.pick(stage.random).module
    stage.saw(await load(stage, FAILING[0]?.bytes as Uint8Array<ArrayBuffer>, ['name-in-use', 'malformed'], {}, name))
  },
}

export const abortedLoad: Action = {
  name: 'load that is aborted',
  weight: 10,
  async run(stage) {
    const controller = new AbortController()
    const options = { startTimeout: 100, signal: controller.signal }
    const loading = load(stage, STARTS_BY(stage.random.oneIn(2) ? '(loop (br 0))' : ''), ['aborted', 'start-timeout'], options)
    await sleep(stage.random.below(5))
    controller.abort()
    stage.saw(await loading)
  },
}

let loads = 0

/** Loads a module, which must fail in one of these ways, or else be closed at once. */
async function load(
  { fleet, violations }: Stage,
  bytes: Uint8Array<ArrayBuffer>,
  expected: readonly ErrorCode[],
  options: LoadOptions = {},
  name = `load ${loads++}`,
): Promise<string> {
  try {
    const module = await fleet.host.loadModule(name, bytes, options)
    await module.close()
    if (!expected.includes('aborted')) violations.add(`a module was loaded that should have failed by ${expected.join(' or ')}`)
    return 'ok'
  } catch (error) {
    if (!(error instanceof CurfewError)) throw error
    if (!expected.includes(error.code) && error.code !== 'thread-lost')
      violations.add(`loading failed by ${error.code} (${error.message}), and not by ${expected.join(' or ')}`)
    return error.code
  }
}
