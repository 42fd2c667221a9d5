/** Card numbers: 13 to 19 digits in groups with single spaces or dashes between them, whose Luhn check digit is right. */

import { isAlphanumeric, isDigit } from './bytes'

const SHORTEST: i32 = 13
const LONGEST: i32 = 19

// The digits without what separates them.
const digits = memory.data(LONGEST)

/** The end of the card number that begins at `at`, or 0. Of several readings the longest: a year may follow the number. */
export function cardEnd(at: usize, end: usize): usize {
  // Payment cards begin with 2 to 6; nearly all other long numbers in logs (times, zero-padded ids) do not.
  const first = load<u8>(at)
  if (first < 0x32 || first > 0x36) return 0
  let found: usize = 0
  let length: i32 = 0
  while (at < end && length < LONGEST) {
    const byte = load<u8>(at)
    if (!isDigit(byte)) break
    store<u8>(digits + <usize>length, byte - 0x30)
    length += 1
    at += 1
    const next: u8 = at < end ? load<u8>(at) : 0
    if (isDigit(next)) continue
    if (length >= SHORTEST && !isAlphanumeric(next) && passesLuhn(length)) found = at
    if (next === 0x20 || next === 0x2d) at += 1
  }
  return found
}

/** From the right, every second digit counts double, its own digits summed; the total ends in 0. */
function passesLuhn(length: i32): bool {
  let sum: i32 = 0
  for (let i: i32 = 0; i < length; i += 1) {
    let digit = <i32>load<u8>(digits + <usize>(length - 1 - i))
    if ((i & 1) === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2
    sum += digit
  }
  return sum % 10 === 0
}
