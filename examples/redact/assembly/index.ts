/**
 * Redacts e-mail addresses, keys and card numbers in UTF-8 text. AssemblyScript; built by `npm run fixtures`.
 *
 * How a host uses it: `alloc` room for the text, write it there, `redact` it, read the result, `reset`.
 * Any bytes may come in: what is not text is passed through as it is. Time is linear in the length.
 */

import { isDigit, isLocalPart, isWordBefore, twoByteLetter } from './bytes'
import { cardEnd } from './card'
import { emailEnd } from './email'
import { keyEnd, keyStart } from './key'

const KIND_EMAIL: i32 = 0
const KIND_KEY: i32 = 1
const KIND_CARD: i32 = 2
const KINDS: i32 = 3

// One i32 for each kind.
const counts = memory.data(KINDS * 4, 4)

// A mark is never longer than 7/6 of what it stands for ("a@b.cd" is the shortest match), so twice the input is ample.
const GROWTH: usize = 2
const EMAIL_MARK = memory.data<u8>([0x5b, 0x45, 0x4d, 0x41, 0x49, 0x4c, 0x5d]) // [EMAIL]
const KEY_MARK = memory.data<u8>([0x5b, 0x4b, 0x45, 0x59, 0x5d]) // [KEY]
const CARD_MARK = memory.data<u8>([0x5b, 0x43, 0x41, 0x52, 0x44, 0x5d]) // [CARD]

const PAGE: usize = 65536

// Everything from here up is one arena that `reset` empties.
let top: usize = __heap_base

/** Room for `size` bytes, valid until `reset`. 0 if there is none. */
export function alloc(size: i32): i32 {
  if (size < 0) return 0
  const at = (top + 7) & ~7
  const end = at + <usize>size
  if (end < at) return 0
  const have = <usize>memory.size() * PAGE
  if (end > have && memory.grow(<i32>((end - have + PAGE - 1) / PAGE)) < 0) return 0
  top = end
  return <i32>at
}

/** Gives back everything from `alloc` and `redact`. */
export function reset(): void {
  top = __heap_base
}

/** How many were redacted by the last `redact`: kind 0 e-mail addresses, 1 keys, 2 card numbers. */
export function count(kind: i32): i32 {
  return <u32>kind < <u32>KINDS ? load<i32>(counts + (<usize>kind << 2)) : 0
}

/** Redacts a text. Returns where the result is: its address in the upper 32 bits, its length in the lower; or -1 if there is no room or no such text. */
export function redact(pointer: i32, length: i32): i64 {
  memory.fill(counts, 0, KINDS * 4)
  const start = <usize>pointer
  const end = start + <usize>length
  if (length < 0 || end < start || end > <usize>memory.size() * PAGE) return -1
  if (<usize>length > <usize>i32.MAX_VALUE / GROWTH) return -1
  const out = <usize>alloc(<i32>(<usize>length * GROWTH))
  if (out === 0) return -1
  const outLength = scan(start, end, out) - out
  top = out + outLength
  return ((<i64>out) << 32) | <i64>outLength
}

/** One pass over the text; returns the end of the output. */
function scan(start: usize, end: usize, out: usize): usize {
  let copied = start // the input before here is in the output
  let local = start // where the run of characters began that can stand before an @
  let at = start
  while (at < end) {
    const byte = load<u8>(at)
    let from = at
    let to: usize = 0
    let kind = KIND_EMAIL
    if (byte === 0x40) {
      from = local
      to = emailEnd(local, at, end)
    } else if (!isWordBefore(at, copied)) {
      if (isDigit(byte)) {
        kind = KIND_CARD
        to = cardEnd(at, end)
      } else {
        kind = KIND_KEY
        from = keyStart(at, end)
        to = keyEnd(at, from, end)
      }
    }
    if (to !== 0) {
      out = mark(kind, copy(copied, from, out))
      copied = to
      local = to
      at = to
      continue
    }
    const letter = twoByteLetter(at, end)
    at += letter ? 2 : 1
    if (!letter && !isLocalPart(byte)) local = at
  }
  return copy(copied, end, out)
}

function copy(from: usize, to: usize, out: usize): usize {
  memory.copy(out, from, to - from)
  return out + (to - from)
}

/** Counts a redaction and writes what stands in its place. */
function mark(kind: i32, out: usize): usize {
  const counter = counts + (<usize>kind << 2)
  store<i32>(counter, load<i32>(counter) + 1)
  const text = kind === KIND_EMAIL ? EMAIL_MARK : kind === KIND_KEY ? KEY_MARK : CARD_MARK
  const length: usize = kind === KIND_EMAIL ? 7 : kind === KIND_KEY ? 5 : 6
  memory.copy(out, text, length)
  return out + length
}
