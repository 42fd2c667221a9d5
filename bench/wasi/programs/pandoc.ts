import assert from 'node:assert/strict'
import { file } from '../../real/packages.ts'
import { put, type WasiProgram, words } from '../program.ts'

const SECTIONS = Array.from({ length: 12 }, (_, index) => index)
const MARKDOWN = SECTIONS.map((n) => `# Part ${n}\n\nSome *text* and \`code\` in ${n}.\n\n- one\n- [two](http://example.com/${n})\n`).join('\n')
const HTML = SECTIONS.map(
  (n) =>
    `<h1 id="part-${n}">Part ${n}</h1>\n<p>Some <em>text</em> and <code>code</code> in ${n}.</p>\n<ul>\n<li>one</li>\n<li><a href="http://example.com/${n}">two</a></li>\n</ul>\n`,
).join('')
const MILLION = 1_000_000

export const pandoc: WasiProgram = {
  id: 'pandoc',
  label: 'wasm-pandoc: Markdown to HTML',
  toolchain: 'Haskell, GHC',
  bytes: () => file('wasm-pandoc/src/pandoc.wasm'),
  limits: {
    caps: { functions: MILLION, tableElements: MILLION, activeData: 64 * MILLION, complexity: 4_000 * MILLION, calls: MILLION },
    tableLimit: MILLION,
  },
  files: { stdin: MARKDOWN, stdout: '', stderr: '', warnings: '' },
  async use(guest) {
    const allocated = (data: Uint8Array | string) => put(guest, (length) => guest.call('malloc', length), data)
    await guest.call('__wasm_call_ctors')
    const args: number[] = []
    for (const arg of ['pandoc', '+RTS', '-H64m', '-RTS']) args.push(await allocated(`${arg}\0`))
    const argv = await allocated(words(...args, 0))
    await guest.call('hs_init_with_rtsopts', await allocated(words(args.length)), await allocated(words(argv)))
    const options = JSON.stringify({ from: 'markdown', to: 'html' })
    await guest.call('convert', await allocated(options), options.length)
  },
  check({ file: read }) {
    assert.equal(new TextDecoder().decode(read('stderr')), '')
    assert.equal(new TextDecoder().decode(read('stdout')), HTML)
  },
}
