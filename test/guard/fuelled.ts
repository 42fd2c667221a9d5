/** Driving modules that count fuel, for the tests of this folder. */

import assert from 'node:assert/strict'
import type { FuelCostTable } from '../../src/guard/fuel-costs.ts'
import { wat } from '../support/wat.ts'
import { type Driven, drive, PLENTY } from './drive.ts'

export const fuelled = (source: string, fuel: FuelCostTable | true = true): Driven => drive(wat(`(module ${source})`), { fuel })

export function fuelOf({ attached }: Pick<Driven, 'attached'>): WebAssembly.Global<'i64'> {
  assert.ok(attached.fuel)
  return attached.fuel
}

/** What a call of an export used. */
export function used(driven: Driven, name: string, ...values: unknown[]): number {
  const fuel = fuelOf(driven)
  fuel.value = PLENTY
  driven.exports[name](...values)
  return Number(PLENTY - fuel.value)
}

/** By the driver's rule: does a call of `run` end well with so much? */
export function suffices(driven: Driven, budget: bigint, ...values: unknown[]): boolean {
  const fuel = fuelOf(driven)
  fuel.value = budget
  try {
    driven.exports.run(...values)
  } catch (error) {
    assert.match(String(error), /unreachable/)
    assert.ok(fuel.value < 0n, 'a stop is for fuel')
    return false
  }
  return fuel.value >= 0n
}
