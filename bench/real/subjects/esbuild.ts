import { typescript } from '../corpus.ts'
import { file, load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Esbuild {
  initialize(options: { wasmModule: WebAssembly.Module; worker: false }): Promise<void>
  transform(source: string, options: object): Promise<{ code: string; map: string }>
}

export const esbuild: RealSubject = {
  id: 'esbuild',
  label: 'esbuild-wasm: TypeScript to minified JavaScript with a source map',
  toolchain: 'Go',
  async load() {
    // What browsers call the global object
    Object.assign(globalThis, { self: globalThis })
    const { initialize, transform } = await load<Esbuild>('esbuild-wasm/esm/browser.js')
    await initialize({ wasmModule: new WebAssembly.Module(file('esbuild-wasm/esbuild.wasm')), worker: false })
    const source = typescript(2)
    return {
      async run() {
        const { code, map } = await transform(source, { loader: 'ts', minify: true, sourcemap: true, target: 'es2019' })
        return digest(code, map)
      },
    }
  },
}
