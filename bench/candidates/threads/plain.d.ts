export interface Functions {
  add(left: number, right: number): number
  compute(): number
  loop(): void
  upper(text: string): string
}

/** What a plugin exports that takes texts, besides the functions that do. */
export interface Exchange {
  readonly memory: WebAssembly.Memory
  alloc(length: number): number
  free(address: number, length: number): void
}

/** @param name of an export that takes the place of a text and gives that of another */
export function throughText(exports: Exchange, name: string): (text: string) => string

/** Of an instance of the plugin. */
export function functions(instance: WebAssembly.Instance): Functions

/** What is sent to worker.js, and what comes back. */
export interface Request {
  readonly id: number
  readonly name: keyof Functions
  readonly input: readonly (number | string)[]
}

export interface Answer {
  readonly id: number
  readonly value: unknown
}

/** What piscina.js is given. */
export interface Task {
  readonly number: number
  readonly name: keyof Functions
  readonly input: readonly (number | string)[]
  /** Only if a worker has said that it does not have it. */
  readonly module?: WebAssembly.Module
}
