/** Reads a file of fuel costs: `{ "default": 1, "call": 10 }`. */
import { CurfewError } from '../errors.ts'
import { type FuelCostTable, fuelCosts } from '../guard/fuel-costs.ts'
import { CommandError } from './failure.ts'
import { readInput } from './file.ts'
import type { CommandIo } from './io.ts'

const ADVICE = 'It is to be like {"default": 1, "call": 10, "kibibyte": 64}: instructions by their names, each with a whole number.'

/** @throws CommandError `invalid-option`: which entry, what it takes, what it got */
export async function readCosts(io: CommandIo, path: string): Promise<FuelCostTable> {
  const table = parse(await readInput(io, path, { code: 'invalid-option', file: path }), path)
  try {
    fuelCosts(table)
  } catch (error) {
    if (error instanceof CurfewError) throw wrong(inOwnWords(error.what), path, error)
    throw error
  }
  return table
}

function parse(bytes: Uint8Array, path: string): FuelCostTable {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw wrong(`the costs are not JSON: ${(cause as Error).message}`, path, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('the costs are JSON, but not an object', path)
  return value as FuelCostTable
}

/** They are an option of the API, but a file here. */
function inOwnWords(what: string): string {
  return what.replace(/^option `fuelCosts\[(.*?)\]`/, 'the cost of $1').replace(/^option `fuelCosts` has (.*) it takes /, 'the costs have $1 they take ')
}

function wrong(what: string, path: string, cause?: unknown): CommandError {
  return new CommandError('invalid-option', what, ADVICE, { cause, file: path })
}
