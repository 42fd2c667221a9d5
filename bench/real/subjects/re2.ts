import { prose } from '../corpus.ts'
import { loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Re2 = { RE2: new (pattern: string, flags: string) => { replace(text: string, by: string): string; match(text: string): string[] | null } }

const PATTERNS = [String.raw`(\w+)@(\w+)\.(com|org|net)`, String.raw`\b(\d{1,3}\.){3}\d{1,3}\b`, '(?i)error|warning|failed']

export const re2: RealSubject = {
  id: 're2',
  label: 're2-wasm: match and replace',
  toolchain: 'C++, Emscripten',
  async load() {
    const { RE2 } = loadCommonJs<Re2>('re2-wasm')
    const lines = prose(60_000).split('\n')
    return {
      run() {
        const outputs: string[] = []
        for (const pattern of PATTERNS) {
          const expression = new RE2(pattern, 'gu')
          for (const line of lines) outputs.push(JSON.stringify(expression.match(line)), expression.replace(line, '<$&>'))
        }
        return digest(outputs.join('\n'))
      },
    }
  },
}
