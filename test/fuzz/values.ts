/** Numbers at which things break: for constants in code, and for arguments of calls. */
import type { Random } from './random.ts'

const I32 = [
  0, 1, -1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x1_0001, 0x7fff_ffff, -0x8000_0000, -2, -64,
]
const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  -2.5,
  255,
  65_536,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  2 ** 64,
  Infinity,
  -Infinity,
  NaN,
  5e-324,
]
const FLOATS32 = [...FLOATS, 2 ** -149, 3.4028234663852886e38, 16_777_216, 16_777_217]
const FLOATS64 = [...FLOATS, Number.MAX_VALUE, Number.EPSILON, 2 ** 53 + 2, 1e300]

export function someI32(random: Random): number {
  if (random.oneIn(3)) return random.pick(I32)
  return random.oneIn(2) ? random.spread(2 ** 16) : random.u32() | 0
}

export function someI64(random: Random): bigint {
  if (random.oneIn(3)) return BigInt(someI32(random))
  if (random.oneIn(3)) return BigInt.asIntN(64, (1n << BigInt(random.below(64))) - BigInt(random.below(3)))
  return BigInt.asIntN(64, random.u64())
}

export function someF32(random: Random): number {
  return Math.fround(random.oneIn(2) ? random.pick(FLOATS32) : someI32(random) / 16)
}

export function someF64(random: Random): number {
  return random.oneIn(2) ? random.pick(FLOATS64) : someI32(random) / 1024
}
