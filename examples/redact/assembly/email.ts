/** E-mail addresses: something before the @, and a name with at least one dot and a top-level domain after it. */

import { isAlphanumeric, isDigit, twoByteLetter } from './bytes'

/** The end of the address whose part before the @ is from `local` to `at`, or 0. */
export function emailEnd(local: usize, at: usize, end: usize): usize {
  if (local === at) return 0
  let label = at + 1
  let dots: i32 = 0
  let found: usize = 0
  while (label < end) {
    const stop = labelEnd(label, end)
    if (stop === label) break
    if (dots > 0 && isTopLevel(label, stop)) found = stop
    if (stop >= end || load<u8>(stop) !== 0x2e) break
    dots += 1
    label = stop + 1
  }
  return found
}

/** Letters, digits and, in between, dashes. */
function labelEnd(at: usize, end: usize): usize {
  let found = at
  while (at < end) {
    const byte = load<u8>(at)
    const letter = twoByteLetter(at, end)
    if (!letter && !isAlphanumeric(byte) && byte !== 0x2d) break
    at += letter ? 2 : 1
    if (byte !== 0x2d) found = at
  }
  return found
}

/** At least two characters, none of them a digit. */
function isTopLevel(at: usize, end: usize): bool {
  if (end - at < 2) return false
  for (; at < end; at += 1) if (isDigit(load<u8>(at))) return false
  return true
}
