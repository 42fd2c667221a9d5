/** Goes past instructions that have been read before, and so are right. */
import { type Immediate, PLAIN_OPCODES } from './opcodes.ts'

/** How many numbers in LEB128 follow. Of a memarg the second is its offset, unless the first says that there is a memory. */
const NUMBERS = { local: 1, global: 1, i32: 1, i64: 1, memarg: 2 } as Partial<Record<Immediate, number>>

/** By the byte that an instruction without control consists of or begins with: 1 more than its numbers; 0 for what is read one by one. */
const KNOWN = Uint8Array.from({ length: 256 }, (_, byte) => {
  const op = PLAIN_OPCODES[byte]
  if (op === undefined || op.control !== 'none') return 0
  const [first, second] = op.immediates
  if (first === undefined) return 1
  const numbers = second === undefined ? NUMBERS[first] : undefined
  return numbers === undefined ? 0 : 1 + numbers
})
const MEMARG = 3
const HAS_MEMORY = 0x40

/** The end of a number in LEB128. */
export function skipNumber(bytes: Uint8Array, start: number): number {
  let at = start
  while ((bytes[at] as number) >= 0x80) at++
  return at + 1
}

/** The offset of the first instruction, in a range of them, that has an effect on control or immediates of the rarer kinds. */
export function skipPlain(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const known = KNOWN[bytes[at] as number] as number
    if (known === 0 || (known === MEMARG && ((bytes[at + 1] as number) & HAS_MEMORY) !== 0)) return at
    at++
    for (let numbers = known; numbers > 1; numbers--) at = skipNumber(bytes, at)
  }
  return at
}
