import '../image.ts'
import { file, load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Symbol {
  data: Uint8ClampedArray
  width: number
  height: number
}
interface ZXing {
  prepareZXingModule(options: object): Promise<unknown>
  readBarcodes(image: object, options: object): Promise<{ text: string; format: string; position: object }[]>
  writeBarcode(text: string, options: object): Promise<{ symbol: Symbol }>
}

const TEXT = 'Curfew: WebAssembly plugins, and no call outlives its deadline'
const FORMATS = ['QRCode', 'DataMatrix', 'Aztec', 'PDF417']
const SCALE = 6
const MARGIN = 40

export const zxing: RealSubject = {
  id: 'zxing',
  label: 'zxing-wasm: draw codes, find and read them again',
  toolchain: 'C++, Emscripten',
  async load() {
    const { prepareZXingModule, readBarcodes, writeBarcode } = await load<ZXing>('zxing-wasm/full')
    await prepareZXingModule({ overrides: { wasmBinary: file('zxing-wasm/dist/full/zxing_full.wasm').buffer }, fireImmediately: true })
    const images: ImageData[] = []
    for (const format of FORMATS) images.push(enlarged((await writeBarcode(TEXT, { format })).symbol))
    return {
      async run() {
        const outputs: string[] = []
        for (const format of FORMATS) outputs.push(digest((await writeBarcode(TEXT, { format })).symbol.data))
        for (const image of images) outputs.push(JSON.stringify(await readBarcodes(image, { tryHarder: true })))
        return digest(...outputs)
      },
    }
  },
}

/** The symbol has a byte for each of its squares. */
function enlarged({ data, width, height }: Symbol): ImageData {
  const [wide, high] = [width * SCALE + 2 * MARGIN, height * SCALE + 2 * MARGIN]
  const pixels = new Uint8ClampedArray(wide * high * 4).fill(255)
  for (let y = 0; y < height * SCALE; y++) {
    for (let x = 0; x < width * SCALE; x++) {
      const shade = data[Math.floor(y / SCALE) * width + Math.floor(x / SCALE)] as number
      pixels.fill(shade, ((y + MARGIN) * wide + x + MARGIN) * 4, ((y + MARGIN) * wide + x + MARGIN) * 4 + 3)
    }
  }
  return new ImageData(pixels, wide, high)
}
