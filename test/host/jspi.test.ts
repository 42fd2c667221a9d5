/** The list of behaviours as Node has them: with JSPI. */
import { test } from 'node:test'

if ('Suspending' in WebAssembly) {
  const { behaviours } = await import('./behaviours.ts')
  behaviours({ name: 'with JSPI', jspi: true })
} else {
  test('behaviours with JSPI', { skip: `Node ${process.versions.node} has no WebAssembly.Suspending; no-jspi.test.ts runs the list` })
}
