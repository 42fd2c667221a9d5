/** The list of behaviours as Node 22 and engines without JSPI have them. */

// Before anything of Curfew is imported, which looks for them once
Reflect.deleteProperty(WebAssembly, 'Suspending')
Reflect.deleteProperty(WebAssembly, 'promising')

const { behaviours } = await import('./behaviours.ts')
behaviours({ name: 'without JSPI', jspi: false })
