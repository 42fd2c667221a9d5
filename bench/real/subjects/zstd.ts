import { prose } from '../corpus.ts'
import { loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Zstd {
  init(): Promise<void>
  compress(data: Uint8Array, level: number): Uint8Array
  decompress(data: Uint8Array): Uint8Array
}

export const zstd: RealSubject = {
  id: 'zstd',
  label: '@bokuweb/zstd-wasm: compress at three levels, decompress',
  toolchain: 'C, Emscripten',
  async load() {
    const { init, compress, decompress } = loadCommonJs<Zstd>('@bokuweb/zstd-wasm')
    await init()
    const input = Buffer.from(prose(350_000))
    return {
      run() {
        const compressed = [3, 7, 13].map((level) => compress(input, level))
        if (!compressed.every((each) => input.equals(decompress(each)))) throw new Error('the text did not come back')
        return digest(...compressed)
      },
    }
  },
}
