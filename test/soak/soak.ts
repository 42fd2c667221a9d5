/**
 * Load and soak: thousands of live plugins, to which for a while everything happens that may happen to a plugin, at random. Whatever that was,
 * every call is accounted for exactly once, and nothing is left.
 */
import { Host } from '../../src/index.ts'
import { Random } from '../fuzz/random.ts'
import { type Held, held } from '../support/garbage.ts'
import { actionsFor } from './actions/index.ts'
import { Actors } from './actors.ts'
import { Events } from './events.ts'
import { inUse, unsettled } from './figures.ts'
import { CLOSED, growth, OPEN, THREAD } from './flat.ts'
import { Fleet } from './fleet.ts'
import { type Lag, LagMeter } from './lag.ts'
import { Leftovers } from './leftovers.ts'
import { Losses } from './losses.ts'
import { type Row, Tally } from './tally.ts'
import { Violations } from './violations.ts'
import { warmUp } from './warm-up.ts'

export interface Settings {
  readonly plugins: number
  /** Of random actions; loading and warming up come before. */
  readonly seconds: number
  readonly seed: number
  /** That guests run in, one of which is lost now and then; 0: they run on this thread. */
  readonly threads: number
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
  /** Made, and not collected at the end; of the instances, those that are watched. */
  readonly instances: { readonly made: number; readonly left: number }
  readonly modules: { readonly made: number; readonly left: number }
  readonly lag: Lag
}

/** Memory is measured so often, with everything open and nothing under way. */
const STOPS = 5
/** What there is at the first of them counts as warm. */
const WARM = 1
/** Of a call that says nothing itself, ms. Far above what any waits for. */
const EXEC_TIMEOUT = 5_000
/** Less than the largest flood. */
const MAX_QUEUE = 1_000

export async function soak({ plugins, seconds, seed, threads, onProgress }: Settings): Promise<Report> {
  const violations = new Violations()
  const tally = new Tally()
  const before = await held()
  const leftovers = new Leftovers(violations)
  const events = new Events(violations)
  const host = new Host({ execTimeout: EXEC_TIMEOUT, maxQueue: MAX_QUEUE, threads })
  const losses = new Losses(host)
  const fleet = new Fleet(host, plugins, violations, events)
  onProgress(`loading ${plugins} plugins`)
  await fleet.fill()
  onProgress('calling every function of each')
  await warmUp(fleet)
  const open = [await settled(fleet, violations)]
  const actors = new Actors(fleet, actionsFor(host), seed, tally, violations)
  const lag = new LagMeter()
  const random = new Random(seed)
  let ended = true
  for (let stop = 1; stop <= STOPS && ended; stop++) {
    onProgress(`${tally.actions} actions, ${violations.count} violations, stop ${stop} of ${STOPS}`)
    const duration = (seconds * 1_000) / STOPS
    const loss = setTimeout(() => losses.lose(random), duration / 2)
    ended = await lag.during(() => actors.act(duration))
    clearTimeout(loss)
    open.push(await settled(fleet, violations))
  }
  const [warm, last] = [open[WARM] ?? before, open.at(-1) ?? before]
  const grown = [
    ...growth('with all plugins open, JavaScript objects', warm.heap, last.heap, OPEN.heap),
    ...growth('with all plugins open, resident memory', warm.resident, last.resident, { ...OPEN.resident, bytes: OPEN.resident.bytes + threads * THREAD }),
  ]
  onProgress('closing')
  // What hangs would have the host wait for ever
  if (ended) await fleet.close()
  losses.end()
  if (ended) {
    for (const problem of inUse(host)) violations.add(`of the host that is closed, ${problem}`)
    events.check()
    await leftovers.check()
  }
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
    lag: lag.worst,
  }
}

/** With nothing under way: what is held, and whether more instances and modules are than may be. */
async function settled(fleet: Fleet, violations: Violations): Promise<Held> {
  const found = await held()
  if (fleet.host.threads > 0) await fleet.hear()
  for (const plugin of fleet.plugins) plugin.check()
  const { plugins, instances, modules } = fleet
  const watched = fleet.count((kind) => kind.watched)
  if (instances.alive > watched) violations.add(`${instances.alive} instances of ${watched} that may be there have not been collected`)
  if (modules.alive > plugins.length) violations.add(`${modules.alive} modules are there of ${plugins.length} that are open`)
  const expected = { modules: plugins.length, instances: fleet.count(), memories: fleet.count(({ memory }) => memory) }
  for (const problem of unsettled(fleet.host, expected)) violations.add(`while nothing goes on, ${problem}`)
  return found
}
