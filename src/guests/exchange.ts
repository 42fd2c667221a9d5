/**
 * An exchange as one call of the guest: what runs is a function of WebAssembly that calls those of the guest, as the steps of the convention have it,
 * and comes back to the host in between. For functions `$0`, `$1`, ... of types `P -> R`:
 *
 *   (func (export "run") (param $x externref) (result externref)
 *     (local $next i32)
 *     (local.set $next (call $begin (local.get $x)))
 *     (loop $again
 *       (block $end (block $1 (block $0
 *         (br_table $0 $1 $end (local.get $next)))
 *         (local.set $next (call $goOn0 (local.get $x) (call $0 (call $arg (local.get $x) (i32.const 0)) ...)))
 *         (br $again))
 *       ...)
 *     (call $output (local.get $x)))
 *
 * With no JavaScript frame below the guest, each step is sliced, can wait for a host function and ends by the call's budget, like any call. The host's
 * functions never have the guest below them: what they throw, no guest can catch.
 */
import { EXHAUSTED } from '../abi.ts'
import { callError } from '../errors.ts'
import type { GuestFunction, Instance } from '../runtime/instance.ts'
import { ExchangeFailure } from '../runtime/outcome.ts'
import { currentCall } from '../runtime/thread.ts'
import { UNCATCHABLE } from '../runtime/trap.ts'
import { EXTERNREF, type FuncType, formatFuncType, type ValType } from '../wasm/types.ts'
import { instruction, Writer } from '../wasm/writer.ts'
import type { Caller } from './caller.ts'
import type { Convention, ConventionGuest, ConventionMemory, Exported, GuestStep } from './convention.ts'
import { checkRange } from './guest-memory.ts'
import type { Imports, ImportsOf } from './imports.ts'
import type { Signature } from './signature.ts'

/** What comes out: bytes, or the text that they are. */
export type ExchangeForm = 'bytes' | 'text'
/** Data, to go to other threads. */
export type ExchangeArguments = readonly [input: Uint8Array, form: ExchangeForm, outputLimit: number]

/** Stands for an exchange where functions do. It takes `ExchangeArguments`, and returns bytes or text. */
export function exchangeSignature(name: string, functions: readonly Exported[]): Signature {
  return { name, params: [], results: [EXTERNREF], uncrossable: undefined, returnsFunctions: false, takesFunctions: false, exchange: functions }
}

/** One that has begun. */
class Exchange {
  readonly #steps: Generator<GuestStep, Uint8Array, readonly unknown[]>
  readonly #functions: readonly Exported[]
  readonly #form: ExchangeForm
  args: GuestStep['args'] = NONE
  output: Uint8Array | string | undefined

  constructor(steps: Generator<GuestStep, Uint8Array, readonly unknown[]>, functions: readonly Exported[], form: ExchangeForm) {
    this.#steps = steps
    this.#functions = functions
    this.#form = form
  }

  /** @returns the function to be called next, by its index; the number of them if there is none */
  next(results: readonly unknown[]): number {
    const { value, done } = this.#steps.next(results)
    if (done) {
      this.output = this.#form === 'text' ? textOf(value) : value
      return this.#functions.length
    }
    if (this.#functions[value.function]?.params.length !== value.args.length)
      throw new TypeError(`a convention called function ${value.function} with ${value.args.length} arguments, which there is not`)
    this.args = value.args
    return value.function
  }
}

const NONE: readonly never[] = []
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws GuestError `bad-output` */
function textOf(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes)
  } catch {
    throw callError('bad-output', `the output of ${bytes.length} bytes is not UTF-8`, { figures: { length: bytes.length } })
  }
}

/** What an instance has for its exchanges. */
interface Exchanges {
  readonly guest: ConventionGuest
  readonly entries: Map<readonly Exported[], GuestFunction>
}

function exchangesOf(instance: Instance): Exchanges {
  instance.exchanges ??= { guest: new ExchangingGuest(instance), entries: new Map() }
  return instance.exchanges as Exchanges
}

/** What is called for a signature: a function of the guest's, or what runs an exchange, which takes what `beginExchange` returns. */
export function entryOf(instance: Instance, { name, exchange }: Signature): GuestFunction {
  if (exchange === undefined) return instance.exports[name] as GuestFunction
  const { entries } = exchangesOf(instance)
  let entry = entries.get(exchange)
  if (entry === undefined) {
    entry = makeEntry(instance, exchange)
    entries.set(exchange, entry)
  }
  return entry
}

export function beginExchange(
  convention: Convention,
  instance: Instance,
  functions: readonly Exported[],
  [input, form, outputLimit]: ExchangeArguments,
): Exchange {
  return new Exchange(convention.exchange(exchangesOf(instance).guest, { functions, input, outputLimit }), functions, form)
}

/** What a module is given to import, and what its convention adds. */
export function withConvention(given: Imports | ImportsOf, convention: Convention): Imports | ImportsOf {
  if (convention.imports === undefined) return given
  return (caller) => {
    const imports: Record<string, Imports[string]> = { ...(typeof given === 'function' ? given(caller) : given) }
    for (const [module, added] of Object.entries(convention.imports?.(caller) ?? {})) imports[module] = { ...imports[module], ...added }
    return imports
  }
}

class ExchangingGuest implements ConventionGuest, ConventionMemory {
  readonly #instance: Instance

  constructor(instance: Instance) {
    this.#instance = instance
  }

  get caller(): Caller | undefined {
    return this.#instance.caller as Caller | undefined
  }

  get memory(): ConventionMemory {
    return this
  }

  get size(): number {
    return this.#buffer?.byteLength ?? 0
  }

  read(address: number, length: number): Uint8Array {
    return this.#range(address, length).slice()
  }

  write(address: number, bytes: Uint8Array): void {
    this.#range(address, bytes.length).set(bytes)
  }

  get #buffer(): ArrayBuffer | undefined {
    return this.#instance.memories[0]?.buffer
  }

  #range(address: number, length: number): Uint8Array {
    const buffer = this.#buffer ?? new ArrayBuffer(0)
    checkRange(this.caller?.module, address, length, buffer.byteLength)
    return new Uint8Array(buffer, address, length)
  }
}

/** One way on for all: in between, a call may have been stopped. */
function step(instance: Instance, exchange: Exchange, results: readonly unknown[]): number {
  const call = currentCall()
  if (call?.portion?.isOverdrawn) call.exhausted(EXHAUSTED.fuel)
  if (call === undefined || call.stopped !== undefined || instance.stopped) throw UNCATCHABLE
  const outer = call.hosting
  call.hosting = instance
  try {
    return exchange.next(results)
  } catch (error) {
    throw new ExchangeFailure(error)
  } finally {
    call.hosting = outer
  }
}

function makeEntry(instance: Instance, functions: readonly Exported[]): GuestFunction {
  const { exports } = new WebAssembly.Instance(moduleFor(functions), {
    g: Object.fromEntries(functions.map(({ name }, at) => [at, instance.exports[name] as WebAssembly.ExportValue])),
    h: {
      begin: (exchange: Exchange) => step(instance, exchange, NONE),
      goOn: (exchange: Exchange, ...results: unknown[]) => step(instance, exchange, results),
      arg: ({ args }: Exchange, at: number) => args[at],
      output: ({ output }: Exchange) => output,
    },
  })
  return exports.run as GuestFunction
}

/** By the types of the functions: most guests of a process have the same. */
const modules = new Map<string, WebAssembly.Module>()
const MOST_MODULES = 100

function moduleFor(functions: readonly Exported[]): WebAssembly.Module {
  const key = functions.map(formatFuncType).join()
  let module = modules.get(key)
  if (module === undefined) {
    module = new WebAssembly.Module(bytesFor(functions))
    if (modules.size >= MOST_MODULES) modules.clear()
    modules.set(key, module)
  }
  return module
}

const FUNCTION = 0
/** Of types: those of `run`, `begin` and `output`, then one for arguments of each type, then two for each function. */
const RUN = 0
const BEGIN = 1
const ARGUMENT = 2
const NUMBERS: readonly ValType[] = ['i32', 'i64', 'f32', 'f64']
const FIRST = ARGUMENT + NUMBERS.length
/** Imported functions. */
const TO_BEGIN = 0
const TO_OUTPUT = 1
const TO_ARGUMENT = 2
const FIRST_FUNCTION = TO_ARGUMENT + NUMBERS.length

function bytesFor(functions: readonly FuncType[]): Uint8Array<ArrayBuffer> {
  const writer = new Writer()
  writer.header()
  const types: FuncType[] = [
    { params: [EXTERNREF], results: [EXTERNREF] },
    { params: [EXTERNREF], results: ['i32'] },
    ...NUMBERS.map((type): FuncType => ({ params: [EXTERNREF, 'i32'], results: [type] })),
    ...functions.flatMap(({ params, results }): FuncType[] => [
      { params, results },
      { params: [EXTERNREF, ...results], results: ['i32'] },
    ]),
  ]
  writer.section(1, (section) =>
    section.vec(types, ({ params, results }) => {
      section.u8(0x60)
      section.vec(params, (type) => section.valType(type))
      section.vec(results, (type) => section.valType(type))
    }),
  )
  const imports: [module: string, name: string, type: number][] = [
    ['h', 'begin', BEGIN],
    ['h', 'output', RUN],
    ...NUMBERS.map((_, at): [string, string, number] => ['h', 'arg', ARGUMENT + at]),
    ...functions.flatMap((_, at): [string, string, number][] => [
      ['g', `${at}`, FIRST + 2 * at],
      ['h', 'goOn', FIRST + 2 * at + 1],
    ]),
  ]
  writer.section(2, (section) =>
    section.vec(imports, ([module, name, type]) => {
      section.name(module)
      section.name(name)
      section.u8(FUNCTION)
      section.u32(type)
    }),
  )
  writer.section(3, (section) => section.vec([RUN], (type) => section.u32(type)))
  writer.section(7, (section) => {
    section.u32(1)
    section.name('run')
    section.u8(FUNCTION)
    section.u32(imports.length)
  })
  writer.section(10, (section) => section.vec([functions], (called) => section.sized((body) => run(body, called))))
  return writer.finish()
}

const EXCHANGE = 0
const NEXT = 1

function run(body: Writer, functions: readonly FuncType[]): void {
  body.u32(1)
  body.u32(1)
  body.valType('i32')
  instruction(body, 'local.get', EXCHANGE)
  instruction(body, 'call', TO_BEGIN)
  instruction(body, 'local.set', NEXT)
  instruction(body, 'block', 'empty')
  instruction(body, 'loop', 'empty')
  for (const _ of functions) instruction(body, 'block', 'empty')
  instruction(body, 'local.get', NEXT)
  // The labels of the blocks, then of the loop, then of what is around it
  instruction(body, 'br_table', [...functions.keys(), functions.length + 1])
  for (const [at, { params }] of functions.entries()) {
    instruction(body, 'end')
    instruction(body, 'local.get', EXCHANGE)
    for (const [index, type] of params.entries()) {
      instruction(body, 'local.get', EXCHANGE)
      instruction(body, 'i32.const', index)
      instruction(body, 'call', TO_ARGUMENT + NUMBERS.indexOf(type))
    }
    instruction(body, 'call', FIRST_FUNCTION + 2 * at)
    instruction(body, 'call', FIRST_FUNCTION + 2 * at + 1)
    instruction(body, 'local.set', NEXT)
    instruction(body, 'br', functions.length - 1 - at)
  }
  instruction(body, 'end')
  instruction(body, 'end')
  instruction(body, 'local.get', EXCHANGE)
  instruction(body, 'call', TO_OUTPUT)
  instruction(body, 'end')
}
