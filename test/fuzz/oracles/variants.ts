/** The ways of guarding a module that are compared with the module as it is. A new option of the guard is a new row of `VARIANTS`. */
import { type Attached, attachHook, FULL_DEPTH, MAX_CREDIT, makeHook, STOP } from '../../../src/abi.ts'
import { type Guarded, type GuardOptions, guard } from '../../../src/guard/guard.ts'
import { CAPS, type Caps } from '../../../src/limits.ts'
import type { Attach } from '../harness/session.ts'
import { Random } from '../random.ts'
import { withOneNan } from './nan.ts'

export interface Prepared {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly attach: Attach
  /** What the guard made, where that is all there is. */
  readonly guarded?: Guarded
}

export interface Variant {
  readonly name: string
  /** Is what a poll grants a bound on the instructions until the next poll? */
  readonly boundsWork: boolean
  /** What it must do the same as: the module as it is, unless there is this. Undefined for what cannot be read. */
  readonly reference?: (bytes: Uint8Array<ArrayBuffer>, globals: number) => Uint8Array<ArrayBuffer> | undefined
  /** Is fuel counted? */
  readonly fuel?: boolean
  /** How many polls a run may have before it counts as endless. */
  readonly patience: number
  /** @throws LoadError */
  readonly prepare: (bytes: Uint8Array) => Prepared
}

const NO_CAP = Number.MAX_SAFE_INTEGER

/** Nothing is refused or limited: what is left must behave as it does raw. */
export const OPEN: GuardOptions = {
  allow: ['gc', 'exnref', 'tags', 'shared-memory'],
  memoryLimit: NO_CAP,
  tableLimit: NO_CAP,
  caps: Object.fromEntries(Object.keys(CAPS).map((cap) => [cap, NO_CAP])) as unknown as Caps,
}

/** Makes what a poll grants, one after another; anew for each instance. */
type Grants = () => () => number

const most: Grants = () => () => MAX_CREDIT
/** Every check polls. */
const least: Grants = () => () => 1
const mixed: Grants = () => {
  const random = new Random(0)
  return () => (random.oneIn(8) ? MAX_CREDIT : random.pick([1, 2, 10, 100, 1_000, 10_000, 100_000]))
}

function guarded(name: string, grants: Grants, patience: number, options: GuardOptions = OPEN): Variant {
  const prepare = (bytes: Uint8Array): Prepared => {
    const made = guard(bytes, options)
    const { bytes: rewritten, abi } = made
    const attach: Prepared['attach'] = (instance, goOn) => {
      // Nobody tells when a call begins, so whatever runs out is filled up
      let attached: Attached | undefined
      const fill = () => {
        if (attached?.fuel !== undefined) attached.fuel.value = 2n ** 62n
        if (attached?.depth !== undefined) attached.depth.value = FULL_DEPTH
        return 1
      }
      attached = attachHook(instance, abi, makeHook({ poll: poller(grants, goOn), exhausted: fill }))
      fill()
      return attached.start
    }
    return { bytes: rewritten, attach, guarded: made }
  }
  return { name, boundsWork: true, patience, prepare }
}

function poller(grants: Grants, goOn: (credit: number) => boolean): () => number {
  const grant = grants()
  return () => {
    const credit = grant()
    return goOn(credit) ? credit : STOP
  }
}

/** A guarded module is a module like any other. */
const twice: Variant = {
  name: 'guarded twice',
  // Either of two counters may run out
  boundsWork: false,
  patience: 5_000,
  prepare: (bytes) => {
    const inner = guard(bytes, OPEN)
    const outer = guard(inner.bytes, OPEN)
    const attach: Prepared['attach'] = (instance, goOn) => {
      // When one guard has been told to stop, the checks of the other may still ask before the trap
      let isStopped = false
      const bothGoOn = (credit: number) => {
        isStopped ||= !goOn(credit)
        return !isStopped
      }
      const ask = () => {
        const poll = poller(mixed, bothGoOn)
        return makeHook({ poll: () => (isStopped ? STOP : poll()) })
      }
      const ofOuter = attachHook(instance, outer.abi, ask())
      const ofInner = attachHook(instance, inner.abi, ask())
      return ofOuter.start ?? ofInner.start
    }
    return { bytes: outer.bytes, attach }
  },
}

export const VARIANTS: readonly Variant[] = [
  guarded('most credit', most, 60),
  guarded('a poll at every check', least, 20_000),
  guarded('mixed credit', mixed, 5_000),
  twice,
  { ...guarded('fuel', mixed, 5_000, { ...OPEN, fuel: true }), fuel: true },
  { ...guarded('deterministic', mixed, 5_000, { ...OPEN, deterministic: true }), fuel: true, reference: withOneNan },
]
