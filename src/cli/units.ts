/** Durations and sizes, as people write and read them. */

const DURATIONS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

const KIBI = 1024
const KILO = 1000
const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  kib: KIBI,
  mib: KIBI ** 2,
  gib: KIBI ** 3,
  tib: KIBI ** 4,
  kb: KILO,
  mb: KILO ** 2,
  gb: KILO ** 3,
  tb: KILO ** 4,
}

const NUMBER_AND_UNIT = /^(\d+\.?\d*|\.\d+)\s*([a-z]*)$/i

/** Milliseconds, or undefined if it is no duration. Without a unit it is milliseconds: `50`, `50ms`, `1.5s`, `2m`. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = NUMBER_AND_UNIT.exec(text.trim()) ?? []
  const factor = ownValue(DURATIONS, unit || 'ms')
  return number === undefined || factor === undefined ? undefined : finite(Number(number) * factor)
}

export const DURATION_EXPECTED = 'a duration such as 50 (milliseconds), 50ms, 1.5s or 2m; 0 is no limit'

/** Bytes, or undefined if it is no size. Without a unit it is bytes: `65536`, `64KiB`, `16MB`. */
export function parseSize(text: string): number | undefined {
  const [, number, unit] = NUMBER_AND_UNIT.exec(text.trim()) ?? []
  const factor = ownValue(SIZES, (unit || 'b').toLowerCase())
  if (number === undefined || factor === undefined) return undefined
  const bytes = Number(number) * factor
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

export const SIZE_EXPECTED = 'a whole number of bytes such as 65536, 64KiB, 16MiB, 1GiB (powers of 1024) or 16MB (powers of 1000)'

/** Units of fuel, or undefined if it is no whole number. */
export function parseFuel(text: string): bigint | undefined {
  return /^\d+$/.test(text) ? BigInt(text) : undefined
}

export const FUEL_EXPECTED = 'a whole number such as 1000000; 0 counts without a limit'

/** `constructor` is a unit of nothing. */
function ownValue(table: Readonly<Record<string, number>>, key: string): number | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}

const BINARY_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** `64 KiB`; what is not a round number has one decimal. */
export function formatSize(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= KIBI && unit < BINARY_UNITS.length - 1) {
    value /= KIBI
    unit++
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${bytes === 1 ? 'byte' : BINARY_UNITS[unit]}`
}

/** `1,234,567`. */
export function formatCount(count: number | bigint): string {
  return count.toLocaleString('en-US')
}

/** `1 byte`, `2 bytes`. */
export function counted(count: number | bigint, one: string): string {
  return `${formatCount(count)} ${Number(count) === 1 ? one : `${one}s`}`
}
