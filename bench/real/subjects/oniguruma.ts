import { prose } from '../corpus.ts'
import { file, loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Match {
  index: number
  captureIndices: { start: number; end: number }[]
}
interface Oniguruma {
  loadWASM(data: Uint8Array): Promise<void>
  OnigString: new (text: string) => { dispose(): void }
  OnigScanner: new (patterns: string[]) => { findNextMatchSync(text: object, start: number): Match | null }
}

const PATTERNS = [
  String.raw`\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?`,
  String.raw`(?i)\b(error|warn(ing)?|info)\b`,
  String.raw`(?<user>[\w.+-]+)@(?<host>[\w-]+(\.[\w-]+)+)`,
  String.raw`\b(?:\d{1,3}\.){3}\d{1,3}\b`,
  String.raw`(["'])(?:\\.|(?!\1).)*\1`,
  String.raw`(?<=[:=])\s*[A-Za-z0-9_-]{16,}`,
]

export const oniguruma: RealSubject = {
  id: 'oniguruma',
  label: 'vscode-oniguruma: scan lines for six patterns, as a highlighter does',
  toolchain: 'C, Emscripten',
  async load() {
    const { loadWASM, OnigScanner, OnigString } = loadCommonJs<Oniguruma>('vscode-oniguruma')
    await loadWASM(file('vscode-oniguruma/release/onig.wasm'))
    const scanner = new OnigScanner(PATTERNS)
    const lines = prose(200_000).split('\n')
    return {
      run() {
        const found: Match[] = []
        for (const line of lines) {
          const string = new OnigString(line)
          let start = 0
          for (let match = scanner.findNextMatchSync(string, start); match !== null; match = scanner.findNextMatchSync(string, start)) {
            found.push(match)
            start = Math.max(match.captureIndices[0]?.end ?? 0, start + 1)
          }
          string.dispose()
        }
        return digest(JSON.stringify(found))
      },
    }
  },
}
