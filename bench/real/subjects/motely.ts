import { SeededRandom } from '../../../examples/redact/random.ts'
import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Motely {
  default: { boot(): Promise<void> }
  MotelyWasm: { analyzeJamlSeeds(filter: string, seeds: string[]): object }
}

const FILTER = `
name: Blueprint
deck: Red
stake: White
must:
  - rareJoker: Blueprint
    antes: [1, 2, 3]
should:
  - rareJoker: Brainstorm
    score: 80
`

export const motely: RealSubject = {
  id: 'motely',
  label: 'motely-wasm: analyse seeds of a card game',
  toolchain: 'C#, NativeAOT-LLVM, SIMD',
  async load() {
    const { default: runtime, MotelyWasm } = await load<Motely>('motely-wasm')
    await runtime.boot()
    const random = new SeededRandom(29)
    const seeds = Array.from({ length: 100 }, () => random.string('ABCDEFGHIJKLMNOPQRSTUVWXYZ123456789', 8))
    const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value)
    return { run: () => digest(JSON.stringify(MotelyWasm.analyzeJamlSeeds(FILTER, seeds), plain)) }
  },
}
