import type { Allowance } from '../budget.ts'
import { optionError } from '../errors.ts'
import type { GuestLease } from '../guests/executor.ts'
import { checkArguments, type Signature, signatureOf } from '../guests/signature.ts'
import { allowanceOf, type CallOptions, type CallSyncOptions } from './call-options.ts'
import { count, known } from './checks.ts'
import { traceCall, traceCallSync, tracesCalls } from './events.ts'
import type { ExchangeSignatures } from './exchange-signatures.ts'
import { type Callee, Exchanging } from './exchanges.ts'

interface MemoryOptions {
  /** Index of the memory. Default 0. */
  readonly memory?: number
}

/** What `Lease` needs to know of its module. */
export interface LeaseContext {
  readonly module: string
  readonly allowance: Allowance
  /** Does it count fuel? */
  readonly countsFuel: boolean
  readonly signatures: ReadonlyMap<string, Signature>
  readonly exchanges: ExchangeSignatures
}

/**
 * One instance of a module, held for several steps: nobody else calls it meanwhile. Pointers live in one instance's memory, so reading
 * and writing exist only here. After a stop, a trap or the end of `use` every operation throws `stale`.
 */
export class Lease extends Exchanging {
  readonly #guest: GuestLease
  readonly #context: LeaseContext

  /** @internal */
  constructor(guest: GuestLease, context: LeaseContext) {
    super()
    this.#guest = guest
    this.#context = context
  }

  /** As `Module.call`, on this instance. */
  async call(name: string, args: readonly unknown[] = [], options: CallOptions = {}): Promise<unknown[]> {
    const signature = signatureOf(this.#context.signatures, name, this.#context.module)
    checkArguments(signature, args, this.#context.module)
    const allowance = allowanceOf(this.#context, options)
    const { signal, context } = options
    if (!tracesCalls()) return this.#guest.call(signature, args, allowance, signal, { context })
    return traceCall(this.#context.module, name, (observe) => this.#guest.call(signature, args, allowance, signal, { observe, context }))
  }

  /** As `Module.callSync`, on this instance. */
  callSync(name: string, args: readonly unknown[] = [], options: CallSyncOptions = {}): unknown[] {
    const signature = signatureOf(this.#context.signatures, name, this.#context.module)
    checkArguments(signature, args, this.#context.module)
    const allowance = allowanceOf(this.#context, options)
    const { context } = options
    if (!tracesCalls()) return this.#guest.callSync(signature, args, allowance, { context })
    return traceCallSync(this.#context.module, name, (observe) => this.#guest.callSync(signature, args, allowance, { observe, context }))
  }

  protected get callee(): Callee {
    return { guest: this.#guest, context: this.#context }
  }

  /** A copy of bytes of the guest's memory. @throws UsageError `out-of-bounds`, `stale` */
  async read(address: number | bigint, length: number, options: MemoryOptions = {}): Promise<Uint8Array> {
    checkAddress('address', address)
    checkAddress('length', length)
    return this.#guest.read(address, length, memoryOf('read', options))
  }

  /** Writes bytes into the guest's memory. @throws UsageError `out-of-bounds`, `stale` */
  async write(address: number | bigint, bytes: Uint8Array, options: MemoryOptions = {}): Promise<void> {
    checkAddress('address', address)
    if (!(bytes instanceof Uint8Array)) throw optionError('bytes', 'a Uint8Array', bytes)
    return this.#guest.write(address, bytes, memoryOf('write', options))
  }

  /** Bytes of all memories of this instance. */
  get memorySize(): number {
    return this.#guest.memorySize
  }
}

function memoryOf(where: string, options: MemoryOptions): number {
  known(where, options, ['memory'])
  return count('memory', options.memory, 0)
}

function checkAddress(what: string, value: unknown): void {
  const whole = (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) || (typeof value === 'bigint' && value >= 0n && what === 'address')
  if (!whole) throw optionError(what, 'a whole number, 0 or more', value)
}
