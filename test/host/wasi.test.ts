/** WASI on this thread, as the engine has it: with JSPI from Node 24 on. */
import { inMode } from '../support/host.ts'
import { wasi } from './wasi.ts'

const mode = { name: 'on this thread', jspi: 'Suspending' in WebAssembly }
inMode(mode)
wasi(mode)
