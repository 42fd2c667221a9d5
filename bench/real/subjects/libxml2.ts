import { SeededRandom } from '../../../examples/redact/random.ts'
import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Document {
  find(path: string): { content: string }[]
  eval(path: string): unknown
  toString(options?: object): string
  dispose(): void
}
type LibXml2 = { XmlDocument: { fromString(source: string): Document } }

export const libxml2: RealSubject = {
  id: 'libxml2',
  label: 'libxml2-wasm: parse, query with XPath, serialise',
  toolchain: 'C, Emscripten',
  async load() {
    const { XmlDocument } = await load<LibXml2>('libxml2-wasm')
    const random = new SeededRandom(13)
    const book = (id: number) =>
      `<book id="b${id}" lang="${random.pick(['en', 'de', 'fr'])}"><title>T &amp; ${random.string('abcdefgh ', 20)}</title><price>${random.below(9000) / 100}</price></book>`
    const source = `<?xml version="1.0"?><library>${Array.from({ length: 6000 }, (_, id) => book(id)).join('\n')}</library>`
    return {
      run() {
        const document = XmlDocument.fromString(source)
        const titles = document.find("//book[@lang='de' and price > 50]/title").map(({ content }) => content)
        const numbers = ['sum(//price)', "count(//book[contains(title, 'ab')])"].map((path) => document.eval(path))
        const output = digest(JSON.stringify([titles, numbers]), document.toString({ format: true }))
        document.dispose()
        return output
      },
    }
  },
}
