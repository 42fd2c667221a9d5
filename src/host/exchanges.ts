/** Bytes, text and JSON in and out, of a module or of an instance that is held. */
import { callError, engineMessage, isOf, show } from '../errors.ts'
import type { ExchangeForm } from '../guests/exchange.ts'
import type { Guest, Observe } from '../guests/executor.ts'
import { signatureOf } from '../guests/signature.ts'
import { DEFAULT_OUTPUT_LIMIT } from '../limits.ts'
import { allowanceOf, type CallOptions } from './call-options.ts'
import { checkOptions, count } from './checks.ts'
import { traceCall, tracesCalls } from './events.ts'
import type { LeaseContext } from './lease.ts'

export interface ExchangeOptions extends CallOptions {
  /** Bytes that the guest may give back. Default 16 MiB: copying and parsing them holds the event loop. */
  readonly outputLimit?: number
}

/** Whose functions are called. */
export interface Callee {
  readonly guest: Pick<Guest, 'call'>
  readonly context: LeaseContext
}

/** Takes it away from who could change it while the call waits. */
const copied = (input: Uint8Array): Uint8Array => new Uint8Array(input)
const ENCODER = new TextEncoder()
const NO_OPTIONS: ExchangeOptions = Object.freeze({})

/** Each of these is one call, by the module's convention: one deadline for all its steps, one instance. See docs/plugins.md for what a plugin exports. */
export abstract class Exchanging {
  protected abstract get callee(): Callee

  /**
   * Passes bytes to a function of the guest.
   * @returns the bytes that it gives back, a copy
   * @throws GuestError `guest-error`, `bad-output`, `alloc-failed`; UsageError `wrong-signature`; and as `call`
   */
  async callBytes(name: string, input: Uint8Array, options: ExchangeOptions = NO_OPTIONS): Promise<Uint8Array> {
    if (!isOf(input, Uint8Array)) throw this.#badArgument(name, `the input is a Uint8Array, but got ${show(input)}`)
    if ((input.buffer as { detached?: boolean }).detached) throw this.#badArgument(name, 'the input is a Uint8Array whose bytes were given away')
    return this.#exchange(name, copied(input), 'bytes', options, (output) => output as Uint8Array)
  }

  /** The same with text, which goes in and comes out as UTF-8. @throws as `callBytes`; GuestError `bad-output` for what is not UTF-8 */
  async callText(name: string, input: string, options: ExchangeOptions = NO_OPTIONS): Promise<string> {
    if (typeof input !== 'string') throw this.#badArgument(name, `the input is a string, but got ${show(input)}`)
    if (!input.isWellFormed()) throw this.#badArgument(name, 'the input has half of a surrogate pair, for which there is no UTF-8')
    return this.#exchange(name, ENCODER.encode(input), 'text', options, (output) => output as string)
  }

  /**
   * The same with a value, which goes in and comes out as JSON. What comes out is what the guest says: nothing checks that it is an `Out`.
   * @throws as `callText`; UsageError `bad-argument` for what has no JSON; GuestError `bad-output` for what is not JSON
   */
  async callJson<Out = unknown>(name: string, input: unknown, options: ExchangeOptions = NO_OPTIONS): Promise<Out> {
    return this.#exchange(name, ENCODER.encode(this.#json(name, input)), 'text', options, (output) => this.#parsed(name, output as string) as Out)
  }

  async #exchange<T>(name: string, input: Uint8Array, form: ExchangeForm, options: ExchangeOptions, read: (output: unknown) => T): Promise<T> {
    const { guest, context } = this.callee
    checkOptions(options)
    signatureOf(context.signatures, name, context.module)
    const signature = context.exchanges.of(name)
    const args = [input, form, count('outputLimit', options.outputLimit, DEFAULT_OUTPUT_LIMIT)]
    if (options === NO_OPTIONS && !tracesCalls()) return read((await guest.call(signature, args, context.allowance, undefined))[0])
    const { outputLimit: _, ...call } = options
    const allowance = allowanceOf(context, call)
    const make = async (observe?: Observe) => [read((await guest.call(signature, args, allowance, call.signal, { observe, context: call.context }))[0])]
    const [output] = (tracesCalls() ? await traceCall(context.module, name, make) : await make()) as [T]
    return output
  }

  #json(name: string, input: unknown): string {
    let text: string | undefined
    try {
      text = JSON.stringify(input)
    } catch (cause) {
      throw this.#badArgument(name, `the input cannot be written as JSON: ${engineMessage(cause)}`, cause)
    }
    if (text === undefined) throw this.#badArgument(name, `the input cannot be written as JSON: there is none for ${show(input)}`)
    return text
  }

  #parsed(name: string, text: string): unknown {
    try {
      return JSON.parse(text)
    } catch (cause) {
      const what = `the output of ${text.length} characters is not JSON: ${engineMessage(cause)}`
      throw callError('bad-output', what, { module: this.callee.context.module, function: name, ran: true, figures: { length: text.length }, cause })
    }
  }

  #badArgument(name: string, what: string, cause?: unknown): Error {
    const { module } = this.callee.context
    return callError('bad-argument', what, { module, ...(typeof name === 'string' ? { function: name } : {}), ...(cause === undefined ? {} : { cause }) })
  }
}
