/**
 * Guests that break a host without outliving any check: by what they cost to load, to compile, to make again and again, or to keep.
 * Each is run in a process of its own, see bomb.ts.
 */
import { guard } from '../../src/guard/guard.ts'
import { CAPS } from '../../src/limits.ts'
import type { ValType } from '../../src/wasm/types.ts'
import type { Writer } from '../../src/wasm/writer.ts'
import { build, type Emit, type FunctionSpec, times } from '../guard/build.ts'
import { wat } from '../support/wat.ts'

export interface Bomb {
  readonly tries: string
  readonly make: () => Uint8Array<ArrayBuffer>
  /** How loading it ends, if not well. */
  readonly refused?: string
  /** How its calls end: `ok`, or with which code. */
  readonly ends?: string
  /** How long a call may last, ms. */
  readonly timeout?: number
  /** How many calls, one after the other. */
  readonly calls?: number
  /** `never`: each call makes an instance. */
  readonly reuse?: 'never'
}

const NOTHING: readonly [readonly ValType[], readonly ValType[]] = [[], []]

/** What is repeated in a section that is a vector. */
const vector = (count: number, each: (w: Writer, index: number) => void) => (w: Writer) => {
  w.u32(count)
  times(count, (index) => each(w, index))
}
const bytes = (...values: readonly number[]) => Uint8Array.from(values)
const RUN: FunctionSpec = {}
/** Exports function 0 as `run`, and what else there is. */
const exporting = (count: number, each: (w: Writer, index: number) => void) =>
  vector(count + 1, (w, index) => (index === 0 ? w.bytes(bytes(3, 0x72, 0x75, 0x6e, 0, 0)) : each(w, index)))

/** The largest module of a kind that the guard lets through, to a hundredth. */
function largest(make: (size: number) => Uint8Array<ArrayBuffer>, most: number): Uint8Array<ArrayBuffer> {
  let [fits, fails] = [0, most]
  let found = make(0)
  while (fails - fits > Math.max(1, most / 100)) {
    const size = Math.round((fits + fails) / 2)
    const tried = make(size)
    try {
      guard(tried)
      fits = size
      found = tried
    } catch {
      fails = size
    }
  }
  return found
}

const withLocals = (locals: number) => (branches: number) =>
  build({
    functions: [
      {
        locals: [[locals, 'i32']],
        body: (emit) =>
          times(branches, () => {
            emit('block', 'empty')
            emit('local.get', 0)
            emit('br_if', 0)
            emit('end')
          }),
      },
    ],
    padding: 300_000,
  })

const withOperands = (height: number) => (branches: number) =>
  build({
    functions: [
      {
        body: (emit) => {
          times(height, (at) => emit('i32.const', at))
          times(branches, () => {
            emit('block', 'empty')
            emit('br', 0)
            emit('end')
          })
          times(height, () => emit('drop'))
        },
      },
    ],
    padding: 300_000,
  })

const straight = (size: number) =>
  build({
    functions: [
      {
        locals: [[2, 'i64']],
        body: (emit) =>
          times(size, (at) => {
            emit('local.get', at & 1)
            emit('i64.const', BigInt(at))
            emit('i64.mul')
            emit('local.set', (at + 1) & 1)
          }),
      },
    ],
  })

const calledOnce = (functions: number, body: (emit: Emit) => void) =>
  build({
    functions: [{ body: (emit) => times(functions, (index) => emit('call', index + 1)) }, ...new Array<FunctionSpec>(functions).fill({ body })],
    padding: functions * 20,
  })

const hot = (emit: Emit, size: number) => {
  emit('loop', 'empty')
  times(size, (at) => {
    emit('local.get', at & 7)
    emit('local.get', (at + 3) & 7)
    emit('i64.add')
    emit('local.set', (at + 1) & 7)
  })
  emit('br', 0)
  emit('end')
}

/** Exceptions that are held on the operand stack of each frame of a deep recursion, so many in each, with as many vectors in each of them as are let through. */
const VECTORS = CAPS.tagValues / 4
const heldExceptions = (each: number) =>
  build({
    types: [NOTHING, [new Array<ValType>(VECTORS).fill('v128'), []], [['i32'], []], [[], [{ nullable: true, heap: 'exn' }]]],
    functions: [
      {
        body: (emit) => {
          emit('i32.const', 1_000_000)
          emit('call', 1)
        },
      },
      {
        type: 2,
        body: (emit) => {
          times(each, () => {
            emit('block', 3)
            emit('try_table', 'empty', [{ kind: 'catch_all_ref', label: 0 }])
            times(VECTORS, () => emit('v128.const', new Uint8Array(16).fill(0x77)))
            emit('throw', 0)
            emit('end')
            emit('unreachable')
            emit('end')
          })
          emit('local.get', 0)
          emit('if', 'empty')
          emit('local.get', 0)
          emit('i32.const', 1)
          emit('i32.sub')
          emit('call', 1)
          emit('end')
          times(each, () => emit('drop'))
        },
      },
    ],
    tags: [1],
    padding: 10_000,
  })

/** An exception that passes so many handlers in each of as many frames as there is stack for, over and over. */
const passedHandlers = (handlers: number, frames: number) =>
  build({
    types: [NOTHING, [['i32'], []]],
    functions: [
      {
        body: (emit) => {
          emit('loop', 'empty')
          emit('block', 'empty')
          emit('try_table', 'empty', [{ kind: 'catch_all', label: 0 }])
          emit('i32.const', frames)
          emit('call', 1)
          emit('end')
          emit('end')
          emit('br', 0)
          emit('end')
        },
      },
      {
        type: 1,
        body: (emit) => {
          emit('local.get', 0)
          emit('i32.eqz')
          emit('if', 'empty')
          emit('throw', 0)
          emit('end')
          emit('block', 'empty')
          times(handlers, (at) => emit('try_table', 'empty', [{ kind: 'catch', tag: 1, label: at }]))
          emit('local.get', 0)
          emit('i32.const', 1)
          emit('i32.sub')
          emit('call', 1)
          times(handlers, () => emit('end'))
          emit('end')
        },
      },
    ],
    tags: [0, 0],
  })

const many = (sections: Readonly<Record<number, (w: Writer) => void>>) => build({ functions: [RUN], sections })
const table = (size: number) => (w: Writer) => {
  w.bytes(bytes(1, 0x70, 0))
  w.u32(size)
}

/** For each cap on a count, a module that has so many. */
const CAPPED = {
  exports: (count: number) =>
    build({
      functions: [RUN],
      sections: {
        7: exporting(count - 1, (w, index) => {
          w.name(`export ${index}`)
          w.bytes(bytes(0, 0))
        }),
      },
    }),
  imports: (count: number) =>
    build({
      functions: [RUN],
      sections: {
        2: vector(count, (w, index) => {
          w.name('m')
          w.name(String(index % 100))
          w.bytes(bytes(0, 0))
        }),
        7: (w) => {
          w.bytes(bytes(1, 3, 0x72, 0x75, 0x6e, 0))
          w.u32(count)
        },
      },
    }),
  globals: (count: number) => many({ 6: vector(count, (w) => w.bytes(bytes(0x70, 1, 0xd2, 0, 0x0b))) }),
  tables: (count: number) => many({ 4: vector(count, (w) => w.bytes(bytes(0x70, 0, 100))) }),
  memories: (count: number) => many({ 5: vector(count, (w) => w.bytes(bytes(0, 1))) }),
  tableElements: (count: number) =>
    many({
      4: table(count),
      9: (w) => {
        w.bytes(bytes(1, 0, 0x41, 0, 0x0b))
        w.u32(count)
        w.bytes(new Uint8Array(count))
      },
    }),
  activeData: (size: number) =>
    many({
      5: (w) => w.bytes(bytes(1, 0, 0x80, 0x04)),
      11: (w) => {
        w.bytes(bytes(1, 0, 0x41, 0, 0x0b))
        w.u32(size)
        w.bytes(new Uint8Array(size).fill(1))
      },
    }),
  tags: (count) => build({ functions: [RUN], tags: new Array<number>(count).fill(0) }),
  elementSegments: (count) => many({ 4: table(1), 9: vector(count, (w) => w.bytes(bytes(0, 0x41, 0, 0x0b, 0))) }),
  initialisers: (count) =>
    many({
      6: vector(1, (w) => {
        w.bytes(bytes(0x7f, 0, 0x41, ...new Array<number>(count % 3).fill(0x80), 0))
        times(Math.floor(count / 3) - 1, () => w.bytes(bytes(0x41, 1, 0x6a)))
        w.u8(0x0b)
      }),
    }),
  exportNames: (count) => {
    // Of 90,000 bytes each, with what stands beside a name; V8 takes up to 100,000. The last is shorter
    const own = 1 + 6
    const entries = Math.ceil((count - own) / 90_000)
    return many({
      7: exporting(entries, (w, index) => {
        const size = index < entries ? 90_000 : count - own - 90_000 * (entries - 1)
        w.name(String(index).padEnd(size - (size > 16_000 ? 5 : 4), 'x'))
        w.bytes(bytes(0, 0))
      }),
    })
  },
} as const satisfies Partial<Record<keyof typeof CAPS, (count: number) => Uint8Array<ArrayBuffer>>>

const capped = Object.fromEntries(
  Object.entries(CAPPED).flatMap(([cap, make]) => {
    const limit = CAPS[cap as keyof typeof CAPPED]
    return [
      [`${cap}-under`, { tries: `as many ${cap} as \`caps.${cap}\` lets through`, make: () => make(limit), calls: 3, reuse: 'never' }],
      [`${cap}-over`, { tries: `one more than \`caps.${cap}\` lets through`, make: () => make(limit + 1), refused: 'limit-exceeded' }],
    ] satisfies [string, Bomb][]
  }),
)

export const BOMBS: Readonly<Record<string, Bomb>> = {
  'locals-by-branches': { tries: 'few locals less than V8 takes, and as many branches as are let through', make: () => largest(withLocals(49_000), 2_000) },
  'branches-by-locals': { tries: 'as many branches as are let through with 1,000 locals', make: () => largest(withLocals(1_000), 20_000) },
  'operands-by-branches': {
    tries: 'an operand stack of 1,000 values, below as many branches as are let through',
    make: () => largest(withOperands(1_000), 20_000),
  },
  'largest-body': { tries: 'the largest function that is let through, called for the first time', make: () => largest(straight, 200_000) },
  'hot-giant': {
    tries: 'a function of 300 KB that is worth optimising',
    make: () => build({ functions: [{ locals: [[8, 'i64']], body: (emit) => hot(emit, 40_000) }] }),
    ends: 'deadline',
    timeout: 500,
  },
  'hot-functions': {
    tries: 'a thousand functions of 2 KB that are all worth optimising',
    make: () =>
      build({
        functions: [
          {
            body: (emit) => {
              emit('loop', 'empty')
              times(1_000, (index) => emit('call', index + 1))
              emit('br', 0)
              emit('end')
            },
          },
          ...new Array<FunctionSpec>(1_000).fill({
            locals: [[8, 'i64']],
            body: (emit) =>
              times(250, (at) => {
                emit('local.get', at & 7)
                emit('local.get', (at + 3) & 7)
                emit('i64.mul')
                emit('local.set', (at + 1) & 7)
              }),
          }),
        ],
      }),
    ends: 'deadline',
    timeout: 500,
  },
  'small-functions': { tries: '40,000 empty functions, each called once', make: () => calledOnce(40_000, () => undefined) },
  'small-functions-in-a-small-module': {
    tries: 'as many functions as there are in 4 KB, which is not compiled beforehand, each called once',
    make: () =>
      build({
        functions: [{ body: (emit) => times(600, (index) => emit('call', index + 1)) }, ...new Array<FunctionSpec>(600).fill({})],
      }),
  },
  'middling-functions': {
    tries: '2,000 functions of 400 bytes, each called once',
    make: () =>
      calledOnce(2_000, (emit) =>
        times(100, () => {
          emit('i32.const', 1)
          emit('drop')
          emit('nop')
        }),
      ),
  },
  'large-functions': {
    tries: '20 functions of 100 KB, each called once',
    make: () =>
      calledOnce(20, (emit) =>
        times(25_000, () => {
          emit('i32.const', 1)
          emit('drop')
          emit('nop')
        }),
      ),
  },
  'slow-validation': {
    tries: '100 functions of 40,000 locals, with half as many branches as are let through',
    make: () =>
      build({
        functions: new Array<FunctionSpec>(100).fill({
          locals: [[40_000, 'i64']],
          body: (emit) =>
            times(12, () => {
              emit('block', 'empty')
              emit('local.get', 0)
              emit('drop')
              emit('end')
            }),
        }),
        padding: 100_000,
      }),
  },
  'held-exceptions': {
    tries: 'an exception as large as one may be in each frame of a recursion to the end of the stack',
    make: () => heldExceptions(1),
    ends: 'stack-overflow',
    calls: 3,
  },
  'held-exceptions-in-rows': { tries: 'a hundred such exceptions in each frame', make: () => heldExceptions(100), ends: 'stack-overflow', calls: 3 },
  'passed-handlers': {
    tries: 'exceptions that pass as many handlers in a row as are let through, in each of 5,000 frames',
    make: () => passedHandlers(CAPS.handlers, 5_000),
    ends: 'deadline',
    timeout: 300,
  },
  ...capped,
  'many-types': {
    tries: '500,000 types',
    make: () => build({ functions: [RUN], sections: { 1: vector(500_000, (w) => w.bytes(bytes(0x60, 0, 0))) } }),
    refused: 'limit-exceeded',
  },
  'many-functions': {
    tries: '200,000 empty functions that nobody calls',
    make: () => build({ functions: new Array<FunctionSpec>(200_000).fill({}), padding: 5_000_000 }),
    calls: 3,
    reuse: 'never',
  },
  'many-data-segments': {
    tries: '100,000 active data segments of no bytes',
    make: () => many({ 5: (w) => w.bytes(bytes(1, 0, 1)), 11: vector(100_000, (w) => w.bytes(bytes(0, 0x41, 0, 0x0b, 0))) }),
    calls: 3,
    reuse: 'never',
  },
  'large-table': {
    tries: 'a table of as many elements as are let through, that is grown, filled and dropped',
    make: () =>
      wat(
        `(module (table 0 ${CAPS.tableElements} funcref) (func $run (export "run") (drop (table.grow (ref.func $run) (i32.const ${CAPS.tableElements}))) unreachable) (elem declare func $run))`,
      ),
    ends: 'trap',
    calls: 8,
  },
  'large-memory': {
    tries: '100 MiB that are grown, touched and dropped by a restart, again and again',
    make: () =>
      wat(
        '(module (memory 0 1600) (func (export "run") (drop (memory.grow (i32.const 1600))) (memory.fill (i32.const 0) (i32.const 1) (i32.const 104857600)) unreachable))',
      ),
    ends: 'trap',
    timeout: 2_000,
    calls: 8,
  },
  'memory-from-the-start': {
    tries: '100 MiB that are there at each restart, touched by the guest',
    make: () => wat('(module (memory 1600) (func (export "run") (memory.fill (i32.const 0) (i32.const 1) (i32.const 104857600)) unreachable))'),
    ends: 'trap',
    timeout: 2_000,
    calls: 8,
  },
}
