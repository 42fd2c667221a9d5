/** What calls cost that come to their end: by candidate, in the same rounds. */
import type { Work } from '../alternate.ts'
import { ADDENDS } from '../candidates/candidate.ts'
import { LIMIT, TIMES } from '../candidates/plugin.ts'
import type { Figure, Subject } from '../figures.ts'
import { byTurns, type Contender, PATIENT, repeated, whoAdds, whoIsRight, withContenders } from './contenders.ts'

const SIZES = [1_000, 100_000]
const IN_FLIGHT = [1, 10, 100]

const micro = (nanoseconds: number) => nanoseconds / 1e3

export const latency: Subject = {
  id: 'latency',
  title: 'A trivial call with a deadline, one after another',
  measure: (settings) =>
    withContenders({ timeout: PATIENT }, async (contenders, failures) => {
      const right = await whoAdds(contenders, failures)
      return byTurns({ id: 'add', row: 'trivial call', unit: 'us', scale: micro }, right, (contender) => repeated(contender, 'add'), settings, failures)
    }),
}

export const texts: Subject = {
  id: 'texts',
  title: 'A text through a plugin that makes it upper case',
  measure: (settings) =>
    withContenders({ timeout: PATIENT }, async (contenders, failures) => {
      const figures: Figure[] = []
      for (const size of SIZES) {
        const text = 'The quick brown fox jumps over the lazy dog. '.repeat(size / 45 + 1).slice(0, size)
        const right = await whoIsRight(contenders, failures, ({ upper }) => upper?.(text), text.toUpperCase())
        const comparison = { id: `upper-${size}`, row: `text, ${size / 1e3} KB`, unit: 'us', scale: micro, size }
        figures.push(...(await byTurns(comparison, right, (contender) => repeated(contender, 'upper', text), settings, failures)))
      }
      return figures
    }),
}

export const compute: Subject = {
  id: 'compute',
  title: `Work in the guest alone: the primes below ${LIMIT.toLocaleString('en')}, ${TIMES} times`,
  measure: (settings) =>
    withContenders({ timeout: PATIENT }, async (contenders, failures) => {
      const right = await whoIsRight(contenders, failures, ({ compute }) => compute?.(), 9_592 * TIMES)
      const comparison = { id: 'compute', row: 'work of some ms', unit: 'ms', scale: (nanoseconds: number) => nanoseconds / 1e6 }
      return byTurns(comparison, right, (contender) => repeated(contender, 'compute'), settings, failures)
    }),
}

export const flight: Subject = {
  id: 'flight',
  title: 'Trivial calls a second of one plugin, by how many are in flight',
  measure: (settings) =>
    withContenders({ timeout: PATIENT }, async (contenders, failures) => {
      const figures: Figure[] = []
      const right = await whoAdds(contenders, failures)
      for (const size of IN_FLIGHT) {
        // What holds its caller has never more than one in flight
        const waiting = right.filter(({ candidate }) => size === 1 || !candidate.holds)
        const comparison = {
          id: `flight-${size}`,
          row: `calls/s, ${size} in flight`,
          unit: '1/s',
          scale: (nanoseconds: number) => (size * 1e9) / nanoseconds,
          size,
        }
        figures.push(...(await byTurns(comparison, waiting, (contender) => inFlight(contender, size), settings, failures)))
      }
      return figures
    }),
}

/** Calls of `add`, so many of them at once; one after another if that is one, so that it is the candidate that is measured. */
export function inFlight(contender: Contender, size: number): Work | undefined {
  const { add, there } = contender.plugin
  if (size === 1) return repeated(contender, 'add')
  if (there !== undefined) return (times) => there.many('add', times, size, '')
  const [left, right] = ADDENDS
  return async (times) => {
    for (let time = 0; time < times; time++) await Promise.all(Array.from({ length: size }, () => add?.(left, right)))
  }
}
