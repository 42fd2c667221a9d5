/** Ways of guarding that are wrong: for the tests that the oracles notice. None depends on how the real guard works inside. */
import { attachHook, MAX_CREDIT, makeHook, STOP } from '../../../src/abi.ts'
import { LoadError } from '../../../src/errors.ts'
import { guard } from '../../../src/guard/guard.ts'
import { instruction, Writer } from '../../../src/wasm/writer.ts'
import { concat, type Instruction, readBodies, withBodies } from '../pieces.ts'
import { OPEN, type Prepared, type Variant } from './variants.ts'

function guarded(original: Uint8Array<ArrayBuffer>): Prepared {
  const { bytes, abi } = guard(original, OPEN)
  return { bytes, attach: (instance, goOn) => attachHook(instance, abi, makeHook({ poll: () => (goOn(1) ? 1 : STOP) })).start }
}

function polling(name: string, poll: (goOn: (credit: number) => boolean) => number): Variant {
  return broken(name, (original) => {
    const { bytes, abi } = guard(original, OPEN)
    return { bytes, attach: (instance, goOn) => attachHook(instance, abi, makeHook({ poll: () => poll(goOn) })).start }
  })
}

function broken(name: string, prepare: (bytes: Uint8Array<ArrayBuffer>) => Prepared): Variant {
  return { name, boundsWork: true, patience: 5_000, prepare: (bytes) => prepare(new Uint8Array(bytes)) }
}

/** Guards a module in which the instructions of one name are others. */
function tampered(name: string, from: string, change: (bytes: Uint8Array) => Uint8Array): Variant {
  return broken(name, (bytes) => {
    const bodies = readBodies(bytes)
    const changed = ({ name: of, bytes: old }: Instruction): Instruction => ({ name: of, bytes: of === from ? change(old) : old })
    return guarded(
      bodies === undefined
        ? bytes
        : withBodies(
            bytes,
            bodies.map(({ locals, instructions }) => ({ locals, instructions: instructions.map(changed) })),
          ),
    )
  })
}

function made(name: string, ...values: Parameters<typeof instruction>[2][]): Uint8Array {
  const writer = new Writer(8)
  instruction(writer, name, ...values)
  return writer.finish()
}

let odd = 0
let ignored = 0

export const VARIANTS: readonly Variant[] = [
  tampered('subtracts in place of adding', 'i32.add', () => made('i32.sub')),
  tampered('swallows a trap', 'i32.div_u', () => concat([made('drop')])),
  tampered('stores one byte further', 'i32.store', (bytes) => bytes.with(-1, (bytes.at(-1) as number) + 1)),
  tampered('forgets an exception', 'throw', () => made('unreachable')),
  broken('does not guard', (bytes) => ({ bytes, attach: () => undefined })),
  polling('goes on for a while when told to stop', (goOn) => (goOn(1) || ignored++ % 50 !== 0 ? 1 : STOP)),
  polling('grants more than it says', (goOn) => (goOn(1) ? MAX_CREDIT : STOP)),
  broken('refuses what is valid', () => {
    throw new LoadError('malformed', 'no')
  }),
  broken('fails', () => {
    throw new TypeError('cannot read properties of undefined')
  }),
  broken('makes it invalid', (bytes) => ({ ...guarded(bytes), bytes: bytes.slice(0, -1) })),
  broken('makes anything valid', () => guarded(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00))),
  broken('is not the same twice', (bytes) => ({ ...guarded(bytes), bytes: concat([guarded(bytes).bytes, Uint8Array.of(0, 2, 1, odd++ & 0x7f)]) })),
  {
    ...broken('writes into its input', guarded),
    prepare: (bytes) => {
      const result = guarded(new Uint8Array(bytes))
      bytes[7] = 1
      return result
    },
  },
]
