/**
 * Observable Plot, drawn without a browser. Vega-Lite does as much; Plot needs nothing but a DOM, of which linkedom is enough, and makes
 * a third of the SVG for the same chart.
 */
import { load } from '../peers/packages.ts'
import { DARK_RULES, text } from './theme.ts'

/** What is used of its interface. */
export interface PlotLibrary {
  plot(options: object): { outerHTML: string }
  [mark: string]: (data: readonly unknown[], options?: object) => unknown
}

export interface Chart {
  /** Of the file. */
  readonly name: string
  readonly title: string
  readonly subtitle: string
  /** What to know about it, a line each below the subtitle. */
  readonly notes?: readonly string[]
  /** What somebody hears who does not see it. */
  readonly description: string
  /** Its height and all that Plot takes. */
  readonly options: (plot: PlotLibrary) => { readonly height: number; readonly [option: string]: unknown }
}

export const WIDTH = 820
/** Of title and subtitle, above the chart. */
const HEAD = 54
const NOTE = 18
const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"

export async function draw({ title, subtitle, notes = [], description, options }: Chart): Promise<string> {
  const plot = await load<PlotLibrary>('@observablehq/plot')
  const { parseHTML } = await load<{ parseHTML(html: string): { document: object } }>('linkedom')
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const chart = { width: WIDTH, document, style: { fontSize: '13px' }, ...options(plot) }
  const inner = plot
    .plot(chart)
    .outerHTML.replace(/^<svg[^>]*>/, '')
    .replace(/<\/svg>$/, '')
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replaceAll('currentColor', text)
  const head = `<text x="16" y="24" font-size="16" font-weight="600">${escaped(title)}</text>${[subtitle, ...notes].map((line, index) => `<text x="16" y="${44 + index * NOTE}" font-size="13">${escaped(line)}</text>`).join('')}`
  const top = HEAD + notes.length * NOTE
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${chart.height + top}" font-family="${FONT}" font-size="13" fill="${text}" role="img" aria-label="${escaped([description, ...notes].join('; '))}">
<style>${DARK_RULES}</style>
<g fill="${text}">${head}</g>
<g transform="translate(0 ${top})" text-anchor="middle" fill="${text}">${inner}</g>
</svg>
`
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
