import { SeededRandom } from '../../../examples/redact/random.ts'
import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Node {
  setFlexDirection(direction: number): void
  setFlexWrap(wrap: number): void
  setFlexGrow(grow: number): void
  setWidth(width: number): void
  setHeight(height: number): void
  setMargin(edge: number, margin: number): void
  insertChild(child: Node, index: number): void
  calculateLayout(width: number, height: number): void
  getComputedLayout(): { left: number; top: number; width: number; height: number }
  freeRecursive(): void
}
type Yoga = { loadYoga(): Promise<{ Node: { create(): Node } }>; FlexDirection: { Row: number; Column: number }; Wrap: { Wrap: number }; Edge: { All: number } }

export const yoga: RealSubject = {
  id: 'yoga',
  label: 'yoga-layout: lay out a tree of boxes at several widths',
  toolchain: 'C++, Emscripten',
  async load() {
    const { loadYoga, FlexDirection, Wrap, Edge } = await load<Yoga>('yoga-layout/load')
    const { Node } = await loadYoga()
    return {
      run() {
        const random = new SeededRandom(3)
        const nodes: Node[] = []
        const grow = (depth: number): Node => {
          const node = Node.create()
          nodes.push(node)
          node.setFlexDirection(depth % 2 === 0 ? FlexDirection.Row : FlexDirection.Column)
          node.setFlexWrap(Wrap.Wrap)
          node.setMargin(Edge.All, random.below(4))
          if (depth === 0) {
            node.setWidth(10 + random.below(80))
            node.setHeight(10 + random.below(30))
            node.setFlexGrow(random.below(3))
          } else for (let i = 0; i < 5; i++) node.insertChild(grow(depth - 1), i)
          return node
        }
        const root = grow(4)
        const outputs = [320, 768, 1280].map((width) => {
          root.calculateLayout(width, 2000)
          return JSON.stringify(nodes.map((node) => node.getComputedLayout()))
        })
        root.freeRecursive()
        return digest(...outputs)
      },
    }
  },
}
