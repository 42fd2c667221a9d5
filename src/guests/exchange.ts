/**
 * An exchange as one call of the guest: what runs is a function of WebAssembly (`exchange-module.ts`) that calls those of the guest, as the steps of the
 * convention have it, and comes back to the host in between. With no JavaScript frame below the guest, each step is sliced, can wait for a host function
 * and ends by the call's budget, like any call. The host's part never has the guest below it: what it throws, no guest can catch.
 */
import { EXHAUSTED } from '../abi.ts'
import { callError } from '../errors.ts'
import type { GuestFunction, Instance } from '../runtime/instance.ts'
import { ExchangeFailure } from '../runtime/outcome.ts'
import { currentCall } from '../runtime/thread.ts'
import { UNCATCHABLE } from '../runtime/trap.ts'
import { EXTERNREF } from '../wasm/types.ts'
import type { Caller } from './caller.ts'
import type { Convention, ConventionGuest, ConventionMemory, ExchangeOutput, ExchangeSteps, Exported, GuestStep } from './convention.ts'
import { moduleFor } from './exchange-module.ts'
import type { GuestSpec } from './executor.ts'
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
  readonly #steps: ExchangeSteps
  readonly #functions: readonly Exported[]
  args: GuestStep['args'] = NONE
  output: ExchangeOutput | undefined

  constructor(steps: ExchangeSteps, functions: readonly Exported[]) {
    this.#steps = steps
    this.#functions = functions
  }

  /** @returns the function to be called next, by its index; the number of them if there is none */
  next(results: readonly unknown[]): number {
    const { value, done } = this.#steps.next(results)
    if (done) {
      this.output = value
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

const bytesOf = (bytes: Uint8Array): Uint8Array => bytes.slice()

/** @throws GuestError `bad-output` */
function textOf(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes)
  } catch {
    throw callError('bad-output', `the output of ${bytes.length} bytes is not UTF-8`, { figures: { length: bytes.length } })
  }
}

/** What is called for a signature: a function of the guest's, or what runs an exchange, which takes what `beginExchange` returns. */
export function entryOf(instance: Instance, { name, exchange }: Signature): GuestFunction {
  if (exchange === undefined) return instance.exports[name] as GuestFunction
  instance.exchanges ??= new Map()
  const entries = instance.exchanges as Map<readonly Exported[], GuestFunction>
  let entry = entries.get(exchange)
  if (entry === undefined) {
    entry = makeEntry(instance, exchange)
    entries.set(exchange, entry)
  }
  return entry
}

export function beginExchange(
  { name, convention }: Pick<GuestSpec, 'name' | 'convention'>,
  instance: Instance,
  functions: readonly Exported[],
  [input, form, outputLimit]: ExchangeArguments,
): Exchange {
  const take = form === 'text' ? textOf : bytesOf
  return new Exchange(convention.exchange(new ExchangingGuest(name, instance), { functions, input, outputLimit, take }), functions)
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
  readonly #module: string
  readonly #instance: Instance

  constructor(module: string, instance: Instance) {
    this.#module = module
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

  view(address: number, length: number): Uint8Array {
    const buffer = this.#buffer ?? new ArrayBuffer(0)
    checkRange(this.#module, address, length, buffer.byteLength)
    return new Uint8Array(buffer, address, length)
  }

  write(address: number, bytes: Uint8Array): void {
    this.view(address, bytes.length).set(bytes)
  }

  get #buffer(): ArrayBuffer | undefined {
    return this.#instance.memories[0]?.buffer
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
