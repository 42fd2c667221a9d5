import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type LightningCss = { transform(options: object): { code: Uint8Array } }

const RULES = (index: number) => `
  .card-${index} { display: flex; color: rgb(${index % 256} 10% 20% / 50%); margin: ${index}px 0px ${index}px 0px;
    &:hover > .title, & :is(h1, h2) { background: linear-gradient(to right, color-mix(in srgb, red ${index % 100}%, blue), #ffffff00) }
    @media (width >= ${300 + index}px) { inset-inline: calc(100% - ${index}px * 2); transition: opacity 300ms ease, opacity 300ms ease } }
  @supports (display: grid) { .grid-${index} { grid-template: "a b" 1fr "c d" auto / ${index}fr 2fr; user-select: none } }`

export const lightningcss: RealSubject = {
  id: 'lightningcss',
  label: 'lightningcss-wasm: lower and minify a style sheet',
  toolchain: 'Rust, napi-wasm',
  async load() {
    const { transform } = await load<LightningCss>('lightningcss-wasm')
    const code = Buffer.from(Array.from({ length: 150 }, (_, index) => RULES(index)).join(''))
    const targets = { chrome: 80 << 16, safari: 12 << 16 }
    return { run: () => digest(transform({ filename: 'style.css', code, minify: true, targets }).code) }
  },
}
