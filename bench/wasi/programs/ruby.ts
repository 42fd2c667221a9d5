import assert from 'node:assert/strict'
import { file } from '../../real/packages.ts'
import { put, type WasiProgram, words } from '../program.ts'

const MOST = 2000
const SCRIPT = `
require "json"
require "set"
primes = (2..${MOST}).select { |n| (2..Math.sqrt(n)).none? { |d| (n % d).zero? } }
words = Set.new(File.read("/in/text.txt").split)
File.write("/in/out.txt", words.sort.join(" "))
begin
  raise ArgumentError, "caught"
rescue => error
  puts JSON.generate({ primes: primes, words: words.size, error: error.message, at: Dir.children("/in").sort })
end
$stdout.flush
`
/** Its name, with the type of what it takes and gives. */
const EVALUATE = 'rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>'

const bytes = () => file('@ruby/3.4-wasm-wasi/dist/ruby+stdlib.wasm')

export const ruby: WasiProgram = {
  id: 'ruby',
  label: '@ruby/3.4-wasm-wasi: a script with its standard library and files',
  toolchain: 'C, WASI SDK',
  bytes,
  // Its standard library is data of the module
  limits: { caps: { activeData: 32 * 1024 * 1024 } },
  // How its scripts reach JavaScript, which this one does not
  imports: () => {
    const imports: Record<string, Record<string, (value: number) => number>> = {}
    for (const { module, name } of WebAssembly.Module.imports(new WebAssembly.Module(bytes()))) {
      if (module.startsWith('wasi')) continue
      imports[module] ??= {}
      imports[module][name] = name.startsWith('resource_') ? (value) => value : () => unexpected(name)
    }
    return imports
  },
  files: { in: { 'text.txt': 'to be or not to be' } },
  async use(guest) {
    const allocate = (length: number) => guest.call('cabi_realloc', 0, 0, 4, length)
    const text = async (data: string) => [await put(guest, allocate, data), data.length] as const
    const args = [await text('ruby\0'), await text('-EUTF-8\0'), await text('-e_=0\0')]
    await guest.call('ruby-init: func(args: list<string>) -> ()', await put(guest, allocate, words(...args.flat())), args.length)
    const result = await guest.read((await guest.call(EVALUATE, ...(await text(SCRIPT)))) + 4, 4)
    assert.deepEqual([...result], [0, 0, 0, 0])
  },
  check({ stdout, file: read }) {
    const primes = Array.from({ length: MOST - 1 }, (_, index) => index + 2).filter(
      (n) => !Array.from({ length: n }, (_, d) => d).some((d) => d > 1 && n % d === 0),
    )
    assert.deepEqual(JSON.parse(stdout), { primes, words: 4, error: 'caught', at: ['out.txt', 'text.txt'] })
    assert.equal(new TextDecoder().decode(read('in/out.txt')), 'be not or to')
  },
}

function unexpected(name: string): never {
  throw new Error(`the script is not expected to call ${name}`)
}
