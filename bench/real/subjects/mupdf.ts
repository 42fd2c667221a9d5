import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Document {
  countPages(): number
  loadPage(index: number): {
    toPixmap(matrix: number[], colorspace: object, alpha: boolean): { getPixels(): Uint8ClampedArray; destroy(): void }
    toStructuredText(): { asJSON(): string; destroy(): void }
    destroy(): void
  }
  destroy(): void
}
interface MuPdf {
  setLog(log: { error(message: string): void; warning(message: string): void }): void
  Document: { openDocument(data: Uint8Array, type: string): Document }
  Matrix: { scale(x: number, y: number): number[] }
  ColorSpace: { DeviceRGB: object }
}

export const mupdf: RealSubject = {
  id: 'mupdf',
  label: 'mupdf: render a page of PDF, extract its text',
  toolchain: 'C, Emscripten, exceptions',
  async load() {
    const { Document, Matrix, ColorSpace, setLog } = await load<MuPdf>('mupdf')
    setLog({ error: () => undefined, warning: () => undefined })
    const bytes = Buffer.from(pdf())
    return {
      run() {
        const document = Document.openDocument(bytes, 'application/pdf')
        const page = document.loadPage(0)
        const pixels = page.toPixmap(Matrix.scale(1, 1), ColorSpace.DeviceRGB, false)
        const text = page.toStructuredText()
        const output = digest(pixels.getPixels(), text.asJSON())
        for (const object of [text, pixels, page, document]) object.destroy()
        return output
      },
    }
  },
}

/** Without a table of where its objects are, which is for the reader to make up: that is where errors are thrown and caught. */
function pdf(): string {
  const lines = Array.from({ length: 30 }, (_, i) => `BT /F1 ${8 + (i % 9)} Tf 20 ${800 - i * 26} Td (Curfew ${i}: no call outlives its deadline) Tj ET`)
  const curves = Array.from({ length: 120 }, (_, i) => `0.${i % 10} 0.4 0.8 rg ${i * 4} ${i * 6} m ${i * 2} 500 300 ${i * 3} ${500 - i} ${700 - i * 5} c h f`)
  const content = [...curves, '0 g', ...lines].join('\n')
  return `%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>>>> endobj
4 0 obj <</Length ${content.length}>> stream
${content}
endstream endobj
5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Times-Roman>> endobj
trailer <</Root 1 0 R>>`
}
