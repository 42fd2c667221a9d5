/**
 * What the system gives a process only so much of. The kernel is asked what is used, since it alone knows of all threads, of other copies of
 * this package and of what is not ours. Only Linux tells; elsewhere nothing is known, and what the engine refuses is all there is.
 */
import { builtin } from '../node.ts'

const files = builtin('fs')

const LINE_FEED = 10

/** What there is when nobody tells. */
const SOME_MEMORY = 8 * 1024 ** 3

/** Bytes of memory that the process may have: of the machine, or of its container. */
export function memoryOfProcess(): number {
  const total = builtin('os')?.totalmem() ?? SOME_MEMORY
  const constrained = builtin('process')?.constrainedMemory?.() ?? 0
  return constrained > 0 ? Math.min(total, constrained) : total
}

/** Bytes that the JavaScript heap of this thread may grow to. */
export function heapLimit(): number {
  return builtin('v8')?.getHeapStatistics().heap_size_limit ?? SOME_MEMORY / 4
}

/** Bytes that are used of it. */
export function heapUsed(): number {
  return builtin('v8')?.getHeapStatistics().used_heap_size ?? 0
}

/** What is used of something, and how much of it may be. */
export interface Share {
  readonly used: number
  readonly limit: number
}

/** Of 48 bits, half is the kernel's. */
const ADDRESSES = 2 ** 47

/** Bytes of address space, the process's: a memory reserves 8 to 16 GiB of it, however small it is. */
export const addressSpace: (() => Share) | undefined = ifReadable(() => {
  const line = read('/proc/self/limits', /^Max address space +(\d+)/m)
  const limit = Math.min(ADDRESSES, line ?? ADDRESSES)
  const pages = size()
  // The kernel counts in its pages, of a size that differs between machines
  const page = 2 ** Math.round(Math.log2(((read('/proc/self/status', /^VmSize:\s+(\d+) kB/m) as number) * 1024) / pages))
  return () => ({ used: size() * page, limit })
})

/** Memory mappings, the process's: V8 aborts when the kernel refuses another. */
export const mappings: { readonly limit: number; readonly count: () => number } | undefined = ifReadable(() => {
  const limit = read('/proc/sys/vm/max_map_count', /^(\d+)/) as number
  countMappings()
  return { limit, count: countMappings }
})

/** @returns undefined where there are no such files, or the process may not read them */
function ifReadable<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

function read(path: string, pattern: RegExp): number | undefined {
  const found = pattern.exec((files as NonNullable<typeof files>).readFileSync(path, 'latin1'))?.[1]
  return found === undefined ? undefined : Number(found)
}

/** In pages; 4 us. */
function size(): number {
  return read('/proc/self/statm', /^(\d+)/) as number
}

/** One a line; 0.13 us each. */
function countMappings(): number {
  const { openSync, readSync, closeSync } = files as NonNullable<typeof files>
  const file = openSync('/proc/self/maps')
  const part = new Uint8Array(65_536)
  let count = 0
  try {
    for (let length = readSync(file, part, 0, part.length, null); length > 0; length = readSync(file, part, 0, part.length, null)) {
      for (let at = part.indexOf(LINE_FEED); at >= 0 && at < length; at = part.indexOf(LINE_FEED, at + 1)) count++
    }
  } finally {
    closeSync(file)
  }
  return count
}
