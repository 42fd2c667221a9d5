import { file, loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Mesh {
  num_faces(): number
  num_points(): number
}
interface Decoder {
  Decoder: new () => {
    DecodeBufferToMesh(buffer: object, mesh: Mesh): { ok(): boolean }
    GetTrianglesUInt32Array(mesh: Mesh, size: number, at: number): boolean
    GetAttributeId(mesh: Mesh, attribute: number): number
    GetAttribute(mesh: Mesh, id: number): object
    GetAttributeDataArrayForAllPoints(mesh: Mesh, attribute: object, type: number, size: number, at: number): boolean
  }
  DecoderBuffer: new () => { Init(data: Uint8Array, length: number): void }
  Mesh: new () => Mesh
  POSITION: number
  DT_FLOAT32: number
  HEAPU8: Uint8Array
  _malloc(size: number): number
  _free(at: number): void
  destroy(object: object): void
}

const TIMES = 5

export const draco: RealSubject = {
  id: 'draco',
  label: 'draco3d: decode the mesh of the Stanford bunny',
  toolchain: 'C++, Emscripten',
  async load() {
    const draco = await loadCommonJs<{ createDecoderModule(options: object): Promise<Decoder> }>('draco3d').createDecoderModule({})
    const bunny = file('draco3d/bunny.drc')
    return { run: () => digest(...Array.from({ length: TIMES }, decode)) }

    function decode(): string {
      const buffer = new draco.DecoderBuffer()
      const decoder = new draco.Decoder()
      const mesh = new draco.Mesh()
      buffer.Init(bunny, bunny.length)
      if (!decoder.DecodeBufferToMesh(buffer, mesh).ok()) throw new Error('the mesh was not decoded')
      const copied = (size: number, fill: (at: number) => boolean): Uint8Array => {
        const at = draco._malloc(size)
        fill(at)
        const bytes = draco.HEAPU8.slice(at, at + size)
        draco._free(at)
        return bytes
      }
      const [faces, points] = [mesh.num_faces() * 12, mesh.num_points() * 12]
      const positions = decoder.GetAttribute(mesh, decoder.GetAttributeId(mesh, draco.POSITION))
      const output = digest(
        copied(faces, (at) => decoder.GetTrianglesUInt32Array(mesh, faces, at)),
        copied(points, (at) => decoder.GetAttributeDataArrayForAllPoints(mesh, positions, draco.DT_FLOAT32, points, at)),
      )
      for (const object of [mesh, decoder, buffer]) draco.destroy(object)
      return output
    }
  },
}
