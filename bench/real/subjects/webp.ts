import { loadCodec } from '../codec.ts'
import { picture } from '../image.ts'
import { digest, type RealSubject } from '../subject.ts'

export const webp: RealSubject = {
  id: 'webp',
  label: '@jsquash/webp: encode with SIMD, decode',
  toolchain: 'C, Emscripten, SIMD',
  async load() {
    const { encode, decode } = await loadCodec('webp', 'enc/webp_enc_simd.wasm', 'dec/webp_dec.wasm')
    const input = picture(512, 512)
    return {
      async run() {
        const encoded = await encode(input)
        const { data } = await decode(encoded)
        return digest(new Uint8Array(encoded), data)
      },
    }
  },
}
