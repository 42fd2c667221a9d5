/** The little of Markdown that the checks need: headings with the anchors that code hosts give them, links, code blocks. */

export interface Heading {
  readonly text: string
  readonly anchor: string
}

export interface Link {
  readonly target: string
  readonly line: number
}

export interface CodeBlock {
  readonly language: string
  readonly code: string
  readonly line: number
}

export function headingsOf(markdown: string): Heading[] {
  const taken = new Map<string, number>()
  const headings: Heading[] = []
  for (const line of withoutCode(markdown).split('\n')) {
    for (const [, id = ''] of line.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) headings.push({ text: id, anchor: id.toLowerCase() })
    const text = /^#{1,6}\s+(.+?)\s*#*$/.exec(line)?.[1]
    if (text === undefined) continue
    const slug = slugOf(text)
    const before = taken.get(slug) ?? 0
    taken.set(slug, before + 1)
    headings.push({ text, anchor: before === 0 ? slug : `${slug}-${before}` })
  }
  return headings
}

/** Inline links and images, and the definitions of reference links. */
export function linksOf(markdown: string): Link[] {
  const links: Link[] = []
  for (const [index, line] of withoutCode(markdown).split('\n').entries()) {
    const text = line.replace(/`[^`]*`/g, (code) => ' '.repeat(code.length))
    for (const [, target = ''] of text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)) links.push({ target, line: index + 1 })
    const definition = /^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)/.exec(text)?.[1]
    if (definition !== undefined) links.push({ target: definition, line: index + 1 })
  }
  return links
}

export function codeBlocksOf(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  for (const match of markdown.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```\s*$/gm)) {
    blocks.push({ language: match[1] ?? '', code: match[2] ?? '', line: markdown.slice(0, match.index).split('\n').length })
  }
  return blocks
}

/** Text as it is read: links and code without their marks. */
export function proseOf(text: string): string {
  return text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
}

function slugOf(text: string): string {
  return proseOf(text)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-')
}

/** Fenced code blocks blanked, so that lines keep their numbers. */
function withoutCode(markdown: string): string {
  return markdown.replace(/^(```|~~~)[\s\S]*?^\1[^\n]*$/gm, (block) => block.replace(/[^\n]/g, ''))
}
