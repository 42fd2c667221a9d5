/** WebAssembly values as text: arguments that were typed in, results that are printed. */
import { show } from '../errors.ts'
import type { ValType } from '../wasm/types.ts'

const WHOLE = /^([+-]?)(\d+|0x[\da-f]+)$/i
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
}

/** What begins with `-` and is a value, not an option. */
export const NEGATIVE_VALUE = /^-(\.?\d|inf|nan)/i

const MIN_32 = -(2n ** 31n)
const MAX_32 = 2n ** 32n - 1n
const MIN_64 = -(2n ** 63n)
const MAX_64 = 2n ** 64n - 1n

/** The value, or undefined if the text is none of the type. */
export function parseValue(type: ValType, text: string): number | bigint | null | undefined {
  switch (type) {
    case 'i32': {
      const value = parseWhole(text, MIN_32, MAX_32)
      return value === undefined ? undefined : Number(value)
    }
    case 'i64':
      return parseWhole(text, MIN_64, MAX_64)
    case 'f32':
      return parseFloating(text, Math.fround)
    case 'f64':
      return parseFloating(text, Number)
    case 'v128':
      return undefined
  }
  return type.nullable && text.toLowerCase() === 'null' ? null : undefined
}

/** What `parseValue` takes, for messages. */
export function expectedOf(type: ValType): string {
  switch (type) {
    case 'i32':
      return `a whole number from ${MIN_32} to ${MAX_32}, in decimal or hex (-5, 0xff)`
    case 'i64':
      return `a whole number from ${MIN_64} to ${MAX_64}, in decimal or hex (-5, 0xff)`
    case 'f32':
      return 'a number up to 3.4028235e38 either way (2.5, 1e-3, 0xff), inf, -inf or nan'
    case 'f64':
      return 'a number up to 1.7976931348623157e308 either way (2.5, 1e-3, 0xff), inf, -inf or nan'
    case 'v128':
      return 'nothing that can be typed in'
  }
  return type.nullable ? 'null, the only reference that can be typed in' : 'nothing that can be typed in'
}

function parseWhole(text: string, least: bigint, most: bigint): bigint | undefined {
  const [, sign, digits] = WHOLE.exec(text) ?? []
  if (digits === undefined) return undefined
  // `BigInt` takes no sign before 0x
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits)
  return value >= least && value <= most ? value : undefined
}

function parseFloating(text: string, rounded: (value: number) => number): number | undefined {
  const lower = text.toLowerCase()
  if (Object.hasOwn(SPECIAL, lower)) return SPECIAL[lower]
  const value = DECIMAL.test(text) ? Number(text) : hexNumber(text)
  // A finite number that the type cannot hold would silently become infinite
  return value !== undefined && Number.isFinite(rounded(value)) ? value : undefined
}

function hexNumber(text: string): number | undefined {
  const [, sign, digits] = WHOLE.exec(text) ?? []
  if (digits === undefined) return undefined
  return sign === '-' ? -Number(digits) : Number(digits)
}

/** A result as it is printed: as it would be typed in, where it could be. */
export function formatValue(type: ValType, value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'number') return show(value)
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0'
  return String(type === 'f32' ? shortestSingle(value) : value)
}

/** A result in JSON: a number where JSON's are enough, else the text that is printed. */
export function jsonValue(type: ValType, value: unknown): number | string | null {
  if (value === null) return null
  const plain = typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)
  return plain ? Number(formatValue(type, value)) : formatValue(type, value)
}

/** The number with the fewest digits that is the same f32: 0.1 where the double says 0.10000000149011612. */
function shortestSingle(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}
