import { callError } from '../errors.ts'
import type { Convention } from '../guests/convention.ts'
import { exchangeSignature } from '../guests/exchange.ts'
import type { Signature } from '../guests/signature.ts'

/** Which functions of a module bytes go through, by its convention: each is looked at when it is first used. */
export class ExchangeSignatures {
  readonly #module: string
  readonly #convention: Convention
  readonly #exported: ReadonlyMap<string, Signature>
  readonly #known = new Map<string, Signature>()

  constructor(module: string, convention: Convention, exported: ReadonlyMap<string, Signature>) {
    this.#module = module
    this.#convention = convention
    this.#exported = exported
  }

  /** @param name of an exported function. @throws UsageError `wrong-signature` */
  of(name: string): Signature {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const functions = this.#convention.functions(name, this.#exported)
    if (typeof functions === 'string') throw callError('wrong-signature', functions, { module: this.#module, function: name })
    const signature = exchangeSignature(name, functions)
    this.#known.set(name, signature)
    return signature
  }
}
