/**
 * Compilers that are not npm packages. What they make is committed, so nobody needs them; whoever has them, and in the very version that
 * made it (another one makes other bytes), can make it again.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, extname, join } from 'node:path'

export interface Toolchain {
  /** Paths, or names to be looked for on the `PATH`: the first that has the version is taken. */
  readonly commands: readonly string[]
  readonly versionFlag: string
  readonly version: string
  readonly flags: readonly string[]
}

const CLANG = { versionFlag: '--version', version: '14.0.6', flags: ['--target=wasm32-wasi', '-Os', '-Wall', '-Wextra', '-Werror', '-Wl,--strip-all'] }

/** Without what npm puts there: clang runs a `wasm-opt` that it finds, and the bytes would be others under npm. */
const ENVIRONMENT = { ...process.env, PATH: pathWithoutPackages() }

/** By the ending of what they compile. */
export const TOOLCHAINS: Readonly<Record<string, Toolchain>> = {
  '.c': { ...CLANG, commands: ['clang'] },
  '.cpp': { ...CLANG, commands: ['clang++'], flags: [...CLANG.flags, '-std=c++17', '-fno-exceptions'] },
  // Debian's, since it has the standard library for WASI; `rustc` may be somebody's own
  '.rs': {
    commands: ['/usr/bin/rustc', 'rustc'],
    versionFlag: '--version',
    version: '1.63.0',
    flags: ['--edition=2021', '--target=wasm32-wasi', '-Copt-level=s', '-Clto', '-Cpanic=abort', '-Cstrip=symbols'],
  },
  '.zig': { commands: ['zig'], versionFlag: 'version', version: '0.11.0', flags: ['build-exe', '-target', 'wasm32-wasi', '-O', 'ReleaseSmall', '-fstrip'] },
}

/** What is missing to compile a file with this ending, or nothing. */
export function lacking(extension: string): string | undefined {
  const { commands, version } = toolchainFor(extension)
  return commandOf(extension) === undefined ? `${commands.at(-1)} ${version} is not installed` : undefined
}

/** Compiles one file, in its own folder: what paths a compiler writes down are relative. */
export function compile(source: string, flags: readonly string[] = []): Uint8Array {
  const extension = extname(source)
  const command = commandOf(extension)
  if (command === undefined) throw new Error(`${source}: ${lacking(extension)}`)
  const written = (out: string) => (extension === '.zig' ? [`-femit-bin=${out}`, '--cache-dir', dirname(out)] : ['-o', out])
  return output((out) => [command, ...toolchainFor(extension).flags, ...flags, basename(source), ...written(out)], dirname(source))
}

/** What a command writes into a file that it is told of. */
export function output(line: (out: string) => readonly string[], cwd: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-compile-'))
  try {
    const out = join(folder, 'out.wasm')
    const [command = '', ...args] = line(out)
    execFileSync(command, args, { cwd, env: ENVIRONMENT, stdio: ['ignore', 'inherit', 'inherit'] })
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function toolchainFor(extension: string): Toolchain {
  const found = TOOLCHAINS[extension]
  if (found === undefined) throw new Error(`Nothing is known that compiles ${extension}.`)
  return found
}

/** Found once: asking costs a process each. */
const commands = new Map<string, string | undefined>()

function commandOf(extension: string): string | undefined {
  if (!commands.has(extension)) {
    const { commands: candidates, versionFlag, version } = toolchainFor(extension)
    commands.set(
      extension,
      candidates.find((command) =>
        said(command, versionFlag)
          .split(/[\s-]+/)
          .includes(version),
      ),
    )
  }
  return commands.get(extension)
}

function said(command: string, flag: string): string {
  try {
    return execFileSync(command, [flag], { encoding: 'utf8', env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    // Not there, or not what it is taken for
    return ''
  }
}

function pathWithoutPackages(): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.filter((folder) => !folder.includes('node_modules/.bin')).join(delimiter)
}
