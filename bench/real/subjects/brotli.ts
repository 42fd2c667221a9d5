import { prose } from '../corpus.ts'
import { loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Brotli {
  compress(data: Uint8Array, options: { quality: number }): Uint8Array
  decompress(data: Uint8Array): Uint8Array
}

export const brotli: RealSubject = {
  id: 'brotli',
  label: 'brotli-wasm: compress and decompress',
  toolchain: 'Rust, wasm-bindgen',
  async load() {
    const { compress, decompress } = loadCommonJs<Brotli>('brotli-wasm')
    const input = Buffer.from(prose(350_000))
    return {
      run() {
        const compressed = compress(input, { quality: 7 })
        if (!input.equals(decompress(compressed))) throw new Error('the text did not come back')
        return digest(compressed)
      },
    }
  },
}
