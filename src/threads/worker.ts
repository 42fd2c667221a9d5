/** What a worker thread runs: guests, for a host on another thread. */
import { builtin } from '../node.ts'
import { serve } from './serve.ts'

const threads = builtin('worker_threads')
if (threads?.parentPort) serve(threads.parentPort, threads)
