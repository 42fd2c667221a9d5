import { LoadError, quote, show } from '../errors.ts'
import type { Executor, ExecutorStats } from '../guests/executor.ts'
import { InThreadExecutor } from '../guests/in-thread.ts'
import { Admission } from '../guests/scheduler.ts'
import { Ledger } from '../runtime/ledger.ts'
import { canSuspend } from '../runtime/thread.ts'
import { ThreadsExecutor } from '../threads/executor.ts'
import { traceLoad } from './events.ts'
import { loadVersion, type Version } from './loader.ts'
import { Module } from './module.ts'
import { type HostOptions, type LoadOptions, type ResolvedHostOptions, resolveHostOptions, resolveLoadOptions } from './options.ts'
import type { ModuleSource } from './source.ts'

/** What the engine can do. */
export interface Features {
  /** JavaScript Promise Integration: can a guest be suspended? */
  readonly jspi: boolean
  /** Do long calls give the event loop its turns back? Needs JSPI; without it a call runs to its end or deadline. */
  readonly slices: boolean
}

const FEATURES: Features = Object.freeze({ jspi: canSuspend, slices: canSuspend })

/** What a host has and does now; what each module has done so far is in its own `stats`. */
export interface HostStats extends ExecutorStats {
  /** Loaded ones. */
  readonly modules: number
}

/** Loads WebAssembly plugins and runs them within their budgets (Wazero: `Runtime`; the Go design: `NewHost`). */
export class Host {
  readonly #options: ResolvedHostOptions
  readonly #executor: Executor
  readonly #modules = new Map<string, Module>()
  /** Names of modules that are being loaded. */
  readonly #names = new Set<string>()
  /** What cancels loads that go on. */
  readonly #loads = new Set<AbortController>()
  #closed = false

  /** @throws CurfewError `invalid-option` */
  constructor(options?: HostOptions) {
    this.#options = resolveHostOptions(options)
    const { threads, maxConcurrent, maxQueue, slice, totalMemoryLimit } = this.#options
    this.#executor =
      threads > 0
        ? new ThreadsExecutor(threads, { maxConcurrent, maxQueue, slice, totalMemoryLimit })
        : new InThreadExecutor(new Admission(maxConcurrent, maxQueue, slice), new Ledger(totalMemoryLimit))
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
  get totalMemoryLimit(): number {
    return this.#options.totalMemoryLimit
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
  /** Threads that guests run in; 0: this one. */
  get threads(): number {
    return this.#options.threads
  }

  /** What this engine can do. */
  get features(): Features {
    return FEATURES
  }

  /** What it has and does now, and what the process has left for it. */
  stats(): HostStats {
    return { modules: this.#modules.size, ...this.#executor.stats }
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
    this.#names.add(name)
    const given = { ...options }
    try {
      return await this.#load(name, source, options, (version) => {
        const module = new Module(name, version, {
          load: (replacement, changes, adopt) => this.#load(name, replacement, { ...given, ...changes }, adopt),
          forget: () => this.#modules.delete(name),
        })
        this.#modules.set(name, module)
        return module
      })
    } finally {
      this.#names.delete(name)
    }
  }

  /** Closes all modules and cancels loads. Closing twice is fine; nothing of the host keeps the process alive afterwards. */
  async close(): Promise<void> {
    this.#closed = true
    for (const cancel of this.#loads) cancel.abort()
    await Promise.all([...this.#modules.values()].map((module) => module.close()))
    await this.#executor.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #checkName(name: unknown): asserts name is string {
    if (typeof name !== 'string' || name.trim() === '') throw new LoadError('invalid-name', `a module cannot be called ${show(name)}`)
    if (this.#closed) throw new LoadError('closed', 'the host is closed', { module: name })
    if (this.#modules.has(name) || this.#names.has(name)) throw new LoadError('name-in-use', `there is a module ${quote(name)} already`, { module: name })
  }

  /** @param adopt takes the version; the host is open then, and what it does is done before anything can close it */
  async #load<T>(name: string, source: ModuleSource, options: LoadOptions | undefined, adopt: (version: Version) => T): Promise<T> {
    const resolved = resolveLoadOptions(this.#options, options)
    if (resolved.signal?.aborted) throw new LoadError('aborted', 'loading was aborted before it began', { module: name, cause: resolved.signal.reason })
    const cancel = new AbortController()
    this.#loads.add(cancel)
    const signal = resolved.signal === undefined ? cancel.signal : AbortSignal.any([cancel.signal, resolved.signal])
    const closed = () => new LoadError('closed', 'the host was closed while the module loaded', { module: name })
    try {
      const version = await traceLoad(name, this.#modules.has(name), () => loadVersion(name, source, this.#options, resolved, this.#executor, signal))
      if (!this.#closed) return adopt(version)
      await version.guest.close()
      throw closed()
    } catch (error) {
      throw this.#closed && error instanceof LoadError && error.code === 'aborted' ? closed() : error
    } finally {
      this.#loads.delete(cancel)
    }
  }
}
