/**
 * What users get: packs the package, installs the tarball into an empty project and, under every supported Node, runs the
 * README's first example, a thread and the command there. Also: every path that package.json promises exists, and the types are sound.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentOf, type InstalledNode, installNode, NODE_VERSIONS, runNpm } from './nodes.ts'
import { type Example, firstExample } from './readme-example.ts'

const ROOT = join(import.meta.dirname, '..')
const TIMEOUT = 60_000
/** The least there is, in a thread: the file that a thread runs has to be found. */
const IN_A_THREAD = `import { Host } from 'curfew'
const host = new Host({ threads: 1 })
await host.loadModule('empty', Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))
await host.close()
`

const folder = mkdtempSync(join(tmpdir(), 'curfew-pack-'))
try {
  testPackage(installPacked(folder))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Returns the empty project with the package in it. */
function installPacked(temporary: string): string {
  runNpm(['pack', '--pack-destination', temporary], ROOT)
  const tarball = readdirSync(temporary).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball.')
  const project = join(temporary, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true }))
  runNpm(['install', '--no-audit', '--no-fund', join(temporary, tarball)], project)
  return project
}

function testPackage(project: string): void {
  const installed = join(project, 'node_modules/curfew')
  checkPaths(installed)
  checkTypes(project)
  const example = firstExample(readFileSync(join(installed, 'README.md'), 'utf8'))
  writeFileSync(join(project, example.fileName), example.code)
  writeFileSync(join(project, 'thread.mjs'), IN_A_THREAD)
  for (const version of NODE_VERSIONS) testUnder(installNode(version), project, example)
}

function testUnder(node: InstalledNode, project: string, example: Example): void {
  const options = { cwd: project, env: environmentOf(node), encoding: 'utf8', timeout: TIMEOUT } as const
  const printed = execFileSync(node.path, [example.fileName], options)
  const expected = example.prints.join('\n')
  if (example.prints.length > 0 && printed.trimEnd() !== expected)
    throw new Error(`Node ${node.version}: the README's example printed\n${printed}\nbut says\n${expected}`)
  execFileSync(node.path, ['thread.mjs'], options)
  const help = execFileSync('npx', ['--no', 'curfew', '--', '--help'], { ...options, shell: process.platform === 'win32' })
  if (!/usage:? +curfew/i.test(help)) throw new Error(`Node ${node.version}: \`curfew --help\` printed\n${help}`)
  console.log(`Node ${node.version}: the README's example, a thread and the command work`)
}

/** Every file that `exports`, `bin` and the like name is in the tarball. */
function checkPaths(installed: string): void {
  const { exports, bin, main, types } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>
  const paths = leaves([exports, bin, main, types])
  const missing = paths.filter((path) => !existsSync(join(installed, path)))
  if (missing.length > 0) throw new Error(`package.json names files that are not in the package: ${missing.join(', ')}`)
  console.log(`All ${paths.length} paths of package.json are in the package`)
}

function leaves(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : []
}

/** The declarations compile by themselves, which `skipLibCheck` hides from everybody else. */
function checkTypes(project: string): void {
  writeFileSync(join(project, 'types.mts'), "import * as curfew from 'curfew'\nimport * as guard from 'curfew/guard'\nexport { curfew, guard }\n")
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024,esnext.disposable,dom', '--types', '']
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, ...options, 'types.mts'], { cwd: project, stdio: 'inherit', timeout: TIMEOUT })
  console.log('The declarations compile')
}
