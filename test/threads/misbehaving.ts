/** A worker as this package has it, but for functions of guests by which it goes wrong: what no guest can do, engines and hosts may. */
import threads, { type MessagePort } from 'node:worker_threads'
import type { Executor, ExecutorStats, Guest, GuestSpec } from '../../src/guests/executor.ts'
import { InThreadExecutor } from '../../src/guests/in-thread.ts'
import { serve } from '../../src/threads/serve.ts'

const WRONGS: Readonly<Record<string, () => void>> = {
  block: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  spin: () => {
    for (;;);
  },
  pause: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500),
  exit: () => process.exit(3),
  throw: () => void setImmediate(() => assertNothing()),
  fill: () => fill([]),
}

/** What takes effect in a later turn of the thread. */
const LATER = ['throw', 'fill']

/** A leak: some more in each turn. (All at once, faster than V8 can end the thread, it would end the process.) */
function fill(kept: unknown[]): void {
  for (let n = 0; n < 20_000; n++) kept.push({ n })
  setImmediate(fill, kept)
}

function assertNothing(): never {
  throw new Error('a bug of the thread')
}

class Misbehaving implements Executor {
  readonly canWait = true
  readonly #executor: InThreadExecutor

  constructor(...args: ConstructorParameters<typeof InThreadExecutor>) {
    this.#executor = new InThreadExecutor(...args)
  }

  get stats(): ExecutorStats {
    return this.#executor.stats
  }

  async load(spec: GuestSpec): Promise<Guest> {
    return misbehaving(await this.#executor.load(spec))
  }

  reload(spec: GuestSpec): Guest {
    return misbehaving(this.#executor.reload(spec))
  }

  close(): Promise<void> {
    return this.#executor.close()
  }
}

function misbehaving(guest: Guest): Guest {
  const call: Guest['call'] = (signature, ...rest) => {
    WRONGS[signature.name]?.()
    return LATER.includes(signature.name) ? new Promise(() => undefined) : guest.call(signature, ...rest)
  }
  return new Proxy(guest, {
    get: (target, name) => {
      if (name === 'call') return call
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

serve(threads.parentPort as MessagePort as never, threads as never, (...args) => new Misbehaving(...args))
