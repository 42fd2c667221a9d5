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
  /** What somebody hears who does not see it. */
  readonly description: string
  /** Its height and all that Plot takes. */
  readonly options: (plot: PlotLibrary) => { readonly height: number; readonly [option: string]: unknown }
}

export const WIDTH = 820
/** Of title and subtitle, above the chart. */
const HEAD = 54
const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"

export async function draw({ title, subtitle, description, options }: Chart): Promise<string> {
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
  const head = `<text x="16" y="24" font-size="16" font-weight="600">${escaped(title)}</text><text x="16" y="44" font-size="13">${escaped(subtitle)}</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${chart.height + HEAD}" font-family="${FONT}" font-size="13" fill="${text}" role="img" aria-label="${escaped(description)}">
<style>${DARK_RULES}</style>
<g fill="${text}">${head}</g>
<g transform="translate(0 ${HEAD})" text-anchor="middle" fill="${text}">${inner}</g>
</svg>
`
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
