import { loadCommonJs, text } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Consumer {
  originalPositionFor(position: { line: number; column: number }): { line: number | null; column: number | null }
  destroy(): void
}
type SourceMap = { SourceMapConsumer: new (map: object) => Promise<Consumer> }

const TIMES = 60

export const sourceMap: RealSubject = {
  id: 'source-map',
  label: 'source-map: read the mappings of a bundle, look positions up',
  toolchain: 'Rust, no bindings',
  async load() {
    const { SourceMapConsumer } = loadCommonJs<SourceMap>('source-map')
    const { sourcesContent: _, ...map } = JSON.parse(text('web-tree-sitter/web-tree-sitter.cjs.map')) as { sourcesContent: string[] }
    // The module is instantiated for the first consumer
    const first = await new SourceMapConsumer(map)
    first.destroy()
    return {
      async run() {
        const numbers: number[] = []
        for (let i = 0; i < TIMES; i++) {
          const consumer = await new SourceMapConsumer(map)
          for (let line = 1 + i; line < 2000; line += TIMES) {
            const found = consumer.originalPositionFor({ line, column: line % 60 })
            numbers.push(found.line ?? -1, found.column ?? -1)
          }
          consumer.destroy()
        }
        return digest(Int32Array.from(numbers))
      },
    }
  },
}
