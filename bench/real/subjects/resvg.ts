import { SeededRandom } from '../../../examples/redact/random.ts'
import { file, load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Image {
  readonly pixels: Uint8Array
  asPng(): Uint8Array
  free(): void
}
interface Resvg {
  initWasm(module: Uint8Array): Promise<void>
  Resvg: new (svg: string, options: object) => { render(): Image; free(): void }
}

export const resvg: RealSubject = {
  id: 'resvg',
  label: '@resvg/resvg-wasm: render paths, gradients, blur and text, to PNG',
  toolchain: 'Rust, wasm-bindgen',
  async load() {
    const { initWasm, Resvg } = await load<Resvg>('@resvg/resvg-wasm')
    await initWasm(file('@resvg/resvg-wasm/index_bg.wasm'))
    const options = { font: { fontBuffers: [file('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')], defaultFontFamily: 'DejaVu Sans' } }
    const drawing = svg()
    return {
      run() {
        const resvg = new Resvg(drawing, options)
        const image = resvg.render()
        const output = digest(image.pixels, image.asPng())
        image.free()
        resvg.free()
        return output
      },
    }
  },
}

function svg(): string {
  const random = new SeededRandom(17)
  const point = () => `${random.below(300)} ${random.below(200)}`
  const shapes = Array.from({ length: 60 }, (_, i) => {
    const paint = i % 30 === 0 ? 'fill="url(#g)" filter="url(#b)"' : `fill="hsl(${random.below(360)}, 70%, 50%)" stroke="#222" fill-opacity="0.7"`
    return `<path d="M${point()} C${point()} ${point()} ${point()} S${point()} ${point()} Z" ${paint}/>`
  })
  const lines = Array.from({ length: 8 }, (_, i) => `<text x="10" y="${20 + i * 22}" font-size="${10 + i}">Curfew ${random.string('abcdefgh ', 18)}</text>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200">
    <defs><linearGradient id="g"><stop stop-color="#fc0"/><stop offset="1" stop-color="#06c"/></linearGradient>
    <filter id="b"><feGaussianBlur stdDeviation="2"/></filter></defs>${shapes.join('')}${lines.join('')}</svg>`
}
