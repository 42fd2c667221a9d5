/** Keys of well-known shapes, and bearer tokens. Where a shape alone could be a word, a digit must be in it. */

import { isAlphanumeric, isDigit, isWord } from './bytes'

const BEARER_LENGTH: usize = 6
const BEARER = memory.data<u8>([0x62, 0x65, 0x61, 0x72, 0x65, 0x72]) // bearer

/** Where the secret begins if there is a key at `at`: after the word "Bearer" and its spaces, otherwise at once. */
export function keyStart(at: usize, end: usize): usize {
  if ((load<u8>(at) | 0x20) !== 0x62 || end - at <= BEARER_LENGTH) return at
  for (let i: usize = 1; i < BEARER_LENGTH; i += 1) if ((load<u8>(at + i) | 0x20) !== load<u8>(BEARER + i)) return at
  let token = at + BEARER_LENGTH
  while (token < end && load<u8>(token) === 0x20) token += 1
  return token === at + BEARER_LENGTH ? at : token
}

/** The end of the key whose first byte is at `at` and whose secret begins at `from`, or 0. */
export function keyEnd(at: usize, from: usize, end: usize): usize {
  if (from !== at) return bearerEnd(from, end)
  if (end - at < 20) return 0
  const prefix = load<u32>(at)
  if (prefix === 0x41494b41 || prefix === 0x41495341) return upperEnd(at + 4, end) // AKIA, ASIA
  if ((prefix & 0xff00ffff) === 0x5f006867) return classicEnd(at, end) // gh?_
  if ((prefix & 0x00ffffff) === 0x002d6b73) return dashedEnd(at + 3, end) // sk-
  return 0
}

/** Exactly 16 capitals or digits. */
function upperEnd(at: usize, end: usize): usize {
  const stop = at + 16
  for (; at < stop; at += 1) {
    const byte = load<u8>(at)
    if (!isDigit(byte) && <u8>(byte - 0x41) >= 26) return 0
  }
  return stop < end && isWord(load<u8>(stop)) ? 0 : stop
}

/** ghp_, gho_, ghu_, ghs_ or ghr_ and at least 36 letters or digits. */
function classicEnd(at: usize, end: usize): usize {
  const kind = load<u8>(at + 2)
  if (kind !== 0x70 && kind !== 0x6f && kind !== 0x75 && kind !== 0x73 && kind !== 0x72) return 0
  const from = at + 4
  let stop = from
  while (stop < end && isAlphanumeric(load<u8>(stop))) stop += 1
  return stop - from >= 36 ? stop : 0
}

/** At least 20 letters, digits, underscores or dashes, a digit among them: "sk-learn-..." is no key. */
function dashedEnd(from: usize, end: usize): usize {
  let stop = from
  let hasDigit = false
  for (; stop < end; stop += 1) {
    const byte = load<u8>(stop)
    if (!isWord(byte)) break
    if (isDigit(byte)) hasDigit = true
  }
  return hasDigit && stop - from >= 20 ? stop : 0
}

/** At least 16 characters of RFC 6750's token alphabet, a digit among them; a full stop after it belongs to the sentence. */
function bearerEnd(from: usize, end: usize): usize {
  let stop = from
  let hasDigit = false
  for (; stop < end; stop += 1) {
    const byte = load<u8>(stop)
    if (!isTokenByte(byte)) break
    if (isDigit(byte)) hasDigit = true
  }
  while (stop < end && load<u8>(stop) === 0x3d) stop += 1
  while (stop > from && load<u8>(stop - 1) === 0x2e) stop -= 1
  return hasDigit && stop - from >= 16 ? stop : 0
}

/** Letters, digits and - _ . ~ + / */
function isTokenByte(byte: u8): bool {
  return isWord(byte) || byte === 0x2e || byte === 0x7e || byte === 0x2b || byte === 0x2f
}
