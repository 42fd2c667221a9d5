import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Simplifier {
  ready: Promise<void>
  simplify(indices: Uint32Array, positions: Float32Array, stride: number, target: number, error: number): [Uint32Array, number]
}
interface Encoder {
  ready: Promise<void>
  reorderMesh(indices: Uint32Array, triangles: boolean, size: boolean): [Uint32Array, number]
  encodeVertexBuffer(source: Uint8Array, count: number, size: number): Uint8Array
  encodeIndexBuffer(source: Uint8Array, count: number, size: number): Uint8Array
}

const SIDE = 200

export const meshoptimizer: RealSubject = {
  id: 'meshoptimizer',
  label: 'meshoptimizer: simplify and encode a mesh',
  toolchain: 'C++, WASI SDK, SIMD',
  async load() {
    const { MeshoptSimplifier } = await load<{ MeshoptSimplifier: Simplifier }>('meshoptimizer/simplifier')
    const { MeshoptEncoder } = await load<{ MeshoptEncoder: Encoder }>('meshoptimizer/encoder')
    await MeshoptSimplifier.ready
    await MeshoptEncoder.ready
    const { positions, indices } = hills()
    return {
      run() {
        const [fewer] = MeshoptSimplifier.simplify(indices, positions, 3, 3 * Math.floor(indices.length / 12), 0.02)
        const ordered = fewer.slice()
        MeshoptEncoder.reorderMesh(ordered, true, true)
        return digest(
          fewer,
          MeshoptEncoder.encodeVertexBuffer(new Uint8Array(positions.buffer), positions.length / 3, 12),
          MeshoptEncoder.encodeIndexBuffer(new Uint8Array(ordered.buffer), ordered.length, 4),
        )
      },
    }
  },
}

function hills(): { positions: Float32Array<ArrayBuffer>; indices: Uint32Array } {
  const positions = new Float32Array(SIDE * SIDE * 3)
  const indices: number[] = []
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const at = y * SIDE + x
      positions.set([x, y, 4 * Math.sin(x / 7) * Math.cos(y / 5)], at * 3)
      if (x + 1 < SIDE && y + 1 < SIDE) indices.push(at, at + 1, at + SIDE, at + 1, at + SIDE + 1, at + SIDE)
    }
  }
  return { positions, indices: Uint32Array.from(indices) }
}
