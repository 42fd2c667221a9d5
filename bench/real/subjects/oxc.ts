import { typescript } from '../corpus.ts'
import { loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Oxc = { parseSync(name: string, source: string, options: object): { program: string; errors: object[] } }

export const oxc: RealSubject = {
  id: 'oxc',
  label: '@oxc-parser/binding-wasm32-wasi: parse TypeScript',
  toolchain: 'Rust, napi-rs, WASI threads',
  async load() {
    const { parseSync } = loadCommonJs<Oxc>('@oxc-parser/binding-wasm32-wasi')
    const source = typescript(8)
    return {
      run() {
        const { program, errors } = parseSync('hash.ts', source, {})
        return digest(program, JSON.stringify(errors))
      },
    }
  },
}
