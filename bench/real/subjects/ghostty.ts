import { SeededRandom } from '../../../examples/redact/random.ts'
import { file, load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Terminal {
  write(data: Uint8Array): void
  getViewport(): object[]
  getCursor(): object
  free(): void
}
type GhosttyWeb = { Ghostty: new (instance: WebAssembly.Instance) => { createTerminal(columns: number, rows: number): Terminal } }

export const ghostty: RealSubject = {
  id: 'ghostty',
  label: 'ghostty-web: a terminal that reads coloured output',
  toolchain: 'Zig',
  async load() {
    const { Ghostty } = await load<GhosttyWeb>('ghostty-web')
    const { instance } = await WebAssembly.instantiate(file('ghostty-web/ghostty-vt.wasm'), { env: { log: () => undefined } })
    const ghostty = new Ghostty(instance)
    const input = Buffer.from(session())
    return {
      run() {
        const terminal = ghostty.createTerminal(100, 40)
        terminal.write(input)
        const output = digest(JSON.stringify(terminal.getViewport()), JSON.stringify(terminal.getCursor()))
        terminal.free()
        return output
      },
    }
  },
}

function session(): string {
  const random = new SeededRandom(23)
  const line = () => {
    const word = () => `\x1b[${random.pick(['0', '1', '4', '7'])};3${random.below(8)}m${random.string('abcdefghijklmno', 2 + random.below(9))}`
    const move = random.below(12) === 0 ? `\x1b[${1 + random.below(40)};${1 + random.below(90)}H\x1b[K` : ''
    return `${move}${Array.from({ length: random.below(14) }, word).join(' ')} ü€😀\r\n`
  }
  return Array.from({ length: 12_000 }, line).join('')
}
