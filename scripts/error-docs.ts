/** The parts of README.md and docs/errors.md that say what the table in src/errors.ts says. */

import { callError, type ErrorCode, REASONS } from '../src/errors.ts'

const CODES = Object.keys(REASONS) as ErrorCode[]
const START = '<!-- errors:start, by scripts/build-docs.ts -->'
const END = '<!-- errors:end -->'
/** What stands in a section until somebody writes when its error happens. */
export const UNWRITTEN = 'Not written yet.'

/** README.md with its table of errors as the code has them. */
export function withErrorTable(readme: string): string {
  const start = readme.indexOf(START)
  const end = readme.indexOf(END)
  if (start < 0 || end < start) throw new Error(`README.md needs a line ${START} and a line ${END}.`)
  const rows = CODES.map((code) => `| [\`${code}\`](docs/errors.md#${code}) | ${REASONS[code].meaning} | \`${classOf(code)}\` | ${REASONS[code].exitCode} |`)
  const table = ['| code | meaning | class | exit code |', '|---|---|---|---|', ...rows].join('\n')
  return `${readme.slice(0, start + START.length)}\n${table}\n${readme.slice(end)}`
}

/** docs/errors.md with a section for each code. What stands in a section after "**When.**" is kept. */
export function withErrorSections(page: string): string {
  const at = page.indexOf('\n## ')
  const introduction = at < 0 ? page.trimEnd() : page.slice(0, at).trimEnd()
  const written = new Map<string, string>()
  for (const [, code = '', when = ''] of page.matchAll(/^## (\S+)\n[\s\S]*?^\*\*When\.\*\* ([\s\S]*?)(?=^## |(?![\s\S]))/gm)) written.set(code, when.trim())
  return `${[introduction, ...CODES.map((code) => section(code, written.get(code) ?? UNWRITTEN))].join('\n\n')}\n`
}

function section(code: ErrorCode, when: string): string {
  const { meaning, advice, exitCode } = REASONS[code]
  const facts = `| class | exit code | instance usable after |\n|---|---|---|\n| \`${classOf(code)}\` | ${exitCode} | ${usableAfter(code)} |`
  return [`## ${code}`, meaning, facts, `**What to do.** ${advice}`, `**When.** ${when}`].join('\n\n')
}

function classOf(code: ErrorCode): string {
  return REASONS[code].kind === 'load' ? 'LoadError' : callError(code, '').name
}

function usableAfter(code: ErrorCode): string {
  if (REASONS[code].kind === 'load') return 'there is none'
  return REASONS[code].instanceUsable ? 'yes' : 'no'
}
