/** Runs a program under `node:wasi` on V8 as it is, its files in a temporary folder: what Curfew's guard and WASI are compared with. */
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WASI } from 'node:wasi'
import type { FileTree } from 'curfew'
import type { Loaded } from './loaded.ts'
import type { Done, Guest, WasiProgram } from './program.ts'

type Exports = Record<string, (...args: readonly number[]) => number>

export async function loadUnderNode(program: WasiProgram, bytes: Uint8Array<ArrayBuffer>): Promise<Loaded> {
  const module = new WebAssembly.Module(bytes)
  const root = mkdtempSync(join(tmpdir(), 'curfew-wasi-'))
  make(join(root, 'files'), program.files ?? {})
  return {
    run: () => run(program, module, root),
    close: async () => rmSync(root, { recursive: true, force: true }),
  }
}

async function run(program: WasiProgram, module: WebAssembly.Module, root: string): Promise<Done> {
  const { args = [], env = {}, stdin = '' } = program
  const streams = { stdin: join(root, 'stdin'), stdout: join(root, 'stdout'), stderr: join(root, 'stderr') }
  writeFileSync(streams.stdin, stdin)
  const fds = { stdin: openSync(streams.stdin, 'r'), stdout: openSync(streams.stdout, 'w'), stderr: openSync(streams.stderr, 'w') }
  const wasi = new WASI({
    version: 'preview1',
    args: [program.id, ...args],
    env: { ...env },
    preopens: { '/': join(root, 'files') },
    returnOnExit: true,
    ...fds,
  })
  const exitCode = await work(program, wasi, module)
  for (const fd of Object.values(fds)) close(fd)
  return {
    exitCode,
    stdout: readFileSync(streams.stdout, 'utf8'),
    stderr: readFileSync(streams.stderr, 'utf8'),
    file: (path) => readFileSync(join(root, 'files', path)),
  }
}

async function work(program: WasiProgram, wasi: WASI, module: WebAssembly.Module): Promise<number> {
  let memory: WebAssembly.Memory | undefined
  const others = program.imports?.(() => (memory as WebAssembly.Memory).buffer as ArrayBuffer) ?? {}
  const own = wasi.getImportObject() as WebAssembly.Imports
  const imports = Object.fromEntries([...new Set([...Object.keys(own), ...Object.keys(others)])].map((name) => [name, { ...own[name], ...others[name] }]))
  const instance = await WebAssembly.instantiate(module, imports as WebAssembly.Imports)
  memory = instance.exports.memory as WebAssembly.Memory
  if (program.use === undefined) return wasi.start(instance)
  // Takes no library that has `_start` as well, so it gets the memory alone
  wasi.initialize({ exports: { memory } })
  const exports = instance.exports as unknown as Exports
  exports._initialize?.()
  await program.use(guestOf(exports, memory))
  return 0
}

function guestOf(exports: Exports, memory: WebAssembly.Memory): Guest {
  return {
    call: async (name, ...args) => (exports[name] as Exports[string])(...args),
    read: (address, length) => new Uint8Array(memory.buffer, address, length).slice(),
    write: (address, bytes) => new Uint8Array(memory.buffer).set(bytes, address),
  }
}

/** A program that closes its streams closes these. */
function close(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // So it did
  }
}

function make(path: string, tree: FileTree): void {
  mkdirSync(path)
  for (const [name, entry] of Object.entries(tree)) {
    if (typeof entry === 'string' || entry instanceof Uint8Array) writeFileSync(join(path, name), entry)
    else make(join(path, name), entry)
  }
}
