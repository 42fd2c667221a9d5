/** What one run has of its own: arguments, environment, and the three standard streams. */
import { Input, type InputSource } from './input.ts'
import { Output, type Sink } from './output.ts'

export interface RunSettings {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly stdin: InputSource | Input
  /** Absent: collected. */
  readonly stdout: Sink | undefined
  readonly stderr: Sink | undefined
  /** Bytes, of each of the two. */
  readonly outputLimit: number | undefined
}

/** How a guest ended that exited by itself: the cause of the error `ended`. */
export class WasiExit {
  /** 0 to 2^32 - 1; 0 is success. */
  readonly exitCode: number

  constructor(exitCode: number) {
    this.exitCode = exitCode
  }
}

export class WasiRun {
  readonly args: readonly Uint8Array[]
  readonly env: readonly Uint8Array[]
  readonly stdin: Input
  readonly stdout: Output
  readonly stderr: Output

  constructor({ args, env, stdin, stdout, stderr, outputLimit }: RunSettings) {
    this.args = args.map(zeroEnded)
    this.env = Object.entries(env).map(([name, value]) => zeroEnded(`${name}=${value}`))
    this.stdin = stdin instanceof Input ? stdin : new Input(stdin)
    this.stdout = new Output('stdout', stdout, outputLimit)
    this.stderr = new Output('stderr', stderr, outputLimit)
  }

  /** Has something been written that is not taken yet? */
  get isPending(): boolean {
    return this.stdout.untaken > 0 || this.stderr.untaken > 0
  }

  /** Resolves when everything has been taken that was written. @throws what a sink failed by */
  async finished(): Promise<void> {
    await Promise.all([this.stdout.finished(), this.stderr.finished()])
  }
}

function zeroEnded(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`)
}
