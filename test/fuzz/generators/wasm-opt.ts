/**
 * Binaryen's `wasm-opt` in this process. The npm package ships it as a program for Node, made by Emscripten: 10 MB of JavaScript with the
 * WebAssembly inside, which takes 0.2 s to start. Here its glue runs as a function with a file system of our own, its WebAssembly is
 * compiled once, and one instance serves many runs; a run of a small module takes some milliseconds.
 */
import { constants, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { MemoryFiles } from './memory-files.ts'

const resolve = createRequire(import.meta.url).resolve

/** `main` leaves what it allocated; an instance is let go before that adds up. */
const RUNS_OF_AN_INSTANCE = 100

interface Program {
  readonly callMain: (args: string[]) => number
}

type Glue = (
  module: object,
  require: (name: string) => unknown,
  process: object,
  commonJs: object,
  file: string,
  folder: string,
  webAssembly: object,
) => Program

export interface Ran {
  /** What the program exits with; -1 if it broke. */
  readonly status: number
  readonly output: Uint8Array<ArrayBuffer> | undefined
  /** What it printed. */
  readonly text: string
}

export class WasmOpt {
  readonly #glue: Glue
  readonly #files = new MemoryFiles()
  #module: WebAssembly.Module | undefined
  #program: Program | undefined
  #runs = 0

  constructor() {
    const source = readFileSync(resolve('binaryen/bin/wasm-opt'), 'utf8').replace(/^#!.*/, '')
    // What the glue leaves in its scope is what has to come out; the parameters are the globals that it takes for Node's
    this.#glue = new Function('Module', 'require', 'process', 'module', '__filename', '__dirname', 'WebAssembly', `${source}\nreturn { callMain }`) as Glue
  }

  /** Must have ended before the first run, and again when `needsStart` says so: instantiating is asynchronous in the glue. */
  async start(): Promise<void> {
    this.#runs = 0
    this.#program = await new Promise<Program>((done, failed) => {
      const module = {
        noInitialRun: true,
        printErr: (text: string) => failed(new Error(`wasm-opt does not start: ${text}`)),
        postRun: () => done(program),
        ...(this.#module === undefined ? {} : { instantiateWasm: this.#instantiate }),
      }
      const program = this.#glue(module, this.#require, PROCESS, {}, '/wasm-opt', '/', this.#webAssembly())
    })
  }

  get needsStart(): boolean {
    return this.#program === undefined || this.#runs >= RUNS_OF_AN_INSTANCE
  }

  /** @param files what it can read, by absolute path; it should write `/out` */
  run(args: readonly string[], files: Readonly<Record<string, Uint8Array>>): Ran {
    if (this.#program === undefined) throw new Error('wasm-opt was not started')
    this.#runs++
    this.#files.clear()
    for (const [name, bytes] of Object.entries(files)) this.#files.write(name, bytes)
    let status: number
    try {
      status = this.#program.callMain([...args])
    } catch (error) {
      // After a C++ exception that nobody caught, or an abort, nothing of the instance can be relied on
      this.#program = undefined
      return { status: -1, output: undefined, text: `${this.#files.printed}${String(error)}` }
    }
    return { status, output: this.#files.read('/out'), text: this.#files.printed }
  }

  readonly #instantiate = (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): object => {
    done(new WebAssembly.Instance(this.#module as WebAssembly.Module, imports))
    return {}
  }

  readonly #require = (name: string): unknown => {
    if (name === 'node:fs') return this.#files.fs
    if (name === 'node:path') return path
    if (name === 'node:tty') return { isatty: () => false }
    throw new Error(`wasm-opt's glue asks for ${name}`)
  }

  /** The first start decodes the bytes and hands them to this, who keeps what they compile to. */
  #webAssembly(): object {
    const instantiate = (bytes: Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports) => {
      this.#module = new WebAssembly.Module(bytes)
      return Promise.resolve({ module: this.#module, instance: new WebAssembly.Instance(this.#module, imports) })
    }
    return Object.create(WebAssembly, { instantiate: { value: instantiate } })
  }
}

/** Of Node's `process`, what the glue looks at. */
const PROCESS = {
  versions: process.versions,
  platform: 'linux',
  argv: ['node', '/wasm-opt'],
  env: {},
  exitCode: 0,
  cwd: () => '/',
  on: () => undefined,
  binding: () => ({ fs: constants }),
}
