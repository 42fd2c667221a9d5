import { ALL_FUEL, type Allowance } from '../budget.ts'
import { callError, optionError } from '../errors.ts'
import type { Guest } from '../guests/executor.ts'
import { checkArguments, type Extern, externsOf, type ImportedExtern, type Signature } from '../guests/signature.ts'
import type { ModuleStats } from '../guests/stats.ts'
import { DEFAULT_LEASE_TIMEOUT } from '../limits.ts'
import type { ModuleType } from '../wasm/module-type.ts'
import { allowanceOf, type CallOptions, type CallSyncOptions, checkLeaseOptions, type LeaseOptions } from './call-options.ts'
import { Lease, type LeaseContext, signatureOf } from './lease.ts'

/** What a module is made of, by the host that loads it. */
export interface ModuleParts {
  readonly name: string
  readonly guest: Guest
  readonly allowance: Allowance
  /** Does it count fuel? */
  readonly countsFuel: boolean
  readonly signatures: ReadonlyMap<string, Signature>
  readonly type: ModuleType
}

/** A loaded plugin. Its calls run one after another, each on a state that the one before left. */
export class Module {
  readonly #parts: ModuleParts
  readonly #context: LeaseContext
  /** Made when somebody asks: of ten thousand modules, most are only called. */
  #externs: ReturnType<typeof externsOf> | undefined

  /** @internal Made by `Host.loadModule`. */
  constructor(parts: ModuleParts) {
    this.#parts = parts
    this.#context = { module: parts.name, allowance: parts.allowance, countsFuel: parts.countsFuel, signatures: parts.signatures }
  }

  /** The name it was loaded under (Wazero: `api.Module.Name`). */
  get name(): string {
    return this.#parts.name
  }

  /** What it exports, with types. */
  get exports(): readonly Extern[] {
    return this.#described.exports
  }

  /** What it imports, with types. */
  get imports(): readonly ImportedExtern[] {
    return this.#described.imports
  }

  get #described(): ReturnType<typeof externsOf> {
    this.#externs ??= externsOf(this.#parts.type)
    return this.#externs
  }

  /** Wall-clock limit of a call in ms, as the host, `maxExecTimeout` and the module's options make it; 0: none. */
  get execTimeout(): number {
    const { timeout } = this.#parts.allowance
    return timeout === Number.POSITIVE_INFINITY ? 0 : timeout
  }

  /** Bytes of all memories of the present instance; 0 while there is none. */
  get memorySize(): number {
    return this.#parts.guest.memorySize
  }

  get stats(): ModuleStats {
    return this.#parts.guest.stats
  }

  /**
   * Calls an exported function. It waits for the module's other calls, runs in slices of the event loop's turns where the engine can
   * suspend it (`host.features.slices`), and ends by its deadline.
   * @param args number for i32, f32 and f64, bigint for i64; never converted silently
   * @returns the results, always an array; i64 as bigint
   * @throws StopError `deadline`, `cpu-timeout`, `aborted`, `closed`; TrapError `trap`, `stack-overflow`, `guest-exception`;
   * HostFunctionError; UsageError `no-such-function`, `bad-argument`, `not-callable`, `overloaded`, `broken`
   */
  call(name: string, args: readonly unknown[] = [], options: CallOptions = NO_OPTIONS): Promise<unknown[]> {
    // Not an async function: that would add three turns of the microtask queue to every call
    try {
      const signature = signatureOf(this.#context, name)
      checkArguments(signature, args, this.#parts.name)
      const { guest, allowance } = this.#parts
      return guest.call(signature, args, options === NO_OPTIONS ? allowance : allowanceOf(this.#context, options), options.signal)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Calls an exported function at once, on this stack: it holds the event loop until the guest is done or out of time, and cannot see a
   * signal meanwhile.
   * @throws as `call`; UsageError `busy` if the instance is running, suspended or leased; `unbounded` if no limit on time applies
   * and `timeout: Infinity` was not written out
   */
  callSync(name: string, args: readonly unknown[] = [], options: CallSyncOptions = NO_OPTIONS): unknown[] {
    const signature = signatureOf(this.#context, name)
    checkArguments(signature, args, this.#parts.name)
    return this.#parts.guest.callSync(signature, args, syncAllowance(this.#context, signature, options))
  }

  /**
   * Holds one instance for several steps: nobody else calls it until `work` has settled.
   * @returns what `work` returns
   * @throws UsageError `lease-timeout`; StopError `aborted`, `closed`; what `work` throws
   */
  async use<T>(work: (instance: Lease) => T | Promise<T>, options: LeaseOptions = {}): Promise<T> {
    if (typeof work !== 'function') throw optionError('work', 'a function', work)
    checkLeaseOptions(options)
    const { timeout = DEFAULT_LEASE_TIMEOUT, signal } = options
    const lease = await this.#parts.guest.lease(timeout === 0 ? Number.POSITIVE_INFINITY : timeout, signal)
    try {
      return await Promise.race([work(new Lease(lease, this.#context)), lease.stopped])
    } finally {
      lease.release()
    }
  }

  /** Ends its calls with `closed`, frees its name. Closing twice is fine. Resolves when nothing of it runs. */
  async close(): Promise<void> {
    await this.#parts.guest.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const NO_OPTIONS: CallOptions = Object.freeze({})

/** The allowance of a synchronous call, which must be bounded or say that it is not. */
export function syncAllowance(context: LeaseContext, { name }: Signature, options: CallSyncOptions): Allowance {
  const allowance = options === NO_OPTIONS ? context.allowance : allowanceOf(context, options)
  const { timeout, cpuTimeout, fuel } = allowance
  const isBounded = timeout !== Number.POSITIVE_INFINITY || cpuTimeout !== Number.POSITIVE_INFINITY || (context.countsFuel && fuel < ALL_FUEL)
  if (isBounded || options.timeout === Number.POSITIVE_INFINITY) return allowance
  throw callError('unbounded', 'no limit on time or fuel applies to this synchronous call', { module: context.module, function: name })
}
