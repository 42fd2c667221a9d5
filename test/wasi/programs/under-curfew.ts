/** Runs a program under Curfew, in folders in memory or of the host. */

import { readFileSync } from 'node:fs'
import { type DirectoryOptions, type FileTree, Host, MemoryDirectory, TrapError } from '../../../src/index.ts'
import { type Case, type Folder, Link, type Tree } from './cases.ts'
import { HostFolders } from './folders.ts'
import type { Outcome } from './transcript.ts'

/** A bound for what hangs, not a measure. */
const TIMEOUT = 20_000

export async function underCurfewInMemory(program: string, given: Case): Promise<Outcome> {
  const folders = Object.entries(given.folders ?? {})
  const made = await Promise.all(folders.map(async ([path, folder]): Promise<[string, MadeFolder]> => [path, await inMemory(folder)]))
  const ended = await run(program, given, Object.fromEntries(made.map(([path, { directory }]) => [path, directory])))
  return { ...ended, files: Object.fromEntries(made.map(([path, { read }]) => [path, read()])) }
}

export async function underCurfewOnHost(program: string, given: Case): Promise<Outcome> {
  const host = new HostFolders(given.folders ?? {})
  try {
    const directories = Object.entries(host.paths).map(([guest, path]): [string, DirectoryOptions] => [
      guest,
      { path, readOnly: given.folders?.[guest]?.readOnly === true },
    ])
    return { ...(await run(program, given, Object.fromEntries(directories))), files: host.read() }
  } finally {
    host[Symbol.dispose]()
  }
}

interface MadeFolder {
  readonly directory: DirectoryOptions
  read(): Tree
}

/** One that is read-only is a copy of each instance's own, which nobody can look at afterwards: the program has to say what it could do there. */
async function inMemory({ files, readOnly }: Folder): Promise<MadeFolder> {
  const given = withoutLinks(files)
  if (readOnly === true) return { directory: { files: given, readOnly }, read: () => given as Tree }
  const directory = await MemoryDirectory.create(given)
  return { directory, read: () => asText(directory.files) }
}

async function run(
  program: string,
  { name, args = [], env = {}, stdin = '' }: Case,
  directories: Readonly<Record<string, DirectoryOptions>>,
): Promise<Omit<Outcome, 'files'>> {
  const host = new Host()
  try {
    const module = await host.loadModule(name, readFileSync(program), { wasi: { directories } })
    return await module.run({ args: [name, ...args], env, stdin, timeout: TIMEOUT })
  } catch (error) {
    if (!(error instanceof TrapError)) throw error
    const { stdout = '', stderr = '' } = error.output ?? {}
    return { exitCode: 'trap', stdout: String(stdout), stderr: String(stderr) }
  } finally {
    await host.close()
  }
}

/** A folder in memory begins without any. */
export function withoutLinks(tree: Tree): FileTree {
  const kept = Object.entries(tree).filter(([, entry]) => !(entry instanceof Link))
  return Object.fromEntries(kept.map(([name, entry]) => [name, typeof entry === 'string' ? entry : withoutLinks(entry as Tree)]))
}

function asText(tree: FileTree): Tree {
  const entries = Object.entries(tree).map(([name, entry]): [string, string | Tree] => {
    if (typeof entry === 'string') return [name, entry]
    return [name, entry instanceof Uint8Array ? new TextDecoder().decode(entry) : asText(entry)]
  })
  return Object.fromEntries(entries)
}
