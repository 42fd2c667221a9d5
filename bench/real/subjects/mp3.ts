import { file, load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Encoder {
  configure(options: object): void
  encode(channels: Float32Array[]): Uint8Array
  finalize(): Uint8Array
}
type MediaEncoders = { createEncoder(type: string, module: Uint8Array): Promise<Encoder> }

const RATE = 44_100
const SECONDS = 3

export const mp3: RealSubject = {
  id: 'mp3',
  label: 'wasm-media-encoders (LAME): encode three seconds of stereo',
  toolchain: 'C, Emscripten',
  async load() {
    const { createEncoder } = await load<MediaEncoders>('wasm-media-encoders')
    const encoder = await createEncoder('audio/mpeg', file('wasm-media-encoders/wasm/mp3.wasm'))
    const tone = (pitch: number) =>
      Float32Array.from({ length: RATE * SECONDS }, (_, i) => 0.5 * Math.sin((i * pitch * (1 + i / RATE / 9)) / 7000) * Math.cos(i / 3000))
    const channels = [tone(440), tone(660)]
    return {
      run() {
        encoder.configure({ sampleRate: RATE, channels: 2, bitrate: 128 })
        // Both are views of the same memory
        const body = encoder.encode(channels).slice()
        return digest(body, encoder.finalize())
      },
    }
  },
}
