/** Colours of charts, for pages that are light and for pages that are dark: GitHub shows a chart as an image, so it has to adapt by itself. */

interface Ink {
  readonly light: string
  readonly dark: string
}

const TEXT: Ink = { light: '#1f2328', dark: '#e6edf3' }
/** What the page is made of: around a name, so that no line runs through it. */
export const PAPER: Ink = { light: '#ffffff', dark: '#0d1117' }
const FAINT: Ink = { light: '#d1d9e0', dark: '#3d444d' }
const CURFEW: Ink = { light: '#0550ae', dark: '#79b8ff' }

/** Told apart by people who see few colours, too: they differ in lightness, and every line has its name beside it. */
const PEERS: Readonly<Record<string, Ink>> = {
  'curfew-sync': { light: '#218bff', dark: '#54aeff' },
  'curfew-threads': { light: '#0b7285', dark: '#3bc9db' },
  raw: { light: '#57606a', dark: '#9198a1' },
  vm: { light: '#8250df', dark: '#be8fff' },
  worker: { light: '#c2410c', dark: '#ff9a52' },
  piscina: { light: '#857000', dark: '#e6d34a' },
  extism: { light: '#2da44e', dark: '#3fb950' },
  'extism-worker': { light: '#0f5323', dark: '#aff5b4' },
  quickjs: { light: '#cf222e', dark: '#f85149' },
  wazero: { light: '#bf3989', dark: '#ff9bce' },
}

export const text = TEXT.light
export const faint = FAINT.light

export function colour(candidate: string): string {
  return (PEERS[candidate] ?? CURFEW).light
}

export const hue = ({ candidate }: { candidate: string }) => colour(candidate)

const INKS = [TEXT, FAINT, PAPER, CURFEW, ...Object.values(PEERS)]

/** Rules that exchange the colours where the page is dark. */
export const DARK_RULES = `@media (prefers-color-scheme: dark) { ${INKS.map(({ light, dark }) => `[fill="${light}"] { fill: ${dark} } [stroke="${light}"] { stroke: ${dark} }`).join(' ')} }`

/** The chart as a dark page has it, for renderers that know nothing of pages. */
export function inDark(svg: string): string {
  return INKS.reduce((drawn, { light, dark }) => drawn.replaceAll(`="${light}"`, `="${dark}"`), svg)
}
