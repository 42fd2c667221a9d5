/** Guards the largest module that the development dependencies bring, for the first time in this process and then again. */
import { guard } from 'curfew/guard'

// The module is trusted, and one of its functions is above the cap on what V8's compiler may cost
const OPTIONS = { caps: { functionComplexity: Number.MAX_SAFE_INTEGER } }

const repeats = Number(process.argv[2])
const { name, bytes } = await largest()

const times: number[] = []
let growth = 0
for (let i = 0; i <= repeats; i++) {
  const began = performance.now()
  growth = guard(bytes, OPTIONS).bytes.length / bytes.length
  times.push(performance.now() - began)
}
const began = performance.now()
new WebAssembly.Module(bytes)
const engine = performance.now() - began

console.log(JSON.stringify({ name, size: bytes.length, cold: times[0], warm: times.slice(1), growth, engine }))

/** Emscripten's modules are hidden in scripts, in encodings of its own: what they give the engine is what is wanted. */
async function largest(): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
  let found: { name: string; bytes: Uint8Array<ArrayBuffer> } | undefined
  const { instantiate } = WebAssembly
  // binaryen is there because AssemblyScript needs it
  for (const name of ['wabt', 'binaryen']) {
    WebAssembly.instantiate = ((source: ArrayBuffer | Uint8Array, imports: WebAssembly.Imports) => {
      const bytes = new Uint8Array(source)
      if (found === undefined || bytes.length > found.bytes.length) found = { name, bytes }
      return instantiate(bytes, imports)
    }) as typeof instantiate
    const { default: start } = await import(name)
    if (typeof start === 'function') await start()
  }
  WebAssembly.instantiate = instantiate
  if (found === undefined) throw new Error('no module was instantiated')
  return found
}
