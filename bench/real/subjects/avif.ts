import { loadCodec } from '../codec.ts'
import { picture } from '../image.ts'
import { digest, type RealSubject } from '../subject.ts'

export const avif: RealSubject = {
  id: 'avif',
  label: '@jsquash/avif (libaom): encode and decode',
  toolchain: 'C, Emscripten',
  async load() {
    const { encode, decode } = await loadCodec('avif', 'enc/avif_enc.wasm', 'dec/avif_dec.wasm')
    const input = picture(224, 224)
    return {
      async run() {
        const encoded = await encode(input, { speed: 8 })
        const { data } = await decode(encoded)
        return digest(new Uint8Array(encoded), data)
      },
    }
  },
}
