import { load, text } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Tree {
  rootNode: { toString(): string }
  delete(): void
}
interface TreeSitter {
  Parser: { new (): { setLanguage(language: object): void; parse(text: string): Tree }; init(): Promise<void> }
  Language: { load(path: string): Promise<object> }
}

const GRAMMAR = new URL('../node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-javascript.wasm', import.meta.url).pathname
const SOURCES = ['undici/lib/dispatcher/client-h1.js', 'undici/lib/web/fetch/index.js', 'undici/lib/web/fetch/util.js']

export const treeSitter: RealSubject = {
  id: 'tree-sitter',
  label: 'web-tree-sitter: parse JavaScript, the grammar linked dynamically',
  toolchain: 'C, Emscripten, dynamic linking',
  async load() {
    const { Parser, Language } = await load<TreeSitter>('web-tree-sitter')
    await Parser.init()
    const parser = new Parser()
    parser.setLanguage(await Language.load(GRAMMAR))
    const source = SOURCES.map(text).join('\n')
    return {
      run() {
        const tree = parser.parse(source)
        const output = tree.rootNode.toString()
        tree.delete()
        return digest(output)
      },
    }
  },
}
