/** Builds the program of bench/wazero, by the Go that the user has: its environment, proxy, cache, flags, and its `GOTOOLCHAIN`. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../../wazero')
const MODULE = 'github.com/tetratelabs/wazero'

/** Versions of Wazero, newest first, and the Go that each needs. */
export const VERSIONS = [
  { wazero: '1.12.0', go: [1, 25] },
  { wazero: '1.9.0', go: [1, 22] },
] as const

/** Those that a toolchain can build, newest first. @param goVersion as `go env GOVERSION` says */
export function buildable(goVersion: string): string[] {
  const [, major, minor] = /^(?:devel )?go(\d+)\.(\d+)/.exec(goVersion) ?? []
  return VERSIONS.filter(({ go }) => Number(major) > go[0] || (Number(major) === go[0] && Number(minor) >= go[1])).map(({ wazero }) => wazero)
}

/** Of what a program was built, by what `go version -m` says of it. */
export function builtOf(information: string): Record<string, string> {
  const [, go] = /: go(\S+)/.exec(information) ?? []
  const [, wazero] = new RegExp(`^\\tdep\\t${MODULE}\\tv(\\S+)`, 'm').exec(information) ?? []
  if (go === undefined || wazero === undefined) throw new Error(`no version of Wazero in what go says of the program: ${information}`)
  return { [MODULE]: wazero, go }
}

/** Built when it is first asked for, once. */
export class GoProgram {
  #outcome: { readonly path: string } | { readonly missing: string } | undefined
  #versions: Record<string, string> = {}

  /** Why it cannot be had. */
  get missing(): string | undefined {
    const outcome = this.#built()
    return 'missing' in outcome ? outcome.missing : undefined
  }

  /** @throws Error if it cannot be had */
  get path(): string {
    const outcome = this.#built()
    if ('missing' in outcome) throw new Error(outcome.missing)
    return outcome.path
  }

  /** Of Wazero and of Go; none before it is built. */
  get versions(): Readonly<Record<string, string>> {
    return this.#versions
  }

  #built() {
    this.#outcome ??= this.#build()
    return this.#outcome
  }

  #build(): { path: string } | { missing: string } {
    // Go writes into the folder; what it writes is not to be left in this repository
    const folder = mkdtempSync(join(tmpdir(), 'curfew-wazero-'))
    removeAtExit(folder)
    cpSync(FOLDER, folder, { recursive: true })
    try {
      const goVersion = go(folder, 'env', 'GOVERSION').trim()
      const versions = buildable(goVersion)
      if (versions.length === 0) return { missing: `Go ${VERSIONS.at(-1)?.go.join('.')} or later is needed, this is ${goVersion}` }
      return { path: this.#newest(folder, versions) }
    } catch (error) {
      return { missing: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no Go toolchain' : reason(error) }
    }
  }

  /** The first that builds: what is newest may not be there for who has no network. @throws Error why the newest does not */
  #newest(folder: string, versions: readonly string[]): string {
    const path = join(folder, process.platform === 'win32' ? 'wazero.exe' : 'wazero')
    const failures: unknown[] = []
    for (const version of versions) {
      try {
        go(folder, 'mod', 'edit', `-require=${MODULE}@v${version}`)
        go(folder, 'build', '-mod=mod', '-o', path, '.')
        this.#versions = builtOf(go(folder, 'version', '-m', path))
        return path
      } catch (error) {
        failures.push(error)
      }
    }
    throw failures[0]
  }
}

const folders: string[] = []

/** A signal as well is an exit: whoever has seen enough of a benchmark interrupts it. */
function removeAtExit(folder: string): void {
  if (folders.push(folder) > 1) return
  process.once('exit', () => {
    for (const each of folders) rmSync(each, { recursive: true, force: true })
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(128 + constants.signals[signal]))
}

function go(cwd: string, ...args: string[]): string {
  return execFileSync('go', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 })
}

/** The last line of what Go says. */
function reason(error: unknown): string {
  const { stderr = '', message } = error as Error & { stderr?: string }
  return `go could not build it: ${stderr.trim().split('\n').at(-1) || message}`
}
