/** A program or a library for WASI that a package ships: what it is given to do, and how its work is checked without it. */
import type { FileTree, Imports, LoadOptions } from 'curfew'

export interface WasiProgram {
  readonly id: string
  /** The package, and what is done with it. */
  readonly label: string
  /** What it was made with. */
  readonly toolchain: string
  bytes(): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>
  /** What it needs above the defaults. */
  readonly limits?: Pick<LoadOptions, 'caps' | 'tableLimit'>
  /** What it imports beside WASI, or instead. */
  imports?(memory: MemoryOf): Imports
  /** What is under `/` at first. */
  readonly files?: FileTree
  readonly env?: Readonly<Record<string, string>>
  /** Of a program. */
  readonly args?: readonly string[]
  readonly stdin?: string
  /** Of a library: works with one fresh instance. */
  use?(guest: Guest): Promise<void>
  /** @throws if that is not what it should have done */
  check(done: Done): void
}

/** The memory of the guest that calls, at this moment. */
export type MemoryOf = () => ArrayBuffer

/** An instance, raw or under Curfew. */
export interface Guest {
  call(name: string, ...args: readonly number[]): Promise<number>
  read(address: number, length: number): Uint8Array | Promise<Uint8Array>
  write(address: number, bytes: Uint8Array): void | Promise<void>
}

export interface Done {
  /** 0 of a library. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** A file that it left, or that was there. */
  file(path: string): Uint8Array
}

/** Puts bytes where a guest's own allocator has room. */
export async function put(guest: Guest, allocate: (length: number) => Promise<number>, data: Uint8Array | string): Promise<number> {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
  const address = await allocate(bytes.length)
  await guest.write(address, bytes)
  return address
}

/** 32-bit words, as a guest reads them. */
export function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer)
}
