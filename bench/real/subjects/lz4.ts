import { prose } from '../corpus.ts'
import { loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Lz4 {
  compress(data: Uint8Array): Uint8Array
  decompress(data: Uint8Array): Uint8Array
}

const TIMES = 24

export const lz4: RealSubject = {
  id: 'lz4',
  label: 'lz4-wasm-nodejs: compress and decompress',
  toolchain: 'Rust, wasm-bindgen',
  async load() {
    const { compress, decompress } = loadCommonJs<Lz4>('lz4-wasm-nodejs')
    const input = Buffer.from(prose(350_000))
    return {
      run() {
        const outputs: Uint8Array[] = []
        for (let i = 0; i < TIMES; i++) {
          const part = input.subarray(i * 1000)
          const compressed = compress(part)
          if (!part.equals(decompress(compressed))) throw new Error('the text did not come back')
          outputs.push(compressed)
        }
        return digest(...outputs)
      },
    }
  },
}
