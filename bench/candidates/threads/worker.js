/** The other side of ../worker.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { functions } from './plain.js'

const guest = functions(new WebAssembly.Instance(new WebAssembly.Module(workerData)))
parentPort.on('message', ({ id, name, input }) => parentPort.postMessage({ id, value: guest[name](...input) }))
parentPort.postMessage('ready')
