/** `node test/attacks/measure.ts [name...]`: what each bomb does to the event loop and the memory of its process, as a table. */

import { blast, crowd } from './blast.ts'
import type { Blast } from './bomb.ts'
import { BOMBS } from './bombs.ts'

const ROUNDS = 3
const chosen = process.argv.slice(2)
const ms = (value: number) => value.toFixed(1).padStart(7)

console.log(`Node ${process.version}: longest turn of the event loop in ms (the best of ${ROUNDS} rounds), peak memory in MB\n`)
console.log('   idle    load   first   later    took   peak  bomb')
for (const name of Object.keys(BOMBS)) {
  if (chosen.length > 0 && !chosen.some((part) => name.includes(part))) continue
  const rounds: Blast[] = []
  try {
    for (let round = 0; round < ROUNDS; round++) rounds.push(await blast(name))
  } catch (error) {
    console.log(`${name}: ${(error as Error).message.slice(0, 300)}`)
    continue
  }
  const least = (of: (each: Blast) => number) => Math.min(...rounds.map(of))
  const [{ loaded, calls }] = rounds as [Blast]
  const ended = [loaded, ...new Set(calls)].join(', ')
  const figures = [
    least(({ lag }) => lag.idle),
    least(({ lag }) => lag.load),
    least(({ lag }) => lag.first),
    least(({ lag }) => lag.later),
    least(({ took }) => took),
  ]
  console.log(
    `${figures.map(ms).join(' ')} ${Math.round(least(({ peak }) => peak) / 1e6)
      .toString()
      .padStart(6)}  ${name} (${ended})`,
  )
}

for (const size of chosen.length > 0 && !chosen.includes('crowd') ? [] : [1_000, 10_000]) {
  try {
    const { ended, lag, peak } = await crowd(size)
    console.log(`crowd of ${size} runaways: calls ${ms(lag.calls)} ms, close ${ms(lag.close)} ms, ${Math.round(peak / 1e6)} MB`, ended)
  } catch (error) {
    console.log(`crowd of ${size} runaways: ${(error as Error).message.slice(0, 300)}`)
  }
}
