/** A worker thread of this process at the other end. */
import { builtin, type Port, type Threads } from '../node.ts'
import type { Order, Report } from './messages.ts'
import { newPackingMemory, type Packed, Packer, type PackingMemory, Unpacker } from './packing.ts'
import type { Connect, Listener, Transport } from './transport.ts'

// Written twice, so that tools which bundle see both
const ENTRY = import.meta.url.endsWith('.ts') ? new URL('./worker.ts', import.meta.url) : new URL('./worker.js', import.meta.url)

/** What a worker is started with. */
export interface WorkerData {
  /** Its end of the direct line, see `Transport.receive`. */
  readonly line: Port
  readonly packing: PackingMemory
}

export function hasThreads(): boolean {
  return builtin('worker_threads') !== undefined
}

/** @param entry what the worker runs, if not this package's own. @throws whatever Node throws if there can be no further thread */
export function workerTransport(entry: URL = ENTRY, resourceLimits?: { maxOldGenerationSizeMb: number }): Connect {
  return (listener: Listener): Transport => {
    const { MessageChannel, receiveMessageOnPort, Worker } = builtin('worker_threads') as Threads
    const { port1: line, port2: theirs } = new MessageChannel()
    const memory = newPackingMemory()
    const [packer, unpacker] = [new Packer(memory.orders), new Unpacker<Report>(memory.reports)]
    const workerData: WorkerData = { line: theirs, packing: memory }
    const worker = new Worker(entry, { execArgv: [], workerData, transferList: [theirs], ...(resourceLimits === undefined ? {} : { resourceLimits }) })
    let ended = false
    const end = (cause: unknown) => {
      if (ended) return
      ended = true
      listener.ended(cause)
    }
    worker.on('message', (packed: Packed<Report>) => {
      if (!ended) listener.message(unpacker.unpack(packed) as never)
    })
    worker.on('error', end)
    worker.on('messageerror', end)
    worker.on('exit', (exitCode) => end(new Error(`the thread exited with ${exitCode}`)))
    worker.unref()
    return {
      post: (batch) => worker.postMessage(packer.pack(batch as readonly Order[])),
      receive: () => receiveMessageOnPort(line)?.message as readonly unknown[] | undefined,
      ref: () => worker.ref(),
      unref: () => worker.unref(),
      terminate: () => worker.terminate(),
    }
  }
}
