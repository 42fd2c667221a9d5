import { typescript } from '../corpus.ts'
import { loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Swc = { transformSync(source: string, options: object): { code: string } }

export const swc: RealSubject = {
  id: 'swc',
  label: '@swc/wasm-typescript: TypeScript to JavaScript',
  toolchain: 'Rust, wasm-bindgen',
  async load() {
    const { transformSync } = loadCommonJs<Swc>('@swc/wasm-typescript')
    const source = typescript(12)
    return { run: () => digest(transformSync(source, { mode: 'transform', sourceMap: false }).code) }
  },
}
