/** What instructions cost in fuel: one each, nothing for those that only structure code, bulk operations by length; or as a table says. */
import { CurfewError, optionError, show } from '../errors.ts'
import { OPCODES } from '../wasm/opcodes.ts'

/** Costs by the name of an instruction as in the text format, and by `default`, `kibibyte`, `element` and `page`. Whole numbers from 0 to 1,000,000. */
export type FuelCostTable = Readonly<Record<string, number>>

export interface FuelCosts {
  /** By opcode id. */
  readonly instructions: Float64Array
  /** Of `memory.fill`, `copy` and `init`: 1,024 bytes, of which parts count. Of those of tables, and `table.grow`: an element. Of `memory.grow`: a page. */
  readonly kibibyte: number
  readonly element: number
  readonly page: number
}

const MOST = 1_000_000

/** An instruction is worth 16 bytes of a bulk operation, or an element. */
export const DEFAULT_FUEL_COSTS: FuelCostTable = Object.freeze({ default: 1, kibibyte: 64, element: 1, page: 4_096 })

const NAMES = new Set([...Object.keys(DEFAULT_FUEL_COSTS), ...OPCODES.map(({ name }) => name)])

/** @throws CurfewError `invalid-option` for what is no table of costs: which entry, what it takes, what it got */
export function fuelCosts(table: FuelCostTable = DEFAULT_FUEL_COSTS): FuelCosts {
  if (typeof table !== 'object' || table === null || Array.isArray(table)) throw optionError('fuelCosts', 'an object of numbers', table)
  for (const [name, cost] of Object.entries(table)) {
    if (!NAMES.has(name))
      throw new CurfewError(
        'invalid-option',
        `option \`fuelCosts\` has ${show(name)}, but there is no such instruction; beside those it takes default, kibibyte, element and page`,
      )
    if (!Number.isSafeInteger(cost) || cost < 0 || cost > MOST) throw optionError(`fuelCosts[${show(name)}]`, `a whole number from 0 to ${MOST}`, cost)
  }
  const costs = { ...DEFAULT_FUEL_COSTS, ...table }
  const { default: usual = 1, kibibyte = 0, element = 0, page = 0 } = costs
  return {
    instructions: Float64Array.from(OPCODES, ({ name, cost }) => (Object.hasOwn(table, name) ? (table[name] as number) : cost === 'free' ? 0 : usual)),
    kibibyte,
    element,
    page,
  }
}
