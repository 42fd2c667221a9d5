/** Checks of single options: each error names the option, what it takes and what it got. */
import { CurfewError, optionError } from '../errors.ts'

export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw optionError('signal', 'an AbortSignal', signal)
}

export function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw optionError('options', 'an object', options)
}

export function known(where: string, options: object, names: readonly string[]): void {
  checkOptions(options)
  for (const name of Object.keys(options)) if (!names.includes(name)) throw unknownOption(where, name, names)
}

export function unknownOption(where: string, name: string, names: readonly string[]): CurfewError {
  return new CurfewError('invalid-option', `${where} has no option \`${name}\`; it has ${names.join(', ')}`)
}

export function duration(name: string, value: unknown, absent: number): number {
  if (value === undefined) return absent
  if (typeof value !== 'number' || !(value >= 0)) throw optionError(name, 'a number of milliseconds, 0 or more', value)
  return value === Number.POSITIVE_INFINITY ? 0 : value
}

export function positive(name: string, value: unknown, absent: number): number {
  if (value === undefined) return absent
  if (typeof value !== 'number' || !(value > 0) || value === Number.POSITIVE_INFINITY) throw optionError(name, 'a finite number of milliseconds above 0', value)
  return value
}

export function count(name: string, value: unknown, absent: number, least = 0): number {
  if (value === undefined) return absent
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) throw optionError(name, `a whole number, ${least} or more`, value)
  return value
}

export function oneOf<T extends string>(name: string, value: T | undefined, choices: readonly [T, ...T[]]): T {
  if (value === undefined) return choices[0]
  if (!choices.includes(value)) throw optionError(name, choices.map((choice) => `'${choice}'`).join(' or '), value)
  return value
}

export function flag(name: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw optionError(name, 'true or false', value)
  return value === true
}
