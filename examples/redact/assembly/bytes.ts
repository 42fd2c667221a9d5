/** What a byte of UTF-8 can be part of. */

// @ts-ignore: decorator
@inline
export function isDigit(byte: u8): bool {
  return <u8>(byte - 0x30) < 10
}

// @ts-ignore: decorator
@inline
export function isLetter(byte: u8): bool {
  return <u8>((byte | 0x20) - 0x61) < 26
}

// @ts-ignore: decorator
@inline
export function isAlphanumeric(byte: u8): bool {
  return isDigit(byte) || isLetter(byte)
}

/** Letters, digits, `_` and `-`: what keys are made of. */
export function isWord(byte: u8): bool {
  return isAlphanumeric(byte) || byte === 0x5f || byte === 0x2d
}

/** Is there part of a word right before? Then no key or card number begins here. */
export function isWordBefore(at: usize, start: usize): bool {
  return at > start && isWord(load<u8>(at - 1))
}

/** ASCII that can stand before the @ of an e-mail address: letters, digits and . _ % + - */
export function isLocalPart(byte: u8): bool {
  return isWord(byte) || byte === 0x2e || byte === 0x25 || byte === 0x2b
}

/**
 * A letter of two bytes, U+00C0 to U+07FF: Latin with accents, Greek, Cyrillic, Hebrew, Arabic. Addresses may have them.
 * Longer ones are left out on purpose: Chinese or Japanese text has no space before an address that it contains.
 */
export function twoByteLetter(at: usize, end: usize): bool {
  if (at + 1 >= end) return false
  const lead = load<u8>(at)
  return lead >= 0xc3 && lead <= 0xdf && (load<u8>(at + 1) & 0xc0) === 0x80
}
