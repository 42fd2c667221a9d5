/**
 * Runs an npm script that is one `node ...` command under every supported Node: `node scripts/on-nodes.ts test`.
 * Further arguments are added to the command. A failure does not keep the other versions from running. With `--others` first, the version
 * that runs this is left out: it has had its turn.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf, type InstalledNode, installNode, NODE_VERSIONS } from './nodes.ts'

const ROOT = join(import.meta.dirname, '..')

const others = process.argv[2] === '--others'
const [script = '', ...more] = process.argv.slice(others ? 3 : 2)
const command = commandOf(script)
const versions = NODE_VERSIONS.filter((version) => !(others && version === process.versions.node))
const failed = versions.map(installNode).filter((node) => !passes(node))
console.log(`\n==> npm script "${script}": ${versions.length - failed.length} of ${versions.length} Node versions passed`)
if (failed.length > 0) process.exitCode = 1

/** The command without its first word, `node`. */
function commandOf(name: string): string {
  const manifest: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const line = manifest.scripts[name]
  if (line === undefined || !line.startsWith('node ') || line.includes('&&')) throw new Error(`npm script "${name}" is not one \`node\` command`)
  return [line.slice('node '.length), ...more.map((argument) => JSON.stringify(argument))].join(' ')
}

function passes(node: InstalledNode): boolean {
  const began = performance.now()
  console.log(`\n==> Node ${node.version}: node ${command}`)
  const { status, signal } = spawnSync(`"${node.path}" ${command}`, { cwd: ROOT, env: environmentOf(node), stdio: 'inherit', shell: true })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`==> Node ${node.version}: ${status === 0 ? 'passed' : `FAILED (${signal ?? `exit code ${status}`})`} in ${seconds} s`)
  return status === 0
}
