/** Runs the command in this process, with a world of its own around it. */
import type { CommandIo } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'

export interface World {
  /** Files by path; without it, the real ones. */
  readonly files?: Readonly<Record<string, Uint8Array | Error>>
  /** Where written files go, by path; without it, to the disk. */
  readonly written?: Record<string, Uint8Array>
  readonly colour?: boolean
  readonly stdin?: AsyncIterable<Uint8Array>
  readonly writeBytes?: (bytes: Uint8Array) => Promise<void>
  readonly onInterrupt?: CommandIo['onInterrupt']
}

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

export async function run(argv: readonly string[], { files, written, colour = false, stdin, writeBytes, onInterrupt }: World = {}): Promise<Ended> {
  let [out, err] = ['', '']
  const code = await main(argv, {
    ...(stdin === undefined ? {} : { stdin }),
    stdout: { write: (text) => (out += text), ...(writeBytes === undefined ? {} : { writeBytes }), colour },
    stderr: { write: (text) => (err += text), colour },
    ...(files === undefined ? {} : { readFile: (path: string) => readFrom(files, path) }),
    ...(written === undefined ? {} : { writeFile: async (path: string, bytes: Uint8Array) => void Object.assign(written, { [path]: bytes }) }),
    ...(onInterrupt === undefined ? {} : { onInterrupt }),
  })
  return { code, out, err }
}

async function readFrom(files: Readonly<Record<string, Uint8Array | Error>>, path: string): Promise<Uint8Array> {
  const found = files[path] ?? Object.assign(new Error('no such file'), { code: 'ENOENT' })
  if (found instanceof Error) throw found
  return found
}

export const fixture = (name: string): string => `test/fixtures/${name}.wasm`
