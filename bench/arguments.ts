/** What a run is asked for. */
import { closeSync, openSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { PEERS, SUBJECTS } from './subjects/index.ts'

export interface Options {
  /** Of what is measured, each once. */
  readonly subjects: readonly string[]
  readonly rounds: number
  readonly quick: boolean
  readonly full: boolean
  readonly json: boolean
  readonly out: string | undefined
}

const ROUNDS = 15
/** Of a run that somebody waits for. */
const FEW_ROUNDS = 3
const QUICK_ROUNDS = 2
const USAGE = 'usage: npm run bench -- [--full | --quick] [--only id,id] [--rounds N] [--json] [--out FILE]'
const IDS = `ids: ${Object.keys(SUBJECTS).join(', ')}`
const HELP = `${USAGE}

Without arguments: the comparison with others, ${FEW_ROUNDS} rounds, in two to three minutes.

  --full      everything, with the largest sizes and numbers, ${ROUNDS} rounds, in half an hour; real modules only where they are installed
              (npm --prefix bench/real ci, 600 MB)
  --only      what is named, in ${ROUNDS} rounds
  --rounds    so many rounds
  --quick     shows that everything works; the figures mean nothing
  --json      prints JSON in place of the table (by npm run -s bench, which says nothing else)
  --out       writes JSON to a file beside the table, anew after each subject: of a run that is interrupted it says what is missing

A line is a median, the best and the quartiles of the rounds, and how many times Curfew's of the same round it is.
Exits with 1 where Curfew failed. A peer that failed is named below the lines of the others: some hang.

${IDS}`

/** @returns undefined if there is nothing to measure: they are wrong, or ask for help, and it has been said */
export function readArguments(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string' },
        only: { type: 'string' },
        json: { type: 'boolean', default: false },
        out: { type: 'string' },
        full: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(HELP)
      return undefined
    }
    const { quick, full, json, out, only } = values
    if (quick && full) throw new Error('--quick and --full exclude each other')
    const rounds = Number(values.rounds ?? (quick ? QUICK_ROUNDS : full || only !== undefined ? ROUNDS : FEW_ROUNDS))
    if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number above 0, but got "${values.rounds}"`)
    const subjects = only === undefined ? Object.keys(quick || full ? SUBJECTS : PEERS) : chosen(only)
    // A file that cannot be written is better known now than in half an hour
    if (out !== undefined) closeSync(openSync(out, 'a'))
    return { subjects, rounds, quick, full, json, out }
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}\n${IDS}`)
    process.exitCode = 2
    return undefined
  }
}

function chosen(only: string): string[] {
  const ids = new Set(only.split(',').map((id) => id.trim()))
  for (const id of ids) if (!Object.hasOwn(SUBJECTS, id)) throw new Error(`there is no subject "${id}"`)
  return [...ids]
}
