/** Amounts of fuel, as users give them. */
import { CurfewError, optionError } from '../errors.ts'

/** Fuel is asked of a module that was loaded without. */
export function countsNoFuel(module: string): CurfewError {
  return new CurfewError('invalid-option', 'the module counts no fuel: load it with `fuel` (`Infinity` to count without a limit) or `fuelCosts`', { module })
}

/** Whole and not negative, a number or a bigint. */
export function fuelAmount(name: string, value: unknown): void {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return
  const isWhole = typeof value === 'bigint' ? value >= 0n : typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  if (!isWhole) throw optionError(name, 'a whole number or bigint, 0 or more', value)
}
