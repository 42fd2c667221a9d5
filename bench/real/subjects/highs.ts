import { SeededRandom } from '../../../examples/redact/random.ts'
import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Highs = { default(options?: object): Promise<{ solve(problem: string, options: object): { Status: string; ObjectiveValue: number; Columns: object } }> }

const ITEMS = 22
const LIMITS = 3

export const highs: RealSubject = {
  id: 'highs',
  label: 'highs: a knapsack with several limits, as an integer program',
  toolchain: 'C++, Emscripten',
  async load() {
    const solver = await (await load<Highs>('highs')).default()
    const random = new SeededRandom(2)
    const sum = (below: number) => Array.from({ length: ITEMS }, (_, item) => `${1 + random.below(below)} x${item}`).join(' + ')
    const limits = Array.from({ length: LIMITS }, (_, limit) => `c${limit}: ${sum(60)} <= ${ITEMS * 12}`)
    const names = Array.from({ length: ITEMS }, (_, item) => `x${item}`).join(' ')
    const problem = `Maximize\n obj: ${sum(90)}\nSubject To\n ${limits.join('\n ')}\nBinary\n ${names}\nEnd`
    return {
      run() {
        const { Status, ObjectiveValue, Columns } = solver.solve(problem, { output_flag: false, random_seed: 1 })
        return digest(JSON.stringify([Status, ObjectiveValue, Columns]))
      },
    }
  },
}
