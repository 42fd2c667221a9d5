/** Where a process is, in a small file: what another one reads when it hangs or dies in the middle. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

const LENGTH = 64

export class Status {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  set(number: number, phase: string): void {
    writeSync(this.#file, `${number} ${phase}`.padEnd(LENGTH), 0)
  }

  close(): void {
    closeSync(this.#file)
  }
}

export interface Where {
  readonly number: number
  readonly phase: string
  /** Changes when anything does. */
  readonly text: string
}

export function readStatus(path: string): Where | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch {
    return undefined // it has not begun
  }
  const [, number, phase] = /^(-?\d+) (.*)$/.exec(text) ?? []
  return number === undefined || phase === undefined ? undefined : { number: Number(number), phase, text }
}
