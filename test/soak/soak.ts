/**
 * Load and soak: thousands of live plugins, to which for a while everything happens that may happen to a plugin, at random. Whatever that was,
 * every call is accounted for exactly once, and nothing is left.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Host } from '../../src/index.ts'
import { type Held, held } from '../support/garbage.ts'
import { ACTIONS } from './actions/index.ts'
import { Actors } from './actors.ts'
import { CLOSED, growth, OPEN } from './flat.ts'
import { Fleet } from './fleet.ts'
import { Leftovers } from './leftovers.ts'
import { type Row, Tally } from './tally.ts'
import { Violations } from './violations.ts'
import { warmUp } from './warm-up.ts'

export interface Settings {
  readonly plugins: number
  /** Of random actions; loading and warming up come before. */
  readonly seconds: number
  readonly seed: number
  readonly onProgress: (what: string) => void
}

export interface Report {
  readonly actions: number
  readonly calls: number
  readonly rows: Readonly<Record<string, Row>>
  readonly violations: readonly string[]
  readonly violationCount: number
  /** What the process held: before anything was loaded; with all loaded, and then at each stop; with all closed. */
  readonly memory: { readonly before: Held; readonly open: readonly Held[]; readonly after: Held }
  /** Watched: made, and not collected at the end. */
  readonly instances: { readonly made: number; readonly left: number }
  readonly modules: { readonly made: number; readonly left: number }
  /** How late the event loop comes to a timer, ms. */
  readonly lag: { readonly p50: number; readonly p99: number; readonly max: number }
}

/** Memory is measured so often, with everything open and nothing under way. */
const STOPS = 5
/** What there is at the first of them counts as warm. */
const WARM = 1
/** Of a call that says nothing itself, ms. Far above what any waits for. */
const EXEC_TIMEOUT = 5_000
/** Less than the largest flood. */
const MAX_QUEUE = 1_000

export async function soak({ plugins, seconds, seed, onProgress }: Settings): Promise<Report> {
  const violations = new Violations()
  const tally = new Tally()
  const before = await held()
  const leftovers = new Leftovers(violations)
  const fleet = new Fleet(new Host({ execTimeout: EXEC_TIMEOUT, maxQueue: MAX_QUEUE }), plugins, violations)
  onProgress(`loading ${plugins} plugins`)
  await fleet.fill()
  onProgress('calling every function of each')
  await warmUp(fleet)
  const open = [await settled(fleet, violations)]
  const actors = new Actors(fleet, ACTIONS, seed, tally, violations)
  const lag = monitorEventLoopDelay({ resolution: 1 })
  let ended = true
  for (let stop = 1; stop <= STOPS && ended; stop++) {
    onProgress(`${tally.actions} actions, ${violations.count} violations, stop ${stop} of ${STOPS}`)
    lag.enable()
    ended = await actors.act((seconds * 1_000) / STOPS)
    lag.disable()
    open.push(await settled(fleet, violations))
  }
  const [warm, last] = [open[WARM] ?? before, open.at(-1) ?? before]
  const grown = [
    ...growth('with all plugins open, JavaScript objects', warm.heap, last.heap, OPEN.heap),
    ...growth('with all plugins open, resident memory', warm.resident, last.resident, OPEN.resident),
  ]
  onProgress('closing')
  // What hangs would have the host wait for ever
  if (ended) await fleet.close()
  if (ended) await leftovers.check()
  const after = await settled(fleet, violations)
  grown.push(...growth('with all plugins closed, JavaScript objects', before.heap, after.heap, CLOSED))
  for (const violation of grown) violations.add(violation)
  return {
    actions: tally.actions,
    calls: fleet.calls,
    rows: tally.rows,
    violations: violations.list,
    violationCount: violations.count,
    memory: { before, open, after },
    instances: { made: fleet.instances.made, left: fleet.instances.alive },
    modules: { made: fleet.modules.made, left: fleet.modules.alive },
    lag: { p50: ms(lag.percentile(50)), p99: ms(lag.percentile(99)), max: ms(lag.max) },
  }
}

/** With nothing under way: what is held, and whether more instances and modules are than may be. */
async function settled(fleet: Fleet, violations: Violations): Promise<Held> {
  const found = await held()
  for (const plugin of fleet.plugins) plugin.check()
  const { watched, instances, modules } = fleet
  if (instances.alive > watched) violations.add(`${instances.alive} instances of ${watched} plugins have not been collected`)
  if (modules.alive > watched) violations.add(`${modules.alive} modules are there of ${watched} that are open`)
  return found
}

/** Of an interval in ns, what is above that of the timer. */
function ms(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - 1)
}
