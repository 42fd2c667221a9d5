/** Reads the module that the user named, and says what is wrong with what is not one. */
import { readFile } from 'node:fs/promises'
import { saysItIsGuarded } from '../abi.ts'
import { type ErrorCode, LoadError } from '../errors.ts'
import { type ModuleInfo, parseModule } from '../wasm/module.ts'
import { CommandError } from './failure.ts'
import type { CommandIo } from './io.ts'

/** By the error codes of Node's file system. */
const UNREADABLE: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  ENOENT: ['there is no such file', 'Check the path.'],
  ENOTDIR: ['there is no such file: a part of the path is not a directory', 'Check the path.'],
  EISDIR: ['that is a directory', 'Name a file in it.'],
  EACCES: ['reading the file is not permitted', 'Check its permissions.'],
  EPERM: ['reading the file is not permitted', 'Check its permissions.'],
}

/** @throws LoadError if there is no such file, or it cannot be a module */
export async function readModuleFile(io: CommandIo, path: string): Promise<Uint8Array> {
  const bytes = await readInput(io, path)
  if (bytes.length === 0) throw new CommandError('malformed', 'the file is empty', 'Check what was to write it.')
  if (isText(bytes, path)) {
    throw new CommandError(
      'malformed',
      'the file is WebAssembly text (.wat), not a binary module',
      'Assemble it first, with `wat2wasm` (wabt) or `wasm-tools parse`, and name the .wasm file that comes out.',
    )
  }
  return bytes
}

/** @param failure what to call it if there is no such file, and which if it is not the module */
export async function readInput(
  io: CommandIo,
  path: string,
  { code: failure, ...details }: { readonly code: ErrorCode; readonly file?: string } = { code: 'invalid-source' },
): Promise<Uint8Array> {
  try {
    return await (io.readFile ?? readFile)(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const known = code !== undefined && Object.hasOwn(UNREADABLE, code) ? UNREADABLE[code] : undefined
    const [what, advice] = known ?? [`the file could not be read: ${message}`, 'Check the path and the file.']
    throw new CommandError(failure, what, advice, { ...details, cause })
  }
}

const TEXT = /^\uFEFF?\s*(;;|\(;|\(\s*(module|component)\b)/
const TEXT_FILE = /\.(wat|wast)$/i

/** Text begins with a comment or a bracket, if not with what only its file name tells; a binary module with a zero byte. */
function isText(bytes: Uint8Array, path: string): boolean {
  return bytes[0] !== 0 && (TEXT_FILE.test(path) || TEXT.test(new TextDecoder().decode(bytes.subarray(0, 1024))))
}

/** @throws LoadError `malformed`, `invalid-module` */
export function parseModuleFile(bytes: Uint8Array): ModuleInfo {
  try {
    return parseModule(bytes)
  } catch (error) {
    if (error instanceof LoadError && error.offset === 0) {
      throw new CommandError('malformed', 'the file is not a WebAssembly module, which begins with the bytes 00 61 73 6d', 'Name a .wasm file.')
    }
    throw error
  }
}

/** @throws CommandError for what the guard has written */
export function refuseGuarded(module: ModuleInfo): void {
  if (!saysItIsGuarded(module)) return
  throw new CommandError(
    'invalid-source',
    'the file has been guarded already',
    'Name the original. Guarded twice, it would trap: nobody would drive the first guard.',
  )
}
