import { load, text } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Lexer = { init(): Promise<void>; parse(source: string): [imports: object[], exports: object[], ...rest: unknown[]] }

const TIMES = 60

export const esModuleLexer: RealSubject = {
  id: 'es-module-lexer',
  label: 'es-module-lexer: find the imports and exports of a bundle',
  toolchain: 'C, clang',
  async load() {
    const { init, parse } = await load<Lexer>('es-module-lexer')
    await init()
    const source = text('web-tree-sitter/web-tree-sitter.js')
    return { run: () => digest(...Array.from({ length: TIMES }, (_, i) => JSON.stringify(parse(`${source}\n// ${i}`).slice(0, 2)))) }
  },
}
