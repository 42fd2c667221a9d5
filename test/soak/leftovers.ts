/** What a process is left with: things that keep it alive, listeners, rejections and warnings that nobody sees to. */
import type { Violations } from './violations.ts'

/** A helper thread that has nothing to do ends after 5 s. */
const PATIENCE = 10_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit', 'beforeExit', 'uncaughtException', 'message'] as const

export class Leftovers {
  readonly #violations: Violations
  readonly #resources = resources()
  readonly #listeners = listeners()
  readonly #onRejection = (reason: unknown) => this.#violations.add(`a rejection that nobody handles: ${textOf(reason)}`)
  readonly #onWarning = (warning: Error) => this.#violations.add(`a warning: ${textOf(warning)}`)

  /** Takes what is there now for what may be there. */
  constructor(violations: Violations) {
    this.#violations = violations
    process.on('unhandledRejection', this.#onRejection)
    process.on('warning', this.#onWarning)
  }

  /** Waits until there is no more than there was, or it will not come to that. */
  async check(): Promise<void> {
    const end = performance.now() + PATIENCE
    while (this.#more().length > 0 && performance.now() < end) await new Promise((resolve) => setImmediate(resolve))
    for (const kind of this.#more()) this.#violations.add(`something is left that keeps the process alive: ${kind}`)
    for (const [name, count] of listeners()) {
      const before = this.#listeners.get(name) ?? 0
      if (count > before) this.#violations.add(`${count - before} listeners of \`${name}\` are left on the process`)
    }
    process.off('unhandledRejection', this.#onRejection)
    process.off('warning', this.#onWarning)
  }

  #more(): string[] {
    const before = [...this.#resources]
    return resources().filter((kind) => {
      const at = before.indexOf(kind)
      if (at >= 0) before.splice(at, 1)
      // That by which this function waits
      return at < 0 && kind !== 'Immediate'
    })
  }
}

function resources(): string[] {
  // A stream is opened when it is first asked for, which every thread that is started does
  void [process.stdout, process.stderr]
  return process.getActiveResourcesInfo()
}

function listeners(): Map<string, number> {
  return new Map(SIGNALS.map((name) => [name, process.listenerCount(name)]))
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
