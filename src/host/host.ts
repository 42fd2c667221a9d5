import { moduleAllowance } from '../budget.ts'
import { LoadError, quote, show } from '../errors.ts'
import type { Executor } from '../guests/executor.ts'
import { resolveImports } from '../guests/imports.ts'
import { InThreadExecutor } from '../guests/in-thread.ts'
import { signaturesOf } from '../guests/signature.ts'
import { canSuspend } from '../runtime/thread.ts'
import { Lease } from './lease.ts'
import { Module } from './module.ts'
import { type HostOptions, type LoadOptions, type ResolvedHostOptions, type ResolvedLoadOptions, resolveHostOptions, resolveLoadOptions } from './options.ts'
import { prepare } from './prepare.ts'
import { type ModuleSource, readSource } from './source.ts'

/** What the engine can do. */
export interface Features {
  /** JavaScript Promise Integration: can a guest be suspended? */
  readonly jspi: boolean
  /** Do long calls give the event loop its turns back? Needs JSPI; without it a call runs to its end or deadline. */
  readonly slices: boolean
}

const FEATURES: Features = Object.freeze({ jspi: canSuspend, slices: canSuspend })

/** Loads WebAssembly plugins and runs them within their budgets (Wazero: `Runtime`; the Go design: `NewHost`). */
export class Host {
  readonly #options: ResolvedHostOptions
  readonly #executor: Executor
  readonly #modules = new Map<string, Module>()
  /** Names of modules that are being loaded, and what cancels that. */
  readonly #loading = new Map<string, AbortController>()
  #closed = false

  /** @throws CurfewError `invalid-option` */
  constructor(options?: HostOptions) {
    this.#options = resolveHostOptions(options)
    this.#executor = new InThreadExecutor(this.#options.maxConcurrent, this.#options.maxQueue, this.#options.slice)
  }

  get execTimeout(): number {
    return this.#options.execTimeout
  }
  get maxExecTimeout(): number {
    return this.#options.maxExecTimeout
  }
  get cpuTimeout(): number {
    return this.#options.cpuTimeout
  }
  /** Fuel that a call may burn; 0: no limit. */
  get fuel(): number | bigint {
    return this.#options.fuel
  }
  get memoryLimit(): number {
    return this.#options.memoryLimit
  }
  get tableLimit(): number {
    return this.#options.tableLimit
  }
  get moduleSizeLimit(): number {
    return this.#options.moduleSizeLimit
  }
  get slice(): number {
    return this.#options.slice
  }
  get maxConcurrent(): number {
    return this.#options.maxConcurrent
  }
  get maxQueue(): number {
    return this.#options.maxQueue
  }

  /** What this engine can do. */
  get features(): Features {
    return FEATURES
  }

  /** The loaded modules by name. */
  get modules(): ReadonlyMap<string, Module> {
    return new Map(this.#modules)
  }

  /**
   * Guards, compiles and instantiates a module. `execTimeout` does not bound this; the start function has `startTimeout`.
   * @param name not empty, not white space, not in use: refused before anything is compiled
   * @param source bytes (of more than 4 MiB, which are copied over some turns of the event loop, to be left alone until the module is loaded), or a URL or Response whose body is counted against `moduleSizeLimit` while it streams
   * @throws LoadError; CurfewError `invalid-option`
   */
  async loadModule(name: string, source: ModuleSource, options?: LoadOptions): Promise<Module> {
    this.#checkName(name)
    const resolved = resolveLoadOptions(this.#options, options)
    if (resolved.signal?.aborted) throw new LoadError('aborted', 'loading was aborted before it began', { module: name, cause: resolved.signal.reason })
    const cancel = new AbortController()
    this.#loading.set(name, cancel)
    const signal = resolved.signal === undefined ? cancel.signal : AbortSignal.any([cancel.signal, resolved.signal])
    try {
      const module = await this.#load(name, source, resolved, signal)
      if (this.#closed) {
        await module.close()
        throw new LoadError('closed', 'the host was closed while the module loaded', { module: name })
      }
      this.#modules.set(name, module)
      return module
    } catch (error) {
      if (this.#closed && error instanceof LoadError && error.code === 'aborted')
        throw new LoadError('closed', 'the host was closed while the module loaded', { module: name })
      throw error
    } finally {
      this.#loading.delete(name)
    }
  }

  /** Closes all modules and cancels loads. Closing twice is fine; nothing of the host keeps the process alive afterwards. */
  async close(): Promise<void> {
    this.#closed = true
    for (const cancel of this.#loading.values()) cancel.abort()
    await Promise.all([...this.#modules.values()].map((module) => module.close()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #checkName(name: unknown): asserts name is string {
    if (typeof name !== 'string' || name.trim() === '') throw new LoadError('invalid-name', `a module cannot be called ${show(name)}`)
    if (this.#closed) throw new LoadError('closed', 'the host is closed', { module: name })
    if (this.#modules.has(name) || this.#loading.has(name)) throw new LoadError('name-in-use', `there is a module ${quote(name)} already`, { module: name })
  }

  async #load(name: string, source: ModuleSource, options: ResolvedLoadOptions, signal: AbortSignal): Promise<Module> {
    const bytes = await readSource(source, this.#options.moduleSizeLimit, name, signal)
    const { memoryLimit, tableLimit, caps, fuelCosts = false, deterministic } = options
    const prepared = await named(name, prepare(bytes, { memoryLimit, tableLimit, caps, fuel: fuelCosts, deterministic }, signal))
    const { type } = prepared
    const imports = resolveImports(type.imports, options.imports, { memoryLimit, tableLimit, deterministic, restart: options.restart }, name)
    if (signal.aborted) throw new LoadError('aborted', 'loading was aborted', { module: name, cause: signal.reason })
    const allowance = moduleAllowance(this.#options, options)
    const signatures = signaturesOf(type.exports)
    const countsFuel = options.fuelCosts !== undefined
    const { setup } = options
    const guest = await this.#executor.load({
      name,
      compiled: prepared.compiled,
      abi: prepared.abi,
      imports,
      allowance,
      signal,
      startTimeout: options.startTimeout,
      nestedTimeout: options.nestedTimeout,
      setup: setup === undefined ? undefined : (lease) => setup(new Lease(lease, { module: name, allowance, countsFuel, signatures })),
      restart: options.restart,
      reuse: options.reuse,
      instances: options.instances,
      onTrap: options.onTrap,
      deterministic,
      functions: type.functions,
      onClose: () => this.#modules.delete(name),
    })
    return new Module({ name, guest, allowance, countsFuel, signatures, type })
  }
}

/** Adds the module's name to an error of what does not know it. */
async function named<T>(module: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof LoadError)) throw error
    throw new LoadError(error.code, error.what, { module, figures: error.figures, offset: error.offset, cause: error.cause })
  }
}
