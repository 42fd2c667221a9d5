/** Colours of charts, for pages that are light and for pages that are dark: GitHub shows a chart as an image, so it has to adapt by itself. */

interface Ink {
  readonly light: string
  readonly dark: string
}

const TEXT: Ink = { light: '#1f2328', dark: '#e6edf3' }
const FAINT: Ink = { light: '#d1d9e0', dark: '#3d444d' }
const CURFEW: Ink = { light: '#0550ae', dark: '#79b8ff' }

/** Told apart by people who see few colours, too: they differ in lightness, and every line has its name beside it. */
const PEERS: Readonly<Record<string, Ink>> = {
  'curfew-sync': { light: '#218bff', dark: '#54aeff' },
  'curfew-threads': { light: '#0b7285', dark: '#3bc9db' },
  raw: { light: '#57606a', dark: '#9198a1' },
  vm: { light: '#8250df', dark: '#be8fff' },
  worker: { light: '#bc4c00', dark: '#ffa657' },
  piscina: { light: '#9a6700', dark: '#d4a72c' },
  extism: { light: '#1a7f37', dark: '#57ab5a' },
  'extism-worker': { light: '#116329', dark: '#8ddb8c' },
  quickjs: { light: '#cf222e', dark: '#ff7b72' },
  wazero: { light: '#bf3989', dark: '#ff80c8' },
}

export const text = TEXT.light
export const faint = FAINT.light

export function colour(candidate: string): string {
  return (PEERS[candidate] ?? CURFEW).light
}

const INKS = [TEXT, FAINT, CURFEW, ...Object.values(PEERS)]

/** Rules that exchange the colours where the page is dark. */
export const DARK_RULES = `@media (prefers-color-scheme: dark) { ${INKS.map(({ light, dark }) => `[fill="${light}"] { fill: ${dark} } [stroke="${light}"] { stroke: ${dark} }`).join(' ')} }`

/** The chart as a dark page has it, for renderers that know nothing of pages. */
export function inDark(svg: string): string {
  return INKS.reduce((drawn, { light, dark }) => drawn.replaceAll(`="${light}"`, `="${dark}"`), svg)
}
