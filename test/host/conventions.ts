/** The seam between bytes and functions: another convention than Curfew's own. */
import assert from 'node:assert/strict'
import { type Caller, type Convention, GuestError } from '../../src/index.ts'
import { behaviour, failure, type Mode } from '../support/host.ts'

export function conventions(mode: Mode): void {
  // Nothing of a guest on another thread is seen from here
  if (mode.threads !== undefined) {
    behaviour('in threads there are the conventions that have a name, and no others', async (bench) => {
      const failed = await failure(bench.load(HOSTED, { convention: hosted() }), 'invalid-option')
      assert.match(failed.message, /`convention` takes 'packed' with `threads`, but got an object/)
    })
    return
  }

  behaviour('another convention may stand in its place: one whose input and output the host keeps, by imports of each instance', async (bench) => {
    const contexts: unknown[] = []
    const module = await bench.load(HOSTED, { convention: hosted(contexts), imports: { env: { shout: () => 33 } }, instances: 2 })
    const texts = ['', 'hello', 'wörld', 'x'.repeat(70_000)]
    assert.deepEqual(
      await Promise.all(texts.map((text) => module.callText('shout', text))),
      texts.map((text) => `${text}!`),
    )
    assert.deepEqual(await module.callJson('echo', [1, { two: 2 }]), [1, { two: 2 }])
    const failed = await failure(module.callText('fail', 'no luck', { context: 'given' }), 'guest-error')
    assert.equal(contexts.at(-1), 'given')
    assert.deepEqual([failed.cause, failed.function, failed.module], ['no luck', 'fail', 'text'])
    assert.equal(module.stats.restarts, 0)
    await failure(module.callText('trap', 'x'), 'trap')
    assert.match((await failure(module.callText('typed', 'x'), 'wrong-signature')).message, /needs a function \(\) -> i32/)
    assert.deepEqual(await module.call('length'), [0], 'outside of an exchange there is no input')
  })

  behaviour('what another convention does wrong ends the call, and not the host', async (bench) => {
    const bad = (exchange: Convention['exchange']) => ({ ...hosted(), exchange })
    const cases: [Convention, RegExp][] = [
      [
        bad(function* () {
          yield { function: 0, args: [] }
          throw new Error('a bug of its own')
        }),
        /a bug of its own/,
      ],
      [
        bad(function* () {
          yield { function: 1, args: [] }
          return new Uint8Array()
        }),
        /called function 1 with 0 arguments/,
      ],
      [
        bad(function* () {
          yield { function: 0, args: [1] }
          return new Uint8Array()
        }),
        /called function 0 with 1 arguments/,
      ],
      [
        bad(function* ({ memory }) {
          yield { function: 0, args: [] }
          return memory.view(65_536, 1)
        }),
        /bytes 65536 to 65537 are outside/,
      ],
    ]
    for (const [at, [convention, message]] of cases.entries()) {
      const module = await bench.load(HOSTED, { convention, imports: { env: { shout: () => 33 } }, name: `case ${at}` })
      assert.match((await failure(module.callBytes('shout', new Uint8Array()))).message, message)
    }
    for (const convention of [null, {}, 'other', 1]) await failure(bench.load(HOSTED, { convention: convention as unknown as Convention }), 'invalid-option')
  })
}

/** Keeps the input and the output of an exchange on the host's side, as Extism does; functions say by 0 that all went well. */
function hosted(contexts: unknown[] = []): Convention {
  interface State {
    input: Uint8Array | undefined
    output: number[]
  }
  const states = new WeakMap<Caller, State>()
  return {
    name: 'hosted',
    functions(name, exported) {
      const type = exported.get(name)
      return type?.params.length === 0 && type.results.join() === 'i32' ? [{ name, ...type }] : 'needs a function () -> i32'
    },
    imports(caller) {
      const state: State = { input: undefined, output: [] }
      states.set(caller, state)
      return {
        hosted: {
          input_length: () => state.input?.length ?? 0,
          input_load: (at: number) => state.input?.[at >>> 0] ?? 0,
          output: (address: number, length: number) => void state.output.push(...caller.memory.read(address >>> 0, length >>> 0)),
        },
      }
    },
    *exchange({ caller }, { input, take }) {
      const state = states.get(caller as Caller) as State
      contexts.push(caller?.context)
      state.input = input
      state.output = []
      const [code] = yield { function: 0, args: [] }
      const { output } = state
      state.input = undefined
      const bytes = Uint8Array.from(output)
      if (code === 0) return take(bytes)
      throw new GuestError('guest-error', `code ${code}`, { cause: new TextDecoder().decode(bytes) })
    },
  }
}

/** Copies its input to the output, a byte at a time: and adds one, if it is there to shout. */
const HOSTED = `(module
  (import "hosted" "input_length" (func $length (result i32))) (import "hosted" "input_load" (func $load (param i32) (result i32)))
  (import "hosted" "output" (func $output (param i32 i32))) (import "env" "shout" (func $shout (result i32)))
  (memory 1)
  (func $copy (local $at i32)
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $at) (call $length)))
      (i32.store8 (i32.const 8) (call $load (local.get $at)))
      (call $output (i32.const 8) (i32.const 1))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next))))
  (func (export "shout") (result i32) (call $copy) (i32.store8 (i32.const 8) (call $shout)) (call $output (i32.const 8) (i32.const 1)) (i32.const 0))
  (func (export "length") (result i32) (call $length))
  (func (export "echo") (result i32) (call $copy) (i32.const 0))
  (func (export "fail") (result i32) (call $copy) (i32.const 7))
  (func (export "trap") (result i32) unreachable)
  (func (export "typed") (param i32)))`
