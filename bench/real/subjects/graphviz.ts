import { SeededRandom } from '../../../examples/redact/random.ts'
import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Viz = { instance(): Promise<{ renderString(graph: string, options: { engine: string; format: string }): string }> }

export const graphviz: RealSubject = {
  id: 'graphviz',
  label: '@viz-js/viz: lay out a graph, hierarchically and by springs',
  toolchain: 'C and C++, Emscripten',
  async load() {
    const viz = await (await load<Viz>('@viz-js/viz')).instance()
    const random = new SeededRandom(5)
    const edges = Array.from({ length: 90 }, (_, to) => `n${random.below(to + 1)} -> n${to + 1} [label="e${to}"]`)
    const graph = `digraph { node [shape=box]; ${edges.join('; ')} }`
    return { run: () => digest(...['dot', 'neato'].map((engine) => viz.renderString(graph, { engine, format: 'svg' }))) }
  },
}
