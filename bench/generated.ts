/** Modules of any size, of ordinary code: functions with a loop, loads, stores and calls, no two of the same bytes. */
import { wat } from '../test/support/wat.ts'

/** Functions that are assembled; a larger module has them again and again. */
const PATTERN = 64
/** Steps of arithmetic between two jumps: as in compilers' output, most code is straight. */
const MIXED = 12

/** @param size about so many bytes */
export function plainModule(size: number): Uint8Array<ArrayBuffer> {
  const { head, body } = pattern()
  const fixed = 60
  const count = Math.max(1, Math.round((size - fixed) / (body.length / PATTERN + 1)))
  const bodies: Uint8Array[] = []
  for (let left = count; left > 0; left -= PATTERN) bodies.push(left >= PATTERN ? body : first(body, left))
  return joined([
    head,
    section(3, [leb(count), new Uint8Array(count)]),
    section(5, [Uint8Array.of(1, 0, 16)]),
    section(7, [Uint8Array.of(1, 3), new TextEncoder().encode('run'), Uint8Array.of(0, 0)]),
    section(10, [leb(count), ...bodies]),
  ])
}

interface Pattern {
  /** Magic number, version and the type section. */
  readonly head: Uint8Array
  readonly body: Uint8Array
}

let known: Pattern | undefined

/** As the assembler has it: the code section of its module without its count. */
function pattern(): Pattern {
  if (known !== undefined) return known
  const mixed = (round: number) =>
    `(local.set $x (i32.xor (i32.rotl (i32.add (local.get $x) (local.get $n)) (i32.const ${round})) (i32.mul (local.get $y) (i32.const ${round + 64}))))
     (local.set $y (i32.add (local.get $y) (i32.shr_u (local.get $x) (i32.const ${round}))))`
  const functions = Array.from(
    { length: PATTERN },
    (_, index) => `(func (param $n i32) (result i32) (local $x i32) (local $y i32) (local $at i32)
      (local.set $at (i32.and (local.get $n) (i32.const 0xffc)))
      (loop $next
        ${Array.from({ length: MIXED }, (_, round) => mixed(round + (index % 16) + 1)).join('\n')}
        (i32.store offset=${(index + 16) * 4} (local.get $at) (i32.add (local.get $x) (i32.load offset=${(index + 17) * 4} (local.get $at))))
        (br_if $next (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
      ;; Never: it is below 1 by now
      (if (result i32) (i32.eq (local.get $n) (i32.const 77)) (then (call 0 (local.get $y))) (else (local.get $x))))`,
  )
  const bytes = wat(`(module (memory 16) ${functions.join('\n')})`)
  const sections = new Map<number, Uint8Array>()
  for (let at = 8; at < bytes.length; ) {
    const [length, from] = unsigned(bytes, at + 1)
    sections.set(bytes[at] as number, bytes.subarray(from, from + length))
    at = from + length
  }
  const [types, code] = [sections.get(1), sections.get(10)] as [Uint8Array, Uint8Array]
  known = { head: joined([bytes.subarray(0, 8), section(1, [types])]), body: code.subarray(unsigned(code, 0)[1]) }
  return known
}

/** So many functions of a run of them. */
function first(body: Uint8Array, count: number): Uint8Array {
  let at = 0
  for (let index = 0; index < count; index++) {
    const [length, from] = unsigned(body, at)
    at = from + length
  }
  return body.subarray(0, at)
}

function section(id: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return joined([Uint8Array.of(id), leb(length), ...parts])
}

const joined = (parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts))

function leb(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

/** @returns the number, and where what follows it begins */
function unsigned(bytes: Uint8Array, at: number): [number, number] {
  let value = 0
  for (let index = at, shift = 0; ; index++, shift += 7) {
    const byte = bytes[index] as number
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return [value >>> 0, index + 1]
  }
}
