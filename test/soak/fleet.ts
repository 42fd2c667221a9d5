/** All live plugins, by slot: what is closed is followed by a new one of the same name. */
import type { Host, LoadOptions } from '../../src/index.ts'
import type { Random } from '../fuzz/random.ts'
import { Lives } from './lives.ts'
import { Plugin } from './plugin.ts'
import { type Kind, pluginBytes } from './plugins.ts'
import { WITH_MEMORY } from './scale.ts'
import type { Violations } from './violations.ts'

/** Of so many plugins two are watched, one of them with a memory. */
const WATCHED = 8
/** What a plugin's memory may grow to: a hog gets there within its deadline. */
const MEMORY_LIMIT = 4 * 1024 * 1024

export class Fleet {
  readonly host: Host
  readonly size: number
  /** Instances of the plugins that are watched, by the globals that were made for them; and modules. */
  readonly instances = new Lives()
  readonly modules = new Lives()
  /** Of all plugins that are closed. */
  calls = 0
  readonly #slots: (Plugin | undefined)[] = []
  readonly #violations: Violations
  #loaded = 0

  constructor(host: Host, size: number, violations: Violations) {
    this.host = host
    this.size = size
    this.#violations = violations
  }

  /** Those that are not being closed. */
  get plugins(): Plugin[] {
    return this.#slots.filter((plugin) => plugin !== undefined)
  }

  /** The number of instances that may be there. */
  get watched(): number {
    return this.plugins.filter(({ kind }) => kind.watched).length
  }

  async fill(): Promise<void> {
    for (let slot = 0; slot < this.size; slot++) this.#slots[slot] = await this.#load(slot)
  }

  /** Any plugin that is not being closed. */
  pick(random: Random): Plugin {
    return this.#pick(random, 1)
  }

  /** Any of those with a memory. */
  pickWithMemory(random: Random): Plugin {
    return this.#pick(random, WITH_MEMORY)
  }

  /** One of every so many slots, or the next of them that has one: there are more of them than actions at once. */
  #pick(random: Random, every: number): Plugin {
    const slots = Math.ceil(this.size / every)
    const first = random.below(slots)
    for (let tries = 0; tries < slots; tries++) {
      const plugin = this.#slots[((first + tries) % slots) * every]
      if (plugin !== undefined) return plugin
    }
    throw new Error('all plugins are being closed at once')
  }

  /** Closes a plugin and loads another in its place, once. */
  renew(plugin: Plugin): Promise<void> {
    plugin.renewal ??= this.#renew(plugin)
    return plugin.renewal
  }

  async #renew(plugin: Plugin): Promise<void> {
    const slot = this.#slots.indexOf(plugin)
    this.#slots[slot] = undefined
    await this.#close(plugin)
    this.#slots[slot] = await this.#load(slot)
  }

  /** Closes the host, and lets go of all plugins. */
  async close(): Promise<void> {
    await this.host.close()
    for (const plugin of this.plugins) await this.#close(plugin)
    this.#slots.length = 0
  }

  async #close(plugin: Plugin): Promise<void> {
    await plugin.close()
    this.calls += plugin.module.stats.calls
  }

  async #load(slot: number): Promise<Plugin> {
    const number = this.#loaded++
    const kind = { memory: slot % WITH_MEMORY === 0, watched: slot % WATCHED < 2 }
    const reach: { plugin?: Plugin } = {}
    const module = await this.host.loadModule(`plugin ${slot}`, pluginBytes(number, kind), this.#options(kind, reach))
    reach.plugin = new Plugin(number, kind, module, this.#violations)
    if (kind.watched) this.modules.watch(module)
    return reach.plugin
  }

  #options(kind: Kind, reach: { readonly plugin?: Plugin }): LoadOptions {
    const host = (value: number) => (reach.plugin as Plugin).host(value)
    return { memoryLimit: MEMORY_LIMIT, imports: { env: { host, ...(kind.watched ? { life: { factory: () => this.#life() } } : {}) } } }
  }

  #life(): WebAssembly.Global {
    const global = new WebAssembly.Global({ value: 'i32', mutable: true }, 0)
    this.instances.watch(global)
    return global
  }
}
