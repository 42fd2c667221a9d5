/** What a call is checked against, of a module or of a lease of one. */
import type { Allowance } from '../budget.ts'
import { callError, optionError, show } from '../errors.ts'
import type { Signature } from '../guests/signature.ts'
import type { ExchangeSignatures } from './exchange-signatures.ts'

/** What calls need to know of their module, whoever makes them. */
export interface LeaseContext {
  readonly module: string
  readonly allowance: Allowance
  /** Does it count fuel? */
  readonly countsFuel: boolean
  readonly signatures: ReadonlyMap<string, Signature>
  readonly exchanges: ExchangeSignatures
}

/** @throws UsageError `no-such-function`, which names the function and the module */
export function signatureOf(context: LeaseContext, name: string): Signature {
  const signature = context.signatures.get(name)
  if (signature !== undefined) return signature
  if (typeof name !== 'string') throw optionError('name', 'the name of an exported function', name)
  const known = [...context.signatures.keys()].slice(0, 10).map(show).join(', ')
  throw callError('no-such-function', `there is no function of that name; ${known === '' ? 'the module exports none' : `there is ${known}`}`, {
    module: context.module,
    function: name,
  })
}
