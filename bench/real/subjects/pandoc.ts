import { load, text } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Pandoc = { convert(options: object, stdin: string, files: object): Promise<{ stdout: string }> }

export const pandoc: RealSubject = {
  id: 'pandoc',
  label: 'wasm-pandoc: Markdown to HTML',
  toolchain: 'Haskell, GHC',
  async load() {
    const { convert } = await load<Pandoc>('wasm-pandoc')
    const input = text('trealla/README.md').slice(0, 2500)
    return { run: async () => digest((await convert({ from: 'markdown', to: 'html' }, input, {})).stdout) }
  },
}
