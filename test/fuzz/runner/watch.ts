/** Runs a process until it ends, dies, or stays at one place for too long. */
import { type ChildProcess, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { readStatus, type Where } from './status.ts'

export interface Ended {
  readonly how: 'done' | 'hangs' | 'crashes' | 'stopped'
  /** Where it was. */
  readonly where: Where | undefined
  /** The end of what it printed. */
  readonly output: string
}

export interface Watched {
  readonly script: URL
  readonly argument: string
  readonly status: string
  /** How long it may stay at one place, ms. */
  readonly patience: number
  readonly onMessage: (message: unknown) => void
  /** Ends it, between two places, when it fires. */
  readonly signal?: AbortSignal
}

const LOOKS = 250
const MOST_OUTPUT = 4_000

export async function watch({ script, argument, status, patience, onMessage, signal }: Watched): Promise<Ended> {
  // What an earlier process wrote says nothing about this one
  rmSync(status, { force: true })
  const child = fork(script, [argument], { serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output = `${output}${text}`.slice(-MOST_OUTPUT)))
  child.on('message', onMessage)
  let hangs = false
  const dog = setInterval(
    watchdog(status, patience, () => {
      hangs = true
      kill(child)
    }),
    LOOKS,
  )
  const stop = () => kill(child)
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  // Not `exit`: messages that it sent before may still be on their way
  const code = await new Promise<number | null>((done) => child.on('close', done))
  clearInterval(dog)
  signal?.removeEventListener('abort', stop)
  const where = readStatus(status)
  if (hangs) return { how: 'hangs', where, output }
  if (signal?.aborted) return { how: 'stopped', where, output }
  return { how: code === 0 ? 'done' : 'crashes', where, output }
}

/** Some loops are deaf to anything milder. */
function kill(child: ChildProcess): void {
  child.kill('SIGKILL')
}

function watchdog(status: string, patience: number, bark: () => void): () => void {
  let since = performance.now()
  let before: string | undefined
  return () => {
    const text = readStatus(status)?.text
    const now = performance.now()
    if (text !== before) {
      before = text
      since = now
    } else if (now - since > patience) bark()
  }
}
