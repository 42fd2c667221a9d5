/** The redact plugin as a function from text to text: how its memory is used is known here only. */
import type { Host, Lease, Module } from 'curfew'

const KINDS = ['emails', 'keys', 'cards'] as const
export type Counts = Record<(typeof KINDS)[number], number>

export interface Redacted {
  readonly text: string
  /** What was found and is gone. */
  readonly counts: Counts
}

export class RedactPlugin {
  readonly #module: Module
  readonly #encoder = new TextEncoder()
  readonly #decoder = new TextDecoder()

  constructor(module: Module) {
    this.#module = module
  }

  static async load(host: Host): Promise<RedactPlugin> {
    return new RedactPlugin(await host.loadModule('redact', new URL('../redact/redact.wasm', import.meta.url)))
  }

  /**
   * Pointers live in one instance's memory, so all steps are done with one instance held: `use`.
   * @param timeout ms for the work on this text
   */
  redact(text: string, timeout: number): Promise<Redacted> {
    const input = this.#encoder.encode(text)
    return this.#module.use(async (instance) => {
      const [at] = instance.callSync('alloc', [input.length], { timeout }) as [number]
      if (at === 0) throw new Error(`the plugin has no room for ${input.length} bytes`)
      await instance.write(at, input)
      const [packed] = (await instance.call('redact', [at, input.length], { timeout })) as [bigint]
      if (packed < 0n) throw new Error(`the plugin could not redact ${input.length} bytes`)
      const output = await instance.read(packed >> 32n, Number(packed & 0xffff_ffffn))
      const counts = readCounts(instance, timeout)
      instance.callSync('reset', [], { timeout })
      return { text: this.#decoder.decode(output), counts }
    })
  }
}

function readCounts(instance: Lease, timeout: number): Counts {
  const counts = noCounts()
  for (const [kind, name] of KINDS.entries()) [counts[name]] = instance.callSync('count', [kind], { timeout }) as [number]
  return counts
}

export function noCounts(): Counts {
  return { emails: 0, keys: 0, cards: 0 }
}

export function addCounts(to: Counts, more: Counts): void {
  for (const name of KINDS) to[name] += more[name]
}
