import { ALL_FUEL, type Allowance } from '../budget.ts'
import { callError, LoadError, optionError } from '../errors.ts'
import type { Guest } from '../guests/executor.ts'
import { checkArguments, type Extern, externsOf, type ImportedExtern, type Signature, signatureOf } from '../guests/signature.ts'
import { type ModuleStats, sumOfStats } from '../guests/stats.ts'
import { DEFAULT_DRAIN_TIMEOUT, DEFAULT_LEASE_TIMEOUT } from '../limits.ts'
import { allowanceOf, type CallOptions, type CallSyncOptions, checkLeaseOptions, type LeaseOptions } from './call-options.ts'
import { checkOptions, checkSignal, duration } from './checks.ts'
import { tellClosed, tellReplaced, traceCall, traceCallSync, tracesCalls } from './events.ts'
import { type Callee, Exchanging } from './exchanges.ts'
import { Lease, type LeaseContext } from './lease.ts'
import type { Version } from './loader.ts'
import type { LoadOptions } from './options.ts'
import { type Drained, drain } from './replacement.ts'
import { type RunOptions, type RunResult, runCommand } from './run.ts'
import type { ModuleSource } from './source.ts'

/** What a module needs of its host. */
export interface ModuleHost {
  /** Loads another version, with changed options; `adopt` takes it. @throws LoadError */
  load<T>(source: ModuleSource, changes: LoadOptions, adopt: (version: Version) => T): Promise<T>
  /** The module has closed: its name is free. */
  forget(): void
}

export interface ReplaceOptions extends LoadOptions {
  /** How long calls and leases of the former version may go on, ms, before they end with `closed`. Default 30,000. 0: no limit. */
  readonly drainTimeout?: number
}

/** A loaded plugin. Calls of one instance run one after another, each on a state that the one before left. */
export class Module extends Exchanging {
  readonly #name: string
  readonly #host: ModuleHost
  #version: Version
  #context: LeaseContext
  /** Of this version, made when somebody asks: of ten thousand modules, most are only called. */
  #externs: ReturnType<typeof externsOf> | undefined
  /** Versions that were replaced and have calls yet, or are being closed. */
  readonly #draining = new Set<Guest>()
  /** What those have done that are closed and have no calls left. */
  #before: ModuleStats | undefined
  /** The next version, while it is loaded. */
  #replacing: { readonly cancel: AbortController; readonly settled: Promise<void> } | undefined
  #closed = false

  /** @internal Made by `Host.loadModule`. */
  constructor(name: string, version: Version, host: ModuleHost) {
    super()
    this.#name = name
    this.#host = host
    this.#version = version
    this.#context = contextOf(name, version)
    version.ending.tell = () => this.#ended()
  }

  /** The name it was loaded under (Wazero: `api.Module.Name`). */
  get name(): string {
    return this.#name
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
    this.#externs ??= externsOf(this.#version.type)
    return this.#externs
  }

  /** Wall-clock limit of a call in ms, as the host, `maxExecTimeout` and the module's options make it; 0: none. */
  get execTimeout(): number {
    const { timeout } = this.#version.allowance
    return timeout === Number.POSITIVE_INFINITY ? 0 : timeout
  }

  /** Bytes of all memories of its instances; 0 while there is none. With threads, as of the last answer. */
  get memorySize(): number {
    return this.#version.guest.memorySize
  }

  /** What all its versions have done. */
  get stats(): ModuleStats {
    return [...this.#draining].reduce((sum, guest) => sumOfStats(sum, guest.stats), this.#statsOfClosed(this.#version.guest.stats))
  }

  /**
   * Calls an exported function. It waits for the module's other calls, runs in slices of the event loop's turns where the engine can
   * suspend it (`host.features.slices`), and ends by its deadline.
   * @param args number for i32, f32 and f64, bigint for i64; never converted silently
   * @returns the results, always an array; i64 as bigint
   * @throws StopError `deadline`, `cpu-timeout`, `out-of-fuel`, `memory-limit`, `aborted`, `closed`, `thread-lost`; TrapError `trap`, `stack-overflow`, `guest-exception`;
   * HostFunctionError; UsageError `no-such-function`, `bad-argument`, `not-callable`, `overloaded`, `broken`
   */
  call(name: string, args: readonly unknown[] = [], options: CallOptions = NO_OPTIONS): Promise<unknown[]> {
    // Not an async function: that would add three turns of the microtask queue to every call
    try {
      const signature = signatureOf(this.#context.signatures, name, this.#name)
      checkArguments(signature, args, this.#name)
      const { guest } = this.#version
      const allowance = options === NO_OPTIONS ? this.#version.allowance : allowanceOf(this.#context, options)
      const { signal, context } = options
      if (!tracesCalls()) return guest.call(signature, args, allowance, signal, context === undefined ? undefined : { context })
      return traceCall(this.#name, name, (observe) => guest.call(signature, args, allowance, signal, { observe, context }))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Calls an exported function at once, on this stack: it holds the event loop until the guest is done or out of time, and cannot see a
   * signal meanwhile.
   * @throws as `call`; UsageError `busy` if the instance is running, suspended or leased; `unbounded` if no limit on time applies
   * and `timeout: Infinity` was not written out; `unsupported` with `threads`
   */
  callSync(name: string, args: readonly unknown[] = [], options: CallSyncOptions = NO_OPTIONS): unknown[] {
    const signature = signatureOf(this.#context.signatures, name, this.#name)
    checkArguments(signature, args, this.#name)
    const { guest } = this.#version
    const allowance = syncAllowance(this.#context, signature, options)
    const { context } = options
    if (!tracesCalls()) return guest.callSync(signature, args, allowance, context === undefined ? undefined : { context })
    return traceCallSync(this.#name, name, (observe) => guest.callSync(signature, args, allowance, { observe, context }))
  }

  protected get callee(): Callee {
    return { guest: this.#version.guest, context: this.#context }
  }

  /**
   * Runs a program that was loaded with `wasi`: its `_start`, in an instance of its own unless `reuse` says otherwise.
   * @returns its exit code, whatever that is, and what it wrote
   * @throws as `call`, with `output`: what it had written by then; StopError `output-limit`; UsageError `no-such-function` for what is no program;
   * CurfewError `invalid-option`
   */
  run(options: RunOptions & { readonly encoding: 'buffer' }): Promise<RunResult<Uint8Array>>
  run(options?: RunOptions & { readonly encoding?: 'utf8' }): Promise<RunResult<string>>
  run(options: RunOptions = {}): Promise<RunResult> {
    return runCommand(this.#name, this.#version.wasi, options, (limits) => ({
      timeout: allowanceOf(this.#context, limits).timeout,
      called: this.call('_start', [], limits),
    }))
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
    const context = this.#context
    const lease = await this.#version.guest.lease(timeout === 0 ? Number.POSITIVE_INFINITY : timeout, signal)
    try {
      return await Promise.race([work(new Lease(lease, context)), lease.stopped])
    } finally {
      lease.release()
    }
  }

  /**
   * Swaps the module for another version without a gap: that is loaded and started while this one serves, then has all new calls; the
   * calls, leases and waiting calls of this one go on until they are done, or `drainTimeout` is over. If loading fails, nothing has changed.
   * @param options as those of `loadModule`, each by default as it was there
   * @returns when the former version is closed: were all its calls done?
   * @throws LoadError; CurfewError `invalid-option`; UsageError `busy` while another replacement is loading
   */
  async replace(source: ModuleSource, options: ReplaceOptions = {}): Promise<Drained> {
    checkOptions(options)
    const { drainTimeout, ...changes } = options
    const limit = duration('drainTimeout', drainTimeout, DEFAULT_DRAIN_TIMEOUT)
    if (this.#closed) throw this.#closedWhileLoading()
    if (this.#replacing !== undefined) throw callError('busy', 'another version of the module is being loaded', { module: this.#name })
    checkSignal(changes.signal)
    const cancel = new AbortController()
    const signal = changes.signal === undefined ? cancel.signal : AbortSignal.any([cancel.signal, changes.signal])
    const loading = this.#host.load(source, { ...changes, signal }, (version) => this.#adopt(version))
    this.#replacing = { cancel, settled: loading.then(IGNORE, IGNORE) }
    const { guest, idle } = await loading
      .catch((error) => {
        throw cancel.signal.aborted ? this.#closedWhileLoading() : error
      })
      .finally(() => {
        this.#replacing = undefined
      })
    const draining = drain(guest, idle, limit)
    // It may be closed before its last call has ended, by a host function of that; and idle before calls are counted that its close has overtaken on the way to a thread
    void Promise.allSettled([idle, draining]).then(() => this.#retire(guest))
    const { drained } = await draining
    return { drained: drained && !this.#closed }
  }

  /** Ends its calls with `closed`, frees its name. Closing twice is fine. Resolves when nothing of it runs. */
  async close(): Promise<void> {
    this.#replacing?.cancel.abort()
    const closing = [this.#version.guest, ...this.#draining].map((guest) => guest.close())
    await Promise.all([this.#replacing?.settled, ...closing])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @returns the guest before, and when its last call or lease has ended */
  #adopt(version: Version): { readonly guest: Guest; readonly idle: Promise<void> } {
    if (this.#closed) {
      void version.guest.close()
      throw this.#closedWhileLoading()
    }
    const former = this.#version
    this.#draining.add(former.guest)
    former.ending.tell = () => undefined
    version.ending.tell = () => this.#ended()
    this.#version = version
    this.#context = contextOf(this.#name, version)
    this.#externs = undefined
    tellReplaced(this.#name)
    return { guest: former.guest, idle: former.guest.idle() }
  }

  /** A version that was replaced does no more. */
  #retire(guest: Guest): void {
    this.#draining.delete(guest)
    this.#before = this.#statsOfClosed(guest.stats)
  }

  #ended(): void {
    this.#closed = true
    for (const guest of this.#draining) void guest.close()
    this.#host.forget()
    tellClosed(this.#name, () => this.stats)
  }

  #statsOfClosed(stats: ModuleStats): ModuleStats {
    return this.#before === undefined ? stats : sumOfStats(stats, this.#before)
  }

  #closedWhileLoading(): LoadError {
    return new LoadError('closed', 'the module is closed', { module: this.#name })
  }
}

function contextOf(module: string, { allowance, countsFuel, signatures, exchanges }: Version): LeaseContext {
  return { module, allowance, countsFuel, signatures, exchanges }
}

const IGNORE = () => undefined
const NO_OPTIONS: CallOptions = Object.freeze({})

/** The allowance of a synchronous call, which must be bounded or say that it is not. */
export function syncAllowance(context: LeaseContext, { name }: Signature, options: CallSyncOptions): Allowance {
  const allowance = options === NO_OPTIONS ? context.allowance : allowanceOf(context, options)
  const { timeout, cpuTimeout, fuel } = allowance
  const isBounded = timeout !== Number.POSITIVE_INFINITY || cpuTimeout !== Number.POSITIVE_INFINITY || (context.countsFuel && fuel < ALL_FUEL)
  if (isBounded || options.timeout === Number.POSITIVE_INFINITY) return allowance
  throw callError('unbounded', 'no limit on time or fuel applies to this synchronous call', { module: context.module, function: name })
}
