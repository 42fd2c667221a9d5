/**
 * What is wrong with the docs of a repository, as far as a machine can tell: links that lead nowhere, npm scripts and source
 * files that do not exist, and comments in code that cite a decision or a heading which is gone.
 */

import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { headingsOf, linksOf, proseOf } from './markdown.ts'
import { filesOf } from './tree.ts'

export interface Problem {
  /** Relative to the root, with forward slashes. */
  readonly file: string
  readonly line: number
  readonly message: string
}

const DECISIONS = 'docs/decisions/'

export function checkDocs(root: string): Problem[] {
  const files = filesOf(root)
  const problems: Problem[] = []
  const scripts = npmScripts(root)
  const decisions = files.filter((file) => file.startsWith(DECISIONS) && file.endsWith('.md')).flatMap((file) => headingsOf(read(root, file)))
  for (const file of files) {
    const text = read(root, file)
    const report = (line: number, message: string): void => void problems.push({ file, line, message })
    if (file.endsWith('.md')) {
      checkLinks(root, file, text, report)
      checkScripts(text, scripts, report)
      checkSources(text, files, report)
    } else if (/\.[cm]?[jt]s$|^\.ci\//.test(file)) {
      checkCitations(root, text, decisions, report)
    }
  }
  return problems
}

type Report = (line: number, message: string) => void

function checkLinks(root: string, file: string, text: string, report: Report): void {
  for (const { target, line } of linksOf(text)) {
    if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) continue
    const [path = '', anchor] = target.split('#')
    const problem = wrongTarget(root, path === '' ? file : join(dirname(file), decodeURIComponent(path)), anchor)
    if (problem !== undefined) report(line, `link to ${target}: ${problem}`)
  }
}

function wrongTarget(root: string, path: string, anchor: string | undefined): string | undefined {
  const target = normalize(path)
  if (target.startsWith('..')) return 'outside of the repository'
  if (!existsSync(join(root, target))) return 'no such file'
  if (anchor === undefined || anchor === '' || !target.endsWith('.md') || statSync(join(root, target)).isDirectory()) return undefined
  return headingsOf(read(root, target)).some((heading) => heading.anchor === anchor.toLowerCase()) ? undefined : 'no such heading'
}

function checkScripts(text: string, scripts: ReadonlySet<string>, report: Report): void {
  for (const [index, line] of text.split('\n').entries()) {
    for (const [, name = ''] of line.matchAll(/\bnpm (?:run|run-script) ([a-z][\w:-]*)/g))
      if (!scripts.has(name)) report(index + 1, `npm run ${name}: no such script`)
    for (const [, name = ''] of line.matchAll(/\bnpm (start|test|cit)\b/g)) {
      const needs = name === 'cit' ? 'test' : name
      if (!scripts.has(needs)) report(index + 1, `npm ${name}: no script "${needs}"`)
    }
  }
}

/** By its name, or the end of its path. */
function checkSources(text: string, files: readonly string[], report: Report): void {
  for (const [index, line] of text.split('\n').entries()) {
    for (const [, name = ''] of line.matchAll(/`(\w[\w./-]*\.ts)`/g))
      if (!files.some((file) => `/${file}`.endsWith(`/${name}`))) report(index + 1, `${name}: no such file`)
  }
}

function checkCitations(root: string, text: string, decisions: readonly { text: string; anchor: string }[], report: Report): void {
  for (const [index, line] of text.split('\n').entries()) {
    if (!/^\s*(\/\/|\/?\*|#)|\s\/\/\s/.test(line)) continue
    const decision = /\bsee decision: (.+?)\s*(?:\*\/)?$/.exec(line)?.[1]
    if (decision !== undefined && !decisions.some((heading) => cites(decision, heading.text)))
      report(index + 1, `see decision: ${decision}: no such heading in ${DECISIONS}`)
    for (const [, path = '', anchor] of line.matchAll(/(?<![\w/.-])(docs\/[\w./-]+\.md|[A-Z]+\.md)(?:#([\w-]+))?/g)) {
      const problem = wrongTarget(root, path, anchor)
      if (problem !== undefined) report(index + 1, `${path}${anchor === undefined ? '' : `#${anchor}`}: ${problem}`)
    }
  }
}

/** A decision is cited by its whole heading, or by its number ("D035", "C001"). */
function cites(citation: string, heading: string): boolean {
  const plain = (text: string): string =>
    proseOf(text)
      .replace(/[.)]+$/, '')
      .trim()
  const number = /^[CD]\d+\b/
  if (plain(citation) === plain(heading)) return true
  return number.test(citation) && number.exec(citation)?.[0] === number.exec(heading)?.[0] && plain(citation).length <= 4
}

function npmScripts(root: string): Set<string> {
  const file = join(root, 'package.json')
  const manifest: { scripts?: Record<string, string> } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  return new Set(Object.keys(manifest.scripts ?? {}))
}

const read = (root: string, file: string): string => readFileSync(join(root, file), 'utf8')
