/** Runs a program under Curfew, its files in memory. */
import { Host, type Lease, MemoryDirectory, type Module } from 'curfew'
import type { Loaded } from './loaded.ts'
import type { Done, Guest, WasiProgram } from './program.ts'

/** A bound for what hangs. */
const TIMEOUT = 60_000
const MEMORY = 1024 * 1024 * 1024

export async function loadUnderCurfew(program: WasiProgram, bytes: Uint8Array<ArrayBuffer>): Promise<Loaded> {
  const host = new Host({ memoryLimit: MEMORY, totalMemoryLimit: 4 * MEMORY })
  const files = { directory: await MemoryDirectory.create(program.files) }
  const written = { stdout: '', stderr: '' }
  const append = (stream: 'stdout' | 'stderr') => (piece: Uint8Array) => {
    written[stream] += new TextDecoder().decode(piece)
  }
  const { imports } = program
  const module = await host.loadModule(program.id, bytes, {
    ...program.limits,
    ...(imports === undefined ? {} : { imports: (caller) => imports(() => caller.memory.bytes.buffer as ArrayBuffer) }),
    reuse: 'never',
    wasi: { directories: { '/': files.directory }, env: program.env ?? {}, stdout: append('stdout'), stderr: append('stderr') },
  })
  return {
    async run(): Promise<Done> {
      Object.assign(written, { stdout: '', stderr: '' })
      const exitCode = await work(module, program)
      return { exitCode, ...written, file: (path) => files.directory.read(path) ?? missing(path) }
    },
    close: () => host.close(),
  }
}

async function work(module: Module, program: WasiProgram): Promise<number> {
  if (program.use === undefined) {
    const { args = [], stdin = '' } = program
    return (await module.run({ args: [program.id, ...args], stdin, timeout: TIMEOUT })).exitCode
  }
  await module.use((lease) => program.use?.(guestOf(lease)) ?? Promise.resolve(), { timeout: TIMEOUT })
  return 0
}

function guestOf(lease: Lease): Guest {
  return {
    call: async (name, ...args) => Number((await lease.call(name, args))[0]),
    read: (address, length) => lease.read(address, length),
    write: (address, bytes) => lease.write(address, bytes),
  }
}

function missing(path: string): never {
  throw new Error(`${path} was not written`)
}
