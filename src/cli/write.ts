/** Writes the file that the user named, whole or not at all. */
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CommandError } from './failure.ts'
import type { CommandIo } from './io.ts'

/** By the error codes of Node's file system. */
const UNWRITABLE: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  ENOENT: ['there is no such folder to write the file to', 'Make the folder first, or check the path.'],
  ENOTDIR: ['there is no such folder to write the file to: a part of the path is not a directory', 'Check the path.'],
  EISDIR: ['the file to write is a directory', 'Name a file in it.'],
  EACCES: ['writing the file is not permitted', 'Check the permissions of its folder, or name another.'],
  EPERM: ['writing the file is not permitted', 'Check the permissions of its folder, or name another.'],
  EROFS: ['the file system of the file cannot be written to', 'Name a file elsewhere.'],
  ENOSPC: ['there is no space left to write the file', 'Make some, or name a file elsewhere.'],
}

/** @throws CommandError */
export async function writeOutput(io: CommandIo, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await (io.writeFile ?? replaceFile)(path, bytes)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const known = code !== undefined && Object.hasOwn(UNWRITABLE, code) ? UNWRITABLE[code] : undefined
    const [what, advice] = known ?? [`the file could not be written: ${message}`, 'Check the path.']
    throw new CommandError('invalid-option', what, advice, { cause, file: path })
  }
}

/** By way of a file beside it, so that nobody finds half of it. What is no file (`/dev/null`, a pipe) is written to as it is. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const target = await real(path)
  const found = await stat(target).catch(() => undefined)
  if (found !== undefined && !found.isFile()) return writeFile(target, bytes)
  const beside = `${target}.${process.pid}.tmp`
  try {
    await writeFile(beside, bytes, { flag: 'wx' })
    await rename(beside, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(beside, { force: true })
    throw error
  }
}

/** Do two paths lead to the same file, by whatever links? */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  return (await real(one)) === (await real(other))
}

/** Without links, if there is such a file. */
function real(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path))
}
