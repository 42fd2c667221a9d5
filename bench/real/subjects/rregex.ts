import { prose } from '../corpus.ts'
import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type RRegex = { RRegex: new (pattern: string) => { findAll(text: string): object[]; replaceAll(text: string, by: string): string; free(): void } }

const PATTERNS = [String.raw`(?i)\b\w+ing\b`, String.raw`(?<user>[\w.+-]+)@(?<host>[\w-]+(\.[\w-]+)+)`, String.raw`\p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+`]

export const rregex: RealSubject = {
  id: 'rregex',
  label: 'rregex: find and replace with Unicode classes',
  toolchain: 'Rust, wasm-bindgen',
  async load() {
    const { RRegex } = await load<RRegex>('rregex')
    const input = prose(15_000)
    return {
      run() {
        const outputs = PATTERNS.map((pattern) => {
          const expression = new RRegex(pattern)
          const output = JSON.stringify(expression.findAll(input)) + expression.replaceAll(input, '<$0>')
          expression.free()
          return output
        })
        return digest(...outputs)
      },
    }
  },
}
