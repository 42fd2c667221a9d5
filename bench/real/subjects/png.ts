import { picture } from '../image.ts'
import { file, load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Pixels = { data: Uint8ClampedArray }
interface Png {
  initSync(module: WebAssembly.Module): void
  encode(data: Uint8Array, width: number, height: number, bitDepth: number): Uint8Array
  decode(data: Uint8Array): Pixels
}

const PACKAGE = '@jsquash/png/codec/pkg/squoosh_png'

export const png: RealSubject = {
  id: 'png',
  label: '@jsquash/png: encode and decode',
  toolchain: 'Rust, wasm-bindgen',
  async load() {
    const { initSync, encode, decode } = await load<Png>(`${PACKAGE}.js`)
    initSync(new WebAssembly.Module(file(`${PACKAGE}_bg.wasm`)))
    const { data, width, height } = picture(1024, 1024)
    return {
      run() {
        const encoded = encode(new Uint8Array(data.buffer as ArrayBuffer), width, height, 8)
        return digest(encoded, decode(encoded).data)
      },
    }
  },
}
