import { prose } from '../corpus.ts'
import { file, load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface HarfBuzz {
  Blob: new (data: Uint8Array) => object
  Face: new (blob: object) => object
  Font: new (face: object) => { glyphToPath(glyph: number): string }
  Buffer: new () => { addText(text: string): void; guessSegmentProperties(): void; serialize(options: object): string }
  shape(font: object, buffer: object): void
}

/** Most of them are the letters of Latin, Greek and Cyrillic. */
const GLYPHS = Array.from({ length: 300 }, (_, glyph) => glyph)

export const harfbuzz: RealSubject = {
  id: 'harfbuzz',
  label: 'harfbuzzjs: shape lines of text, outlines of their glyphs',
  toolchain: 'C++, Emscripten',
  async load() {
    const hb = await load<HarfBuzz>('harfbuzzjs')
    const font = new hb.Font(new hb.Face(new hb.Blob(file('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'))))
    const lines = prose(60_000).split('\n')
    const shape = (line: string): string => {
      const buffer = new hb.Buffer()
      buffer.addText(line)
      buffer.guessSegmentProperties()
      hb.shape(font, buffer)
      return buffer.serialize({ font })
    }
    return {
      run() {
        return digest(...lines.map(shape), ...GLYPHS.map((glyph) => font.glyphToPath(glyph)))
      },
    }
  },
}
