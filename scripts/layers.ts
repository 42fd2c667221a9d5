/**
 * The layers of `src/`, and what is wrong with a tree that does not keep to them. docs/architecture.md explains why.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Import, importsOf } from './imports.ts'
import { filesOf } from './tree.ts'

interface Row {
  /** Folders of `src/`, which do not import each other, and files. */
  readonly parts: readonly string[]
  /** Those that may import `node:` modules and packages. All others run in any JavaScript engine. */
  readonly node?: readonly string[]
}

/** An import only ever points to a lower row, or stays in its own part. Index 0 is the lowest row. */
export const ROWS: readonly Row[] = [
  // One part: the options of budgets are refused with the errors of the table.
  { parts: ['errors.ts|budget.ts|limits.ts', 'node.ts'] },
  { parts: ['wasm/', 'abi.ts'] },
  { parts: ['guard/', 'runtime/'] },
  { parts: ['guests/'] },
  { parts: ['conventions/'] },
  { parts: ['threads/', 'wasi/'], node: ['wasi/'] },
  { parts: ['host/'] },
  { parts: ['cli/'], node: ['cli/'] },
]

/** The lowest row that has something public: what users hold, and what that says of guests. */
const GUESTS_ROW = 3
/** Uses what is public alone, so that anybody could have written what is in it. */
const OUTSIDER = 'wasi/'
const MAY_USE_NODE = ROWS.flatMap(({ node = [] }) => node)

/** What users import. It re-exports and has no code of its own. */
const BARREL = 'index.ts'
const BARREL_MAY_IMPORT = ['host/', 'wasi/', 'conventions/', 'guests/', 'errors.ts|budget.ts|limits.ts']
const MAY_IMPORT_BARREL = ['cli/']

export interface Violation {
  /** Relative to the root, with forward slashes. */
  readonly file: string
  readonly line: number
  readonly message: string
}

interface Part {
  readonly name: string
  readonly row: number
}

/** Every violation in a repository. */
export function checkLayers(root: string): Violation[] {
  const found: Violation[] = []
  const publicNames = publicHostNames(root)
  for (const path of typeScriptFiles(join(root, 'src'))) {
    const file = `src/${path}`
    const report = (line: number, message: string): void => void found.push({ file, line, message })
    if (path !== BARREL && partOf(path) === undefined) report(1, 'is in no layer; add it to the table in scripts/layers.ts and docs/architecture.md')
    for (const imported of importsOf(readFileSync(join(root, file), 'utf8'))) {
      const message = wrongWith(path, imported, publicNames)
      if (message !== undefined) report(imported.line, message)
    }
  }
  return [...found, ...checkExamples(root)]
}

/** Examples show what users write, so they import the package by its name. */
function checkExamples(root: string): Violation[] {
  const found: Violation[] = []
  for (const path of typeScriptFiles(join(root, 'examples'))) {
    for (const { specifier, line } of importsOf(readFileSync(join(root, 'examples', path), 'utf8'))) {
      if (specifier === undefined || !specifier.startsWith('.')) continue
      const target = posix.join('examples', posix.dirname(path), specifier)
      if (target.startsWith('src/') || target.startsWith('dist/'))
        found.push({ file: `examples/${path}`, line, message: `imports ${target}; examples import 'curfew'` })
    }
  }
  return found
}

function wrongWith(path: string, imported: Import, publicNames: ReadonlyMap<string, ReadonlySet<string>>): string | undefined {
  const { specifier } = imported
  if (specifier === undefined) return 'imports something that only shows when it runs; write the path out'
  const from = partOf(path)
  const mayUseNode = from !== undefined && MAY_USE_NODE.includes(from.name)
  if (!specifier.startsWith('.')) {
    if (specifier === 'curfew' || specifier.startsWith('curfew/')) return `imports '${specifier}', which is this package; import the file`
    return mayUseNode ? undefined : `imports '${specifier}', but only ${MAY_USE_NODE.join(' and ')} may use Node and packages`
  }
  const target = posix.join(posix.dirname(path), specifier)
  if (target.startsWith('..')) return `imports '${specifier}', which is outside of src`
  if (target === BARREL) return from !== undefined && MAY_IMPORT_BARREL.includes(from.name) ? undefined : 'imports the barrel; import the file that has it'
  const to = partOf(target)
  if (to === undefined) return `imports '${specifier}', which is in no layer`
  if (path === BARREL)
    return BARREL_MAY_IMPORT.includes(to.name) ? undefined : `imports '${specifier}'; the barrel exports host/, wasi/, conventions/, guests/ and row 0 only`
  if (from === undefined || from.name === to.name) return undefined
  if (to.row > from.row) return `imports '${specifier}' of row ${to.row}, which is above its own row ${from.row}`
  if (to.row === from.row) return `imports '${specifier}', its sibling in row ${to.row}`
  return from.name === OUTSIDER ? wrongWithOutsider(target, to, imported.names, publicNames) : undefined
}

function wrongWithOutsider(target: string, to: Part, names: readonly string[], publicNames: ReadonlyMap<string, ReadonlySet<string>>): string | undefined {
  if (to.row === 0) return undefined
  if (to.row < GUESTS_ROW) return `imports 'src/${target}'; ${OUTSIDER} uses the public API alone`
  const exported = publicNames.get(target)
  const hidden = names.filter((name) => exported === undefined || !(exported.has(name) || exported.has('*')))
  return hidden.length === 0
    ? undefined
    : `imports ${hidden.join(', ')} of 'src/${target}', not exported by src/${BARREL}; ${OUTSIDER} uses the public API alone`
}

/** File -> names that the barrel exports from it. */
function publicHostNames(root: string): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>()
  const barrel = join(root, 'src', BARREL)
  if (!existsSync(barrel)) return names
  for (const { specifier, names: exported } of importsOf(readFileSync(barrel, 'utf8'))) {
    if (specifier === undefined) continue
    const target = posix.join(specifier)
    names.set(target, new Set([...(names.get(target) ?? []), ...exported]))
  }
  return names
}

function partOf(path: string): Part | undefined {
  for (const [row, { parts }] of ROWS.entries()) {
    for (const name of parts) if (name.endsWith('/') ? path.startsWith(name) : name.split('|').includes(path)) return { name, row }
  }
  return undefined
}

/** AssemblyScript (`assembly/`) is another language. */
function typeScriptFiles(folder: string): string[] {
  return existsSync(folder) ? filesOf(folder).filter((path) => path.endsWith('.ts') && !/(^|\/)assembly\//.test(path)) : []
}
