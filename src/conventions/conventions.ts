/** The conventions that Curfew knows by name. They are found again by that on another thread. */
import type { Convention } from '../guests/convention.ts'
import { packed } from './packed.ts'

const known = { packed } as const satisfies Record<string, Convention>

export type ConventionName = keyof typeof known

export const CONVENTIONS = Object.keys(known) as readonly ConventionName[]

export function conventionNamed(name: string): Convention | undefined {
  return Object.hasOwn(known, name) ? known[name as ConventionName] : undefined
}
