import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { file, loadCommonJs } from '../../real/packages.ts'
import { type MemoryOf, put, type WasiProgram } from '../program.ts'

const SCRIPT = Array.from(
  { length: 40 },
  (_, index) => `if  [ $((${index} % 3)) -eq 0 ] ;then echo   "fizz ${index}" ;else\nfor x in a b;do echo $x-${index} ;done;fi`,
).join('\n')

interface Glue {
  readonly importObject: { readonly gojs: Record<string, (...args: number[]) => number> }
}

/** TinyGo's glue for what the language has of JavaScript; WASI is not its business here. */
function glue(memory: MemoryOf): Glue['importObject']['gojs'] {
  loadCommonJs('sh-syntax/vendors/wasm_exec.cjs')
  const go = new (globalThis as unknown as { Go: new () => Glue }).Go()
  const exports = {
    memory: {
      get buffer() {
        return memory()
      },
    },
  }
  Object.assign(go, { _inst: { exports }, _values: [Number.NaN, 0, null, true, false, globalThis, go], _goRefCounts: [], _ids: new Map(), _idPool: [] })
  return go.importObject.gojs
}

let formatted = ''

export const shSyntax: WasiProgram = {
  id: 'sh-syntax',
  label: 'sh-syntax (shfmt): a shell script, parsed and formatted',
  toolchain: 'Go, TinyGo',
  bytes: () => file('sh-syntax/main.wasm'),
  // Its `main` exits, and its functions are called after that
  imports: (memory) => ({ gojs: glue(memory), wasi_snapshot_preview1: { proc_exit: () => undefined } }),
  async use(guest) {
    await guest.call('_start')
    const text = (data: string) => put(guest, (length) => guest.call('wasmAlloc', length), data)
    const [path, script, stop, length] = [await text('a.sh'), await text(SCRIPT), await text(' '), SCRIPT.length]
    const options = [1, 1, 0, stop, 0, 0, 0, 0, 2, 1, 1, 1, 0, 0, 0, 0]
    const result = await guest.read(await guest.call('process', path, 4, 4, script, length, length, ...options), 20_000)
    formatted = JSON.parse(new TextDecoder().decode(result.subarray(0, result.indexOf(0)))).text
  },
  check() {
    assert.ok(formatted.startsWith('if [ $((0 % 3)) -eq 0 ]; then echo "fizz 0"; else\n  for x in a b; do echo $x-0; done\nfi\n'), formatted.slice(0, 100))
    const [before, after] = [SCRIPT, formatted].map((script) => spawnSync('sh', { input: script, encoding: 'utf8' }).stdout)
    assert.equal(after, before)
  },
}
