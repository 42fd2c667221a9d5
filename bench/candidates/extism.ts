import { load } from '../peers/packages.ts'
import { type Candidate, type Engine, lateness, type Plugin } from './candidate.ts'
import { extismPlugin } from './plugin.ts'

/** The least timeout, ms: it bounds the start of each new worker as well, and a plugin whose new worker is not there in time never answers again. */
const LEAST_TIMEOUT = 250

/** What is used of its interface. */
interface Sdk {
  createPlugin(manifest: { wasm: { data: Uint8Array }[] }, options: Options & { useWasi: boolean }): Promise<Made>
}

interface Options {
  readonly runInWorker?: boolean
  readonly timeoutMs?: number
}

interface Made {
  call(name: string, input?: string | Uint8Array): Promise<Output | null>
  close(): Promise<void>
}

interface Output extends DataView {
  text(): string
}

export const extism: Candidate = {
  id: 'extism',
  name: 'Extism',
  what: 'on the caller’s thread: it has no timeout there, nothing ends an endless loop',
  package: '@extism/extism',
  holds: true,
  start: () => engine({}),
}

export const extismWorker: Candidate = {
  id: 'extism-worker',
  name: 'Extism, worker',
  what: '`runInWorker` and `timeoutMs`: a worker thread for each plugin, ended and made again',
  package: '@extism/extism',
  most: 100,
  leastTimeout: LEAST_TIMEOUT,
  start: ({ timeout }) => engine({ runInWorker: true, timeoutMs: Math.max(timeout, LEAST_TIMEOUT) }),
}

async function engine(options: Options): Promise<Engine> {
  const { createPlugin } = await load<Sdk>('@extism/extism')
  const make = (data: Uint8Array) => createPlugin({ wasm: [{ data }] }, { useWasi: false, ...options })
  return {
    plugin: async (number) => operations(await make(extismPlugin(number)), options.timeoutMs),
    async load(bytes) {
      const plugin = await make(bytes)
      return () => plugin.close()
    },
    close: () => undefined,
  }
}

function operations(plugin: Made, timeout: number | undefined): Plugin {
  const call = timeout === undefined ? (name: string, input?: string | Uint8Array) => plugin.call(name, input) : oneByOne(plugin)
  return {
    add: (left, right) => call('add', new Uint8Array(Int32Array.of(left, right).buffer)),
    upper: async (text) => (await call('upper', text))?.text() ?? '',
    compute: async () => Number((await call('compute'))?.getBigUint64(0, true)),
    ...(timeout === undefined ? {} : { hang: () => lateness(timeout, () => call('loop')) }),
    close: () => plugin.close(),
  }
}

/** A second call while one is under way is refused, so that whoever uses it has to have a queue. */
function oneByOne(plugin: Made): Made['call'] {
  let last: Promise<unknown> = Promise.resolve()
  return (name, input) => {
    const call = () => plugin.call(name, input)
    const result = last.then(call, call)
    last = result
    return result
  }
}
