import { typescript } from '../corpus.ts'
import { file, load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Formatter {
  setConfig(global: object, plugin: object): void
  formatText(request: { filePath: string; fileText: string }): string
}
type Dprint = { createFromBuffer(plugin: Uint8Array): Formatter }

export const dprint: RealSubject = {
  id: 'dprint',
  label: '@dprint/typescript: format TypeScript',
  toolchain: 'Rust, an ABI of its own',
  async load() {
    const { createFromBuffer } = await load<Dprint>('@dprint/formatter')
    const formatter = createFromBuffer(file('@dprint/typescript/plugin.wasm'))
    formatter.setConfig({ lineWidth: 60, indentWidth: 3 }, { semiColons: 'asi', quoteStyle: 'alwaysSingle' })
    const fileText = typescript(2)
    return { run: () => digest(formatter.formatText({ filePath: 'hash.ts', fileText })) }
  },
}
