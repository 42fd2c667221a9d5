import { loadCodec } from '../codec.ts'
import { picture } from '../image.ts'
import { digest, type RealSubject } from '../subject.ts'

export const jpeg: RealSubject = {
  id: 'jpeg',
  label: '@jsquash/jpeg (MozJPEG): encode and decode',
  toolchain: 'C++, Emscripten',
  async load() {
    const { encode, decode } = await loadCodec('jpeg', 'enc/mozjpeg_enc.wasm', 'dec/mozjpeg_dec.wasm')
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
