/** All live plugins, by slot: what is closed is followed by a new one of the same name. */
import { CurfewError, type Host, type LoadOptions, type Module, type ReplaceOptions } from '../../src/index.ts'
import type { Random } from '../fuzz/random.ts'
import type { Events } from './events.ts'
import { instancesOf, type Kind, kindOf, WAITING, WITH_MEMORY } from './kinds.ts'
import { Lives } from './lives.ts'
import { Plugin } from './plugin.ts'
import { pluginBytes } from './plugins.ts'
import type { Violations } from './violations.ts'

/** What a plugin's memory may grow to: a hog gets there within its deadline. */
const MEMORY_LIMIT = 4 * 1024 * 1024

/** So many plugins that each thread has some of them. */
const HEARD = 64

export class Fleet {
  readonly host: Host
  readonly size: number
  /** Instances of the plugins that are watched, by the globals that were made for them; and all modules. */
  readonly instances = new Lives()
  readonly modules = new Lives()
  /** Of all plugins that are closed. */
  calls = 0
  readonly #slots: (Plugin | undefined)[] = []
  readonly #byName = new Map<string, Plugin>()
  readonly #violations: Violations
  readonly #events: Events
  #versions = 0

  constructor(host: Host, size: number, violations: Violations, events: Events) {
    this.host = host
    this.size = size
    this.#violations = violations
    this.#events = events
    events.onReplaced = (name) => this.#byName.get(name)?.adopt()
  }

  /** Those that are not being closed. */
  get plugins(): Plugin[] {
    return this.#slots.filter((plugin) => plugin !== undefined)
  }

  /** What may be there while nothing happens: instances, of those plugins or of all; and memories. */
  count(of: (kind: Kind) => boolean = () => true): number {
    return this.plugins.reduce((sum, { kind }) => sum + (of(kind) ? instancesOf(kind) : 0), 0)
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

  /** Any of those that wait for the host. */
  pickWaiting(random: Random): Plugin {
    return this.#pick(random, WAITING)
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

  /** Replaces a plugin by a version with another number. */
  replace(plugin: Plugin, options?: ReplaceOptions): Promise<string> {
    const number = this.#versions++
    return plugin.replace(pluginBytes(number, plugin.kind), number, ['drained', 'not drained'], options)
  }

  async #renew(plugin: Plugin): Promise<void> {
    const slot = this.#slots.indexOf(plugin)
    this.#slots[slot] = undefined
    await this.#close(plugin)
    this.#slots[slot] = await this.#load(slot)
  }

  /** Has threads tell what they hold, which they do when they answer. */
  async hear(): Promise<void> {
    const plain = this.plugins.filter(({ kind }) => kind.terms.reuse === undefined).slice(0, HEARD)
    await Promise.all(plain.map((plugin) => plugin.call('id', [], ['ok'], {}, plugin.number)))
  }

  /** Closes the host, and lets go of all plugins. */
  async close(): Promise<void> {
    await this.host.close()
    for (const plugin of this.plugins) await this.#close(plugin)
    this.#slots.length = 0
  }

  async #close(plugin: Plugin): Promise<void> {
    await plugin.close()
    this.#byName.delete(plugin.module.name)
    this.calls += plugin.module.stats.calls
  }

  async #load(slot: number): Promise<Plugin> {
    const plugin = await this.loadInto(this.host, `plugin ${slot}`, kindOf(slot, this.host))
    this.#byName.set(plugin.module.name, plugin)
    this.modules.watch(plugin.module)
    return plugin
  }

  /** Loads a plugin that need not be one of these. */
  async loadInto(host: Host, name: string, kind: Kind): Promise<Plugin> {
    const number = this.#versions++
    const reach: { plugin?: Plugin } = {}
    const module = await loaded(() => host.loadModule(name, pluginBytes(number, kind), this.#options(kind, reach)))
    reach.plugin = new Plugin(number, kind, module, this.#violations, this.#events)
    return reach.plugin
  }

  #options({ watched, waits, terms }: Kind, reach: { readonly plugin?: Plugin }): LoadOptions {
    const plugin = () => reach.plugin as Plugin
    const env = {
      host: (value: number) => plugin().host(value),
      ...(waits ? { later: async (value: number) => plugin().later(value) } : {}),
      ...(watched ? { life: { factory: () => this.#life() } } : {}),
    }
    return { ...terms, memoryLimit: MEMORY_LIMIT, imports: { env } }
  }

  #life(): WebAssembly.Global {
    const global = new WebAssembly.Global({ value: 'i32', mutable: true }, 0)
    this.instances.watch(global)
    return global
  }
}

/** Again, if the thread that a module is loaded in is lost. */
async function loaded(load: () => Promise<Module>): Promise<Module> {
  for (;;) {
    try {
      return await load()
    } catch (error) {
      if (!(error instanceof CurfewError && error.code === 'thread-lost')) throw error
    }
  }
}
