/**
 * What a TypeScript file imports, by its text.
 *
 * Import and export statements are looked for where the formatter puts them, at the beginning of a line; `import(...)`,
 * as an expression or a type, anywhere but in comments.
 */

export interface Import {
  /** undefined: `import(...)` of something that is not one plain string, so that nobody can say what it imports. */
  readonly specifier: string | undefined
  /** The names as the imported file has them; `*` for all of them. */
  readonly names: readonly string[]
  readonly line: number
}

const STATEMENT = /^(?:import|export)\b([\w\s{},*$]*?)\bfrom\s*(?:'([^']*)'|"([^"]*)")/gm
const SIDE_EFFECT = /^import\s*(?:'([^']*)'|"([^"]*)")/gm
const DYNAMIC = /\bimport\s*\(\s*(?:(?:'([^']*)'|"([^"]*)")\s*[,)])?/g
// Strings are matched to be kept: a glob in one looks like a comment.
const STRING_OR_COMMENT = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g

export function importsOf(source: string): Import[] {
  const text = source.replace(STRING_OR_COMMENT, (match) => (match.startsWith('/') ? match.replace(/[^\n]/g, ' ') : match))
  const lineOf = (index: number): number => text.slice(0, index).split('\n').length
  const found: Import[] = []
  for (const match of text.matchAll(STATEMENT)) found.push({ specifier: match[2] ?? match[3], names: namesOf(match[1] ?? ''), line: lineOf(match.index) })
  for (const match of text.matchAll(SIDE_EFFECT)) found.push({ specifier: match[1] ?? match[2], names: [], line: lineOf(match.index) })
  for (const match of text.matchAll(DYNAMIC)) found.push({ specifier: match[1] ?? match[2], names: ['*'], line: lineOf(match.index) })
  return found.sort((a, b) => a.line - b.line)
}

/** `type Foo, { bar as baz, type Qux }` -> default, bar, Qux. */
function namesOf(clause: string): string[] {
  const braces = /\{([\s\S]*)\}/.exec(clause)
  const named = (braces?.[1] ?? '').split(',').map((part) => part.replace(/^\s*type\s+(?=\w)/, '').replace(/\s+as\s[\s\S]*$/, ''))
  const rest = clause.replace(/\{[\s\S]*\}/, '').replace(/^\s*type\b/, '')
  const names = named.map((name) => name.trim()).filter((name) => name !== '')
  if (rest.includes('*')) return ['*']
  return /\w/.test(rest) ? ['default', ...names] : names
}
