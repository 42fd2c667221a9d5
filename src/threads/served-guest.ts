/** A module of the host, on the thread that runs it. */
import { conventionNamed } from '../conventions/conventions.ts'
import { callError } from '../errors.ts'
import type { CallingInstance } from '../guests/caller.ts'
import type { Convention } from '../guests/convention.ts'
import type { Guest, GuestEvent, GuestLease, GuestSpec } from '../guests/executor.ts'
import { type ImportSource, type Link, type Linked, sourceOf } from '../guests/imports.ts'
import { isFunctionImport, suspending } from '../guests/linking.ts'
import type { Signature } from '../guests/signature.ts'
import type { ModuleStats } from '../guests/stats.ts'
import type { Crossing } from './crossing.ts'
import type { Report, SentSpec } from './messages.ts'
import type { Questions } from './questions.ts'
import type { ServedCallers } from './served-callers.ts'

/** What the host does for it. */
export interface Asks {
  readonly crossing: Crossing
  readonly callers: ServedCallers
  readonly questions: Questions
  setUp(guest: number, lease: GuestLease): Promise<void>
  closed(guest: number): void
  happened(guest: number, event: GuestEvent): void
}

export class ServedGuest {
  readonly id: number
  readonly spec: GuestSpec
  /** By the number that the host has given each. */
  readonly signatures: ReadonlyMap<number, Signature>
  #guest: Guest | undefined
  /** Requests that are not answered. */
  #asked = 0
  #tellAnswered: () => void = () => undefined
  /** What the host was told last. */
  #told: Figures | undefined

  constructor(id: number, sent: SentSpec, signatures: ReadonlyMap<number, Signature>, signal: AbortSignal | undefined, asks: Asks) {
    this.id = id
    this.signatures = signatures
    const { hasSetup, convention, ...rest } = sent
    this.spec = {
      ...rest,
      convention: conventionNamed(convention) as Convention,
      imports: importsFrom(sent, id, asks),
      // Who calls back into a guest, by name, is on the host's side
      signatures: new Map(),
      setup: hasSetup ? (lease) => asks.setUp(id, lease) : undefined,
      signal,
      onClose: () => asks.closed(id),
      onEvent: (event) => asks.happened(id, event),
    }
  }

  /** @throws UsageError `closed` while it is not there */
  get guest(): Guest {
    if (this.#guest !== undefined) return this.#guest
    throw callError('closed', 'the module is closed', { module: this.spec.name, phase: 'queued' })
  }
  set guest(loaded: Guest) {
    this.#guest = loaded
  }

  /** It is asked for something. */
  ask(): void {
    this.#asked++
  }

  answer(): void {
    if (--this.#asked === 0) this.#tellAnswered()
  }

  /** Resolves when everything that it was asked is answered. */
  async answered(): Promise<void> {
    if (this.#asked === 0) return
    await new Promise<void>((resolve) => {
      this.#tellAnswered = resolve
    })
  }

  /** Its figures, for the host to show: often nothing but some calls more. Not while it is being loaded. */
  get report(): Report | undefined {
    if (this.#guest === undefined) return undefined
    const { stats, memorySize } = this.#guest
    const before = this.#told
    this.#told = { stats, memorySize }
    if (before !== undefined && onlyRan(before, this.#told)) return { verb: 'ran', guest: this.id, calls: stats.calls - before.stats.calls, cpu: stats.cpu }
    return { verb: 'stats', guest: this.id, stats, memorySize }
  }
}

interface Figures {
  readonly stats: ModuleStats
  readonly memorySize: number
}

/** Have all calls since then ended well, and has nothing else changed? */
function onlyRan({ stats: before, memorySize }: Figures, { stats: now, memorySize: size }: Figures): boolean {
  const calls = now.calls - before.calls
  const well = (now.outcomes.ok ?? 0) - (before.outcomes.ok ?? 0)
  return (
    calls === well &&
    size === memorySize &&
    now.generation === before.generation &&
    now.restarts === before.restarts &&
    now.lastFuel === before.lastFuel &&
    now.fuel === before.fuel
  )
}

/** What instances are given: functions that call the host in their name. */
function importsFrom({ name, imports, isPerInstance }: SentSpec, guest: number, { crossing, callers, questions }: Asks): ImportSource {
  const values = imports.map((link) => (link.kind === 'value' ? crossing.receive(link.value) : undefined))
  const able: ReadonlySet<unknown> = new Set(suspending(imports.map(({ wanted }) => wanted).filter(isFunctionImport)))
  const linksOf = (own: CallingInstance | undefined, instance: number, called: () => void): readonly Link[] =>
    imports.map((sent, link): Link => {
      const { wanted } = sent
      if (sent.kind === 'value') return { wanted, kind: 'value', value: values[link] }
      const { isAsync } = sent
      const asked = { guest, instance, own: own as CallingInstance, link, isAsync, canSuspend: able.has(wanted) }
      const fn = (...args: unknown[]) => {
        called()
        return questions.callHost(asked, args)
      }
      return { wanted, kind: 'function', isAsync, fn }
    })
  const links = linksOf(undefined, -1, () => undefined)
  return {
    links,
    isPerInstance,
    linksOf(own: CallingInstance): Linked {
      const instance = callers.add(own)
      let isKnown = isPerInstance
      const dropped = () => callers.drop(guest, instance, isKnown)
      try {
        if (isPerInstance) questions.tellInstance(guest, instance)
      } catch (error) {
        dropped()
        throw error
      }
      const called = () => {
        isKnown = true
      }
      return { ...sourceOf(linksOf(own, instance, called), name).linksOf(own), dropped }
    },
  }
}
