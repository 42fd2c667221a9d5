import { picture } from '../image.ts'
import { file, load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Image {
  resize(width: number, height: number): void
  rotate(degrees: number): void
  gaussianBlur(radius: number, sigma: number): void
  charcoal(radius: number, sigma: number): void
  write<T>(format: string, use: (data: Uint8Array) => T): T
}
interface Magick {
  initializeImageMagickx64(module: Uint8Array): Promise<void>
  ImageMagick: { read<T>(data: Uint8Array, settings: object, use: (image: Image) => T): T }
  MagickReadSettings: new (settings: object) => object
}

export const magick: RealSubject = {
  id: 'magick',
  label: '@imagemagick/magick-wasm: resize, rotate, blur and draw an image',
  toolchain: 'C and C++, Emscripten, 64-bit memory, SIMD',
  needs: 'memory64',
  async load() {
    const { initializeImageMagickx64, ImageMagick, MagickReadSettings } = await load<Magick>('@imagemagick/magick-wasm')
    await initializeImageMagickx64(file('@imagemagick/magick-wasm/dist/x64/magick.wasm'))
    const { data, width, height } = picture(160, 160)
    const settings = new MagickReadSettings({ width, height, depth: 8, format: 'RGBA' })
    return {
      run: () =>
        ImageMagick.read(new Uint8Array(data.buffer as ArrayBuffer), settings, (image) => {
          image.rotate(30)
          image.gaussianBlur(2, 1)
          image.charcoal(1, 0.5)
          image.resize(100, 100)
          return image.write('RGBA', (pixels) => digest(pixels))
        }),
    }
  },
}
