#!/usr/bin/env node
/** The process around the command: its streams, signals and exit code. */
import { EXIT } from '../errors.ts'
import { main } from './main.ts'

let unwritten: Error | undefined

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Who reads our output may stop reading (`curfew inspect x.wasm | head`), which is no error
    if (error.code !== 'EPIPE') unwritten = error
  })
}

process.once('exit', () => {
  if (unwritten === undefined) return
  process.exitCode = EXIT.internal
  process.stderr.write(`curfew: the output could not be written: ${unwritten.message}\n`)
})

const sink = (stream: NodeJS.WriteStream) => ({
  write: (text: string) => stream.write(text),
  writeBytes: (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      stream.write(bytes, (error) => (error ? reject(error) : resolve()))
    }),
  colour: stream.isTTY && stream.hasColors(),
  columns: stream.columns,
})

process.exitCode = await main(process.argv.slice(2), {
  get stdin() {
    return process.stdin
  },
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  // Once: the second time the process ends at once, as it would without us
  onInterrupt: (listener) => {
    process.once('SIGINT', listener)
    return () => process.off('SIGINT', listener)
  },
})
