/** WASI as Node 22 and engines without JSPI have it. */

// Before anything of Curfew is imported, which looks for them once
Reflect.deleteProperty(WebAssembly, 'Suspending')
Reflect.deleteProperty(WebAssembly, 'promising')

const { inMode } = await import('../support/host.ts')
const { wasi } = await import('./wasi.ts')
const mode = { name: 'without JSPI', jspi: false }
inMode(mode)
wasi(mode)
