/** The list of behaviours with guests in worker threads. */
import { behaviours } from './behaviours.ts'

behaviours({ name: 'in threads', jspi: 'Suspending' in WebAssembly, threads: 2 })
