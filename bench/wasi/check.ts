/**
 * Real programs for WASI under Curfew and under `node:wasi`: each is given something to do, and what it did is checked without it.
 *
 *   node bench/wasi/check.ts [ids...] [--rounds N]
 */
import { parseArgs } from 'node:util'
import { median } from '../figures.ts'
import { HOW_TO_INSTALL, installed } from '../real/packages.ts'
import type { Loaded } from './loaded.ts'
import type { WasiProgram } from './program.ts'
import { PROGRAMS } from './programs.ts'
import { loadUnderCurfew } from './under-curfew.ts'
import { loadUnderNode } from './under-node.ts'

const WIDTHS = [12, 28, 10, 12, 12, 10, 12, 8]

if (installed) await main()
else {
  console.error(`The packages are not installed. To install them: ${HOW_TO_INSTALL}`)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string', default: '3' } } })
  const unknown = positionals.filter((id) => !PROGRAMS.some((program) => program.id === id))
  if (unknown.length > 0) throw new Error(`There is no program ${unknown.join(', ')}; there are ${PROGRAMS.map(({ id }) => id).join(', ')}.`)
  const chosen = PROGRAMS.filter(({ id }) => positionals.length === 0 || positionals.includes(id))
  console.log(line(['program', 'toolchain', 'size', 'node loads', 'loads', 'node runs', 'runs', 'ratio']))
  let passed = 0
  for (const program of chosen) {
    try {
      console.log(line([program.id, program.toolchain, ...(await compare(program, Number(values.rounds)))]))
      passed += 1
    } catch (error) {
      process.exitCode = 1
      console.error(`${program.id} FAILED:`, error)
    }
  }
  console.log(`\n${passed} passed, ${chosen.length - passed} failed`)
}

/** Each in turn, as often as there are rounds. */
async function compare(program: WasiProgram, rounds: number): Promise<string[]> {
  const bytes = await program.bytes()
  const [node, nodeLoads] = await timed(() => loadUnderNode(program, bytes))
  const [curfew, loads] = await timed(() => loadUnderCurfew(program, bytes))
  try {
    const times: { node: number; curfew: number }[] = []
    for (let round = 0; round < rounds; round++) times.push({ node: await checkedRun(program, node), curfew: await checkedRun(program, curfew) })
    const [nodeRuns, runs] = [median(times.map((each) => each.node)), median(times.map((each) => each.curfew))]
    const ms = [nodeLoads, loads, nodeRuns, runs].map((time) => `${time.toFixed(1)} ms`)
    return [`${(bytes.length / 1000).toFixed(0)} kB`, ...ms, `${(runs / nodeRuns).toFixed(2)}x`]
  } finally {
    await node.close()
    await curfew.close()
  }
}

async function checkedRun(program: WasiProgram, loaded: Loaded): Promise<number> {
  const [done, time] = await timed(() => loaded.run())
  program.check(done)
  return time
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const began = performance.now()
  return [await work(), performance.now() - began]
}

function line(cells: readonly string[]): string {
  return cells.map((cell, column) => (column < 2 ? cell.padEnd(WIDTHS[column] as number) : cell.padStart(WIDTHS[column] as number))).join('')
}
