/** Who does the actions: so many at once, each one action after another. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { mix, Random } from '../fuzz/random.ts'
import type { Action } from './actions/action.ts'
import type { Fleet } from './fleet.ts'
import { ACTORS } from './scale.ts'
import type { Tally } from './tally.ts'
import type { Violations } from './violations.ts'

/** Every call has a deadline, and no action waits for much more than one of them: after so long, ms, something hangs. */
const HANGS = 30_000

export class Actors {
  readonly #fleet: Fleet
  readonly #actions: readonly Action[]
  readonly #seed: number
  readonly #tally: Tally
  readonly #violations: Violations
  readonly #weighted: readonly (readonly [number, Action])[]
  /** What is under way. */
  readonly #running = new Set<string>()
  #next = 0

  constructor(fleet: Fleet, actions: readonly Action[], seed: number, tally: Tally, violations: Violations) {
    this.#fleet = fleet
    this.#actions = actions
    this.#seed = seed
    this.#tally = tally
    this.#violations = violations
    this.#weighted = this.#actions.map((action) => [action.weight, action])
  }

  /** Acts for so many ms, and until all that was begun has ended. @returns false if something never ends */
  async act(duration: number): Promise<boolean> {
    const end = performance.now() + duration
    const actors = Promise.all(Array.from({ length: ACTORS }, () => this.#act(end)))
    const hangs = Promise.withResolvers<false>()
    const timer = setTimeout(() => hangs.resolve(false), duration + HANGS)
    const ended = await Promise.race([actors.then(() => true), hangs.promise])
    clearTimeout(timer)
    for (const what of this.#running) this.#violations.add(`${what} has not ended within ${HANGS} ms`)
    return ended
  }

  async #act(end: number): Promise<void> {
    while (performance.now() < end) {
      const number = this.#next++
      const random = new Random(mix(this.#seed, number))
      const action = random.weighted(this.#weighted)
      const what = `action ${number} (${action.name})`
      this.#running.add(what)
      try {
        await action.run({ fleet: this.#fleet, random, violations: this.#violations, saw: this.#tally.began(action.name) })
      } catch (error) {
        this.#violations.add(`${what} failed: ${error instanceof Error ? error.stack : String(error)}`)
      }
      this.#running.delete(what)
      await nextTurn()
    }
  }
}
