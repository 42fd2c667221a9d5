/** What came of a program, as text that people read and compare. */

import { Link, type Tree } from './cases.ts'
import type { Trees } from './folders.ts'

export interface Outcome {
  /** `trap` when the program ended by one. */
  readonly exitCode: number | 'trap'
  readonly stdout: string
  readonly stderr: string
  /** What is in its folders afterwards, by the path it knows them by. */
  readonly files: Trees
}

/** As much of an output as anybody reads. The rest is counted. */
const SHOWN = 4000

export function transcript({ exitCode, stdout, stderr, files }: Outcome): string {
  const listed = Object.entries(files).flatMap(([path, tree]) => lines(path === '/' ? '' : path, tree))
  return [`exit ${exitCode}`, '--- stdout', shown(stdout), '--- stderr', shown(stderr), '--- files', ...summary(listed)].join('\n').concat('\n')
}

function lines(path: string, tree: Tree): string[] {
  return Object.keys(tree)
    .sort()
    .flatMap((name) => {
      const entry = tree[name]
      const at = `${path}/${name}`
      if (typeof entry === 'string') return [`${at}: ${JSON.stringify(entry)}`]
      return entry instanceof Link ? [`${at} -> ${entry.target}`] : [`${at}/`, ...lines(at, entry as Tree)]
    })
}

function shown(output: string): string {
  const text = output.replaceAll('\0', '\\0')
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}\n[and ${text.length - SHOWN} more, the last of them ${JSON.stringify(text.slice(-40))}]`
}

function summary(listed: readonly string[]): readonly string[] {
  return listed.length <= 30 ? listed : [...listed.slice(0, 3), `[and ${listed.length - 3} more]`]
}
