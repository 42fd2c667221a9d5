/** Attacks that only a program can write: too large for text, or of a shape that is repeated. */

import { CAPS } from '../../src/limits.ts'
import type { ValType } from '../../src/wasm/types.ts'
import { build, type Emit, times } from '../guard/build.ts'
import { wat } from '../support/wat.ts'

export interface Generated {
  readonly tries: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** It costs much at once, but ends by itself. */
  readonly ends: boolean
}

export const generated: Generated[] = []

function attack(tries: string, bytes: Uint8Array<ArrayBuffer>, { ends = false } = {}): void {
  generated.push({ tries, bytes, ends })
}

const NOTHING: readonly [readonly ValType[], readonly ValType[]] = [[], []]
const LONGS: readonly ValType[] = new Array(900).fill('i64')
const forever = (emit: Emit, body: () => void) => {
  emit('loop', 'empty')
  body()
  emit('br', 0)
  emit('end')
}

attack(
  'giant bodies of straight-line code in a tree of calls',
  build({
    functions: Array.from({ length: 25 }, (_, index) => ({
      locals: [[1, 'i32'] as const],
      body: (emit: Emit) => {
        if (index < 24) times(2, () => emit('call', index + 1))
        else
          times(60_000, (at) => {
            emit('local.get', 0)
            emit('i32.const', at)
            emit('i32.mul')
            emit('local.set', 0)
          })
      },
    })),
  }),
)

for (const length of [0, 1, 65_535, 65_536])
  attack(
    `100,000 fills of ${length} bytes without a branch`,
    build({
      functions: [
        {
          body: (emit) => {
            times(2, () => emit('call', 1))
            emit('call', 0)
          },
        },
        {
          body: (emit) =>
            times(50_000, () => {
              emit('i32.const', 0)
              emit('i32.const', 1)
              emit('i32.const', length)
              emit('memory.fill', 0)
            }),
        },
      ],
      sections: { 5: (w) => w.bytes(Uint8Array.of(1, 0, 1)) },
    }),
  )

for (const [type, count] of [
  ['i64', 4_000],
  ['v128', 4_000],
] as const)
  attack(
    `entering a function with ${count} locals of type ${type}`,
    build({ functions: [{ body: (emit) => forever(emit, () => times(10, () => emit('call', 1))) }, { locals: [[count, type]] }] }),
  )

attack(
  'jumping back with 900 values, each to another place',
  build({
    types: [NOTHING, [LONGS, []]],
    functions: [
      {
        body: (emit) => {
          times(900, () => emit('i64.const', 1n))
          emit('loop', 1)
          emit('i64.const', 2n)
          emit('br', 0)
          emit('end')
        },
      },
    ],
  }),
)

attack(
  'calling with 400 values, and back with them',
  build({
    types: [NOTHING, [LONGS.slice(0, 400), LONGS.slice(0, 400)]],
    functions: [
      {
        body: (emit) => {
          times(400, () => emit('i64.const', 1n))
          emit('loop', 1)
          times(3, () => emit('call', 1))
          emit('br', 0)
          emit('end')
          emit('unreachable')
        },
      },
      { type: 1, body: (emit) => times(400, (index) => emit('local.get', index)) },
    ],
  }),
)

attack(
  'tail-calling itself with 900 values in another order',
  build({
    types: [NOTHING, [LONGS, []]],
    functions: [
      {
        body: (emit) => {
          times(900, () => emit('i64.const', 1n))
          emit('call', 1)
        },
      },
      {
        type: 1,
        body: (emit) => {
          times(900, (index) => emit('local.get', (index + 1) % 900))
          emit('return_call', 1)
        },
      },
    ],
  }),
)

attack(
  '100,000 casts without anything else between them',
  build({
    functions: [
      {
        body: (emit, writer) =>
          forever(emit, () => {
            emit('block', { nullable: true, heap: 'func' })
            emit('ref.func', 0)
            // br_on_cast 0 funcref (ref nofunc)
            times(100_000, () => writer.bytes(Uint8Array.of(0xfb, 0x18, 1, 0, 0x70, 0x73)))
            emit('end')
            emit('drop')
          }),
      },
    ],
  }),
)

attack(
  'a br_table of 20,000 targets, by chance',
  build({
    functions: [
      {
        locals: [[1, 'i32']],
        body: (emit) =>
          forever(emit, () => {
            emit('local.get', 0)
            emit('i32.const', 1664525)
            emit('i32.mul')
            emit('i32.const', 1013904223)
            emit('i32.add')
            emit('local.set', 0)
            times(16, () => emit('block', 'empty'))
            emit('local.get', 0)
            emit('i32.const', 20_000)
            emit('i32.rem_u')
            emit(
              'br_table',
              Array.from({ length: 20_000 }, (_, at) => (at * 7919) % 16),
            )
            times(16, () => emit('end'))
          }),
      },
    ],
    padding: 10,
  }),
)

attack(
  'the heaviest charges, one after the other, to make the counter overflow',
  build({
    types: [NOTHING],
    functions: [
      {
        body: (emit) =>
          forever(emit, () =>
            times(3_000, () => {
              emit('block', 'empty')
              emit('try_table', 'empty', [{ kind: 'catch_all', label: 0 }])
              emit('throw', 0)
              emit('end')
              emit('end')
            }),
          ),
      },
    ],
    tags: [0],
    padding: 100_000,
  }),
)

// V8's optimiser takes time by the square of this: 2,000 keep it busy for half a minute, in which the process cannot even exit
const NESTED = CAPS.loopNesting
attack(
  `${NESTED} loops in one another, with a jump to another of them from the innermost each time`,
  build({
    functions: [
      {
        locals: [[1, 'i32']],
        body: (emit) => {
          times(NESTED, () => emit('loop', 'empty'))
          emit('local.get', 0)
          emit('i32.const', 997)
          emit('i32.add')
          emit('local.tee', 0)
          emit('i32.const', NESTED)
          emit('i32.rem_u')
          emit(
            'br_table',
            Array.from({ length: NESTED }, (_, at) => at),
          )
          times(NESTED, () => emit('end'))
        },
      },
    ],
    padding: 20_000,
  }),
)

attack(
  '5,000 loops in a row of one round each, again and again: none of them ever takes its back edge',
  build({
    functions: [
      {
        locals: [[1, 'i32']],
        body: (emit) =>
          forever(emit, () =>
            times(5_000, () => {
              emit('loop', 'empty')
              emit('local.get', 0)
              emit('br_if', 0)
              emit('end')
            }),
          ),
      },
    ],
    padding: 100_000,
  }),
)

attack(
  'a giant body of straight-line code in a loop',
  build({
    functions: [
      {
        locals: [[1, 'i64']],
        body: (emit) =>
          forever(emit, () =>
            times(50_000, () => {
              emit('local.get', 0)
              emit('i64.const', 7n)
              emit('i64.mul')
              emit('local.set', 0)
            }),
          ),
      },
    ],
  }),
)

const RING = 3_000
attack(
  `a ring of ${RING} functions that tail-call the next, each for the first time in the first round`,
  build({
    functions: Array.from({ length: RING }, (_, index) => ({ body: (emit: Emit) => emit('return_call', (index + 1) % RING) })),
    padding: 40_000,
  }),
)

attack(
  `call_indirect of ${RING} functions by chance, each of which is compiled when it is first called`,
  build({
    functions: [
      {
        locals: [[1, 'i32']],
        body: (emit) =>
          forever(emit, () => {
            emit('local.get', 0)
            emit('i32.const', 1664525)
            emit('i32.mul')
            emit('i32.const', 1013904223)
            emit('i32.add')
            emit('local.tee', 0)
            emit('i32.const', 8)
            emit('i32.shr_u')
            emit('i32.const', RING)
            emit('i32.rem_u')
            emit('call_indirect', 0, 0)
          }),
      },
      ...new Array(RING).fill({}),
    ],
    sections: {
      4: (w) => {
        w.bytes(Uint8Array.of(1, 0x70, 0))
        w.u32(RING)
      },
      9: (w) => {
        w.bytes(Uint8Array.of(1, 0, 0x41, 0, 0x0b))
        w.vec(
          Array.from({ length: RING }, (_, index) => index + 1),
          (index) => w.u32(index),
        )
      },
    },
    padding: 40_000,
  }),
)

const FAR = 60_000
const CALLS = 2_000
attack(
  `calls of ${FAR} functions, whose code is in no cache, in an order that nothing foresees`,
  build({
    functions: [
      { body: (emit) => forever(emit, () => times(FAR / CALLS, (caller) => emit('call', caller + 1))) },
      ...Array.from({ length: FAR / CALLS }, (_, caller) => ({
        body: (emit: Emit) => times(CALLS, (at) => emit('call', 1 + FAR / CALLS + (((caller * CALLS + at) * 7_919) % FAR))),
      })),
      ...new Array(FAR).fill({}),
    ],
  }),
)

// One-off costs: these end by themselves
attack(
  'the first touch of every page of 128 MiB',
  wat(`(module (memory 2048) (func (export "run") (local $at i32)
    (loop $l (i32.store8 (local.get $at) (i32.const 1)) (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4096))) (i32.const 134217728))))))`),
  { ends: true },
)
attack('one fill of 128 MiB', wat('(module (memory 2048) (func (export "run") (memory.fill (i32.const 0) (i32.const 1) (i32.const 134217728))))'), {
  ends: true,
})
attack(
  'the first calls of 3,000 functions, one after the other',
  build({ functions: [{ body: (emit) => times(3_000, (index) => emit('call', index + 1)) }, ...new Array(3_000).fill({})], padding: 100_000 }),
  { ends: true },
)
