import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type CodeBlock, codeBlocksOf } from '../../scripts/markdown.ts'
import { firstExample } from '../../scripts/readme-example.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')
const README = read('README.md')
const PAGES = ['README.md', 'SECURITY.md', ...markdownIn('docs')]

const folder = mkdtempSync(join(tmpdir(), 'curfew-docs-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Pages whose examples are complete. */
const RUN = ['README.md', 'docs/events.md', 'docs/host-functions.md', 'docs/wasi.md']

/** A block that imports what it uses is complete: it must run, and print what it says. */
function completeBlocksOf(page: string): CodeBlock[] {
  return codeBlocksOf(read(page)).filter(({ language, code }) => language === 'js' && code.includes("from 'curfew'"))
}

for (const page of RUN) {
  for (const block of completeBlocksOf(page)) {
    test(`the example in line ${block.line} of ${page} prints what it says`, () => {
      const { prints } = firstExample(`\`\`\`js\n${block.code}\`\`\`\n`)
      assert.ok(prints.length > 0, 'it says what it prints')
      assert.equal(run(block).trimEnd(), prints.join('\n'))
    })
  }
}

test('README begins with an example that is complete', () => {
  assert.equal(firstExample(README).code, completeBlocksOf('README.md')[0]?.code)
})

test('docs/events.md lists every field of every event', () => {
  const page = read('docs/events.md')
  const events = [...read('src/host/events.ts').matchAll(/^export interface (\w+Event) \{(.*?)\n\}/gms)]
  assert.ok(events.length > 5)
  for (const [, event = '', body = ''] of events) {
    const section = page.split(/^## /m).find((each) => each.includes(`\`${event}\``)) ?? ''
    const fields = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map((match) => match[1] as string)
    assert.ok(fields.length > 0, event)
    for (const field of fields) assert.match(section, new RegExp(`^\\| [^|]*\`${field}\`[^|]* \\|`, 'm'), `${event}.${field}`)
  }
})

test('README or docs mention every name that the package exports', () => {
  const text = PAGES.map(read).join('\n')
  const names = [...exportedNames('src/index.ts'), ...exportedNames('src/guard/index.ts')]
  assert.ok(names.length > 20)
  const missing = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))
  assert.deepEqual(missing, [])
})

test('README lists every option of host, load and call', () => {
  const source = read('src/host/options.ts') + read('src/host/call-options.ts') + read('src/host/exchanges.ts')
  for (const name of ['HostOptions', 'LoadOptions', 'CallOptions', 'ExchangeOptions', 'LeaseOptions']) {
    const body = new RegExp(`export interface ${name}[^{]*\\{([^]*?)\\n\\}`).exec(source)?.[1] ?? ''
    const options = [...body.matchAll(/^ {2}readonly (\w+)\?/gm)].map((match) => match[1] as string)
    assert.ok(options.length > 0, name)
    for (const option of options) assert.match(README, new RegExp(`^\\| [^|]*\`${option}\`[^|]* \\|`, 'm'), `${name}.${option}`)
  }
})

test('every path of the repository that the docs name is there', () => {
  const missing: string[] = []
  for (const page of PAGES) {
    for (const [, path = ''] of read(page).matchAll(/`((?:src|scripts|test|docs|examples)\/[\w./-]+\.\w+)`/g)) {
      const isPattern = /\/x\/y\./.test(path)
      if (!isPattern && !existsSync(join(ROOT, path))) missing.push(`${page}: ${path}`)
    }
  }
  assert.deepEqual(missing, [])
})

function run({ code, line }: CodeBlock): string {
  const file = join(folder, `line-${line}.mts`)
  writeFileSync(file, code.replace("from 'curfew'", `from '${pathToFileURL(join(ROOT, 'src/index.ts')).href}'`))
  return execFileSync(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 })
}

/** What is listed in `export { ... }`; as and under which kind does not matter. */
function exportedNames(file: string): string[] {
  const lists = [...read(file).matchAll(/^export (?:type )?\{([^}]*)\}/gm)].map((match) => match[1] as string)
  return lists.flatMap((list) => list.split(',').map((name) => name.trim().replace(/^type /, ''))).filter((name) => name !== '')
}

function markdownIn(path: string): string[] {
  return readdirSync(join(ROOT, path), { withFileTypes: true }).flatMap((entry) => {
    const inside = `${path}/${entry.name}`
    return entry.isDirectory() ? markdownIn(inside) : inside.endsWith('.md') ? [inside] : []
  })
}
