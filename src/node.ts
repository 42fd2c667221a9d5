/** What Node has and the standard lacks, as far as the host uses it. In another engine there is nothing of it. */

export interface Files {
  stat(path: URL): Promise<{ size: number; isFile(): boolean }>
  readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>
}

/** Files at once, for those of the kernel, which take no waiting. */
export interface KernelFiles {
  openSync(path: string): number
  readSync(file: number, into: Uint8Array, offset: number, length: number, position: number | null): number
  readFileSync(path: string, encoding: 'latin1'): string
  closeSync(file: number): void
}

/** One end of a line between two threads. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void
  on(event: 'message', listener: (message: never) => void): unknown
}

export interface Thread extends Port {
  on(event: 'message', listener: (message: never) => void): unknown
  on(event: 'error' | 'messageerror', listener: (error: unknown) => void): unknown
  on(event: 'exit', listener: (exitCode: number) => void): unknown
  ref(): void
  unref(): void
  terminate(): Promise<number>
}

export interface Threads {
  readonly Worker: new (
    file: URL,
    options: { execArgv: string[]; workerData?: unknown; transferList?: readonly Port[]; resourceLimits?: { maxOldGenerationSizeMb: number } },
  ) => Thread
  readonly MessageChannel: new () => { readonly port1: Port; readonly port2: Port }
  readonly parentPort: Port | null
  readonly workerData: unknown
  /** Takes the next message, if there is one, without a turn of the event loop. */
  receiveMessageOnPort(port: Port): { message: unknown } | undefined
}

export interface Engine {
  setFlagsFromString(flag: string): void
  /** Differs between sets of flags. */
  cachedDataVersionTag(): number
  getHeapStatistics(): { readonly heap_size_limit: number; readonly used_heap_size: number }
}

export interface Machine {
  /** Bytes. */
  totalmem(): number
}

export interface Process {
  /** Bytes that the system lets it have; 0 or more than there is if there is no such limit. */
  constrainedMemory?(): number
}

export interface Channel<Event> {
  readonly hasSubscribers: boolean
  publish(event: Event): void
}

export interface TracingChannel<Event> {
  readonly hasSubscribers: boolean
  tracePromise<T>(fn: () => Promise<T>, event: Event): Promise<T>
  traceSync<T>(fn: () => T, event: Event): T
}

export interface Diagnostics {
  channel<Event>(name: string): Channel<Event>
  tracingChannel<Event>(name: string): TracingChannel<Event>
}

export interface AsyncResources {
  readonly AsyncResource: new (
    type: string,
    options: { requireManualDestroy: boolean },
  ) => { runInAsyncScope<Args extends unknown[]>(fn: (...args: Args) => void, thisArg: undefined, ...args: Args): void }
  readonly AsyncLocalStorage: new <T>() => { run<R>(store: T, work: () => R): R; getStore(): T | undefined }
}

export interface Crypto {
  createHash(algorithm: 'sha256'): { update(bytes: Uint8Array): unknown; digest(encoding: 'base64'): string }
}

interface Builtins {
  readonly 'fs/promises': Files
  readonly worker_threads: Threads
  readonly async_hooks: AsyncResources
  readonly v8: Engine
  readonly crypto: Crypto
  readonly fs: KernelFiles
  readonly os: Machine
  readonly process: Process
  readonly diagnostics_channel: Diagnostics
}

/** ms of a clock that all threads of the process share: `performance.now` begins anew in each. */
export function processTime(): number {
  const { process } = globalThis as { process?: { hrtime?: { bigint(): bigint } } }
  return process?.hrtime === undefined ? performance.timeOrigin + performance.now() : Number(process.hrtime.bigint()) / 1e6
}

/** A module of Node's own; undefined in an engine that has none of that name, and of `crypto` where Node was built without. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  try {
    return process?.getBuiltinModule?.(name) as Builtins[Name] | undefined
  } catch {
    return undefined
  }
}
