/** The Node versions that Curfew is tested under, installed from the `node` npm package into `.nodes/`. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')

/** The oldest line that `engines` allows, the one to develop with, and the newest. */
export const NODE_VERSIONS = ['22.23.3', '24.21.0', '26.10.0'] as const

export interface InstalledNode {
  readonly version: string
  /** Absolute path of the binary. */
  readonly path: string
}

/** Installs a version unless it is there, and makes sure that it is what it should be. */
export function installNode(version: string): InstalledNode {
  const folder = join(ROOT, '.nodes', version.split('.')[0] as string)
  const path = join(folder, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (reported(path) !== version) {
    console.log(`Installing Node ${version}`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    // The package downloads the binary of this platform in its install script, which npm only runs for those named here.
    const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    runNpm(['install', '--no-audit', '--no-fund', '--loglevel=error'], folder)
  }
  const found = reported(path)
  if (found !== version) throw new Error(`${path} should be Node ${version}, but is ${found ?? 'not there'}`)
  return { version, path }
}

/** The environment with this Node first, for what starts `node` by its name. */
export function environmentOf(node: InstalledNode): NodeJS.ProcessEnv {
  const separator = process.platform === 'win32' ? ';' : ':'
  return { ...plainEnvironment(), PATH: `${dirname(node.path)}${separator}${process.env.PATH}` }
}

/** `npm` in another project: what the npm that started this script set for its own must not reach it. */
export function runNpm(args: readonly string[], folder: string): void {
  execFileSync('npm', args, { cwd: folder, env: plainEnvironment(), stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' })
}

function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_(package|lifecycle)_|npm_config_(local_prefix|node_gyp)|INIT_CWD|NODE_TEST_CONTEXT)/.test(name)),
  )
}

function reported(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  return execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().replace(/^v/, '')
}
