/**
 * Guarding takes time in proportion to the size of the module, whatever is in it, and no depth of nesting overflows the stack.
 * Bounds are generous: a test run shares its machine. What they exclude is work that grows with the square of the size.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadError } from '../../src/errors.ts'
import { guard } from '../../src/guard/guard.ts'
import { CAPS } from '../../src/limits.ts'
import type { Writer } from '../../src/wasm/writer.ts'
import { build, type Emit, type FunctionSpec, times } from './build.ts'

const NO_CAPS = Object.fromEntries(Object.keys(CAPS).map((name) => [name, Number.MAX_SAFE_INTEGER]))
const LONGEST = 4_000

const block = (body: FunctionSpec['body']): FunctionSpec => (body === undefined ? {} : { body })
const many = (count: number, each: (w: Writer, index: number) => void) => (w: Writer) => {
  w.u32(count)
  times(count, (index) => each(w, index))
}

const ADVERSARIES: Readonly<Record<string, () => Uint8Array>> = {
  'blocks nested to the cap': () =>
    build({
      functions: [
        block((emit) => {
          times(9_000, () => emit('block', 'empty'))
          times(9_000, () => emit('end'))
        }),
      ],
    }),
  'blocks nested 200,000 deep': () =>
    build({
      functions: [
        block((emit) => {
          times(200_000, () => emit('block', 'empty'))
          times(200_000, () => emit('end'))
        }),
      ],
    }),
  'a million blocks, one after the other': () =>
    build({
      functions: [
        block((emit) =>
          times(1_000_000, () => {
            emit('block', 'empty')
            emit('end')
          }),
        ),
      ],
    }),
  'a br_table with as many targets as may be': () =>
    build({
      functions: [
        block((emit) => {
          emit('i32.const', 0)
          emit('br_table', new Array(65_000).fill(0))
        }),
      ],
    }),
  '60 br_tables with 60,000 targets each': () =>
    build({
      functions: [
        block((emit) =>
          times(60, () => {
            emit('block', 'empty')
            emit('i32.const', 0)
            emit('br_table', new Array(60_000).fill(0))
            emit('end')
          }),
        ),
      ],
    }),
  '2,000 br_tables to 1,000 blocks': () =>
    build({
      functions: [
        block((emit) => {
          times(1_000, () => emit('block', 'empty'))
          times(2_000, () => {
            emit('block', 'empty')
            emit('i32.const', 0)
            emit(
              'br_table',
              Array.from({ length: 1_000 }, (_, at) => at),
            )
            emit('end')
          })
          times(1_000, () => emit('end'))
        }),
      ],
    }),
  'a million ifs with else': () =>
    build({
      functions: [
        block((emit) =>
          times(1_000_000, () => {
            emit('i32.const', 0)
            emit('if', 'empty')
            emit('else')
            emit('end')
          }),
        ),
      ],
    }),
  '200,000 nested handlers': () =>
    build({
      functions: [
        block((emit) => {
          times(9_000, () => emit('try_table', 'empty', [{ kind: 'catch_all', label: 0 }]))
          times(9_000, () => emit('end'))
          times(200_000, () => {
            emit('try_table', 'empty', [{ kind: 'catch_all', label: 0 }])
            emit('end')
          })
        }),
      ],
    }),
  'straight-line code': () => build({ functions: [block((emit) => times(4_000_000, () => emit('nop')))] }),
  'a million calls': () => build({ functions: [block((emit) => times(1_000_000, () => emit('call', 0)))] }),
  '500,000 fills': () =>
    build({
      functions: [
        block((emit) =>
          times(500_000, () => {
            times(3, () => emit('i32.const', 0))
            emit('memory.fill', 0)
          }),
        ),
      ],
      sections: { 5: (w) => w.bytes(Uint8Array.of(1, 0, 1)) },
    }),
  '500,000 functions': () => build({ functions: new Array(500_000).fill({}) }),
  'many groups of locals': () =>
    build({ functions: new Array(40).fill({ locals: Array.from({ length: 49_000 }, (_, at) => [1, at % 2 === 0 ? 'i32' : 'i64']) }) }),
  '500,000 exports': () =>
    build({
      functions: [{}],
      sections: {
        7: many(500_000, (w, index) => {
          w.name(index === 0 ? 'curfew.counter' : `curfew.counter.${index}`)
          w.u8(0)
          w.u32(0)
        }),
      },
    }),
  '20,000 memories': () => build({ functions: [{}], sections: { 5: many(20_000, (w) => w.bytes(Uint8Array.of(0, 0))) } }),
  '500,000 globals': () => build({ functions: [{}], sections: { 6: many(500_000, (w) => w.bytes(Uint8Array.of(0x7f, 0, 0x41, 0, 0x0b))) } }),
}

for (const [name, make] of Object.entries(ADVERSARIES)) {
  test(`guarded or refused in little time: ${name}`, (t) => {
    const bytes = make()
    for (const caps of [{}, NO_CAPS]) {
      const started = performance.now()
      try {
        guard(bytes, { caps, memoryLimit: 2 ** 50, tableLimit: 2 ** 50 })
      } catch (error) {
        assert.ok(error instanceof LoadError, String(error))
      }
      const took = performance.now() - started
      t.diagnostic(`${bytes.length} bytes in ${took.toFixed(0)} ms, ${caps === NO_CAPS ? 'no caps' : 'the usual caps'}`)
      assert.ok(took < LONGEST, `${took} ms`)
    }
  })
}

/** All nested in one another, each with what comes before its end. */
const nested = (count: number, open: (emit: Emit) => void, close: (emit: Emit, left: number) => void) =>
  build({
    functions: [
      block((emit) => {
        times(count, () => open(emit))
        times(count, (at) => close(emit, count - at - 1))
      }),
    ],
  })
const end = (emit: Emit) => emit('end')
const backIf = (label: number) => (emit: Emit) => {
  emit('i32.const', 0)
  emit('br_if', label)
}
const inOne = (count: number, each: (emit: Emit, index: number) => void, locals: FunctionSpec['locals'] = []) =>
  build({ functions: [{ locals, body: (emit) => times(count, (index) => each(emit, index)) }] })
const functions = (count: number, each: (emit: Emit, index: number) => void) =>
  build({ functions: Array.from({ length: count }, (_, index) => block((emit) => each(emit, index))) })

/** Aimed at what is decided of checks and fuel: loops with loops in them, copies, circles of calls. By how many there are. */
const SHAPES: Readonly<Record<string, (count: number) => Uint8Array>> = {
  blocks: (count) => nested(count, (emit) => emit('block', 'empty'), end),
  ifs: (count) =>
    nested(
      count,
      (emit) => {
        emit('i32.const', 0)
        emit('if', 'empty')
      },
      end,
    ),
  'ifs in else': (count) =>
    nested(
      count,
      (emit) => {
        emit('i32.const', 0)
        emit('if', 'empty')
        emit('return')
        emit('else')
      },
      end,
    ),
  'loops in loops': (count) =>
    nested(
      count,
      (emit) => emit('loop', 'empty'),
      (emit) => {
        backIf(0)(emit)
        end(emit)
      },
    ),
  'loops in loops, with jumps to those far out': (count) =>
    nested(
      count,
      (emit) => emit('loop', 'empty'),
      (emit, left) => {
        backIf(Math.floor(left / 2))(emit)
        end(emit)
      },
    ),
  'loops in loops, each with many jumps back': (count) =>
    nested(
      count,
      (emit) => emit('loop', 'empty'),
      (emit) => {
        times(6, () => backIf(0)(emit))
        end(emit)
      },
    ),
  'loops that are copied': (count) =>
    inOne(count, (emit) => {
      emit('loop', 'empty')
      backIf(0)(emit)
      end(emit)
    }),
  'handlers in handlers': (count) => nested(count, (emit) => emit('try_table', 'empty', [{ kind: 'catch_all', label: 0 }]), end),
  'legacy handlers in handlers': (count) =>
    nested(
      count,
      (emit) => emit('try', 'empty'),
      (emit) => {
        emit('catch_all')
        end(emit)
      },
    ),
  'handlers that delegate': (count) =>
    nested(
      count,
      (emit) => emit('try', 'empty'),
      (emit) => emit('delegate', 0),
    ),
  'functions in one circle': (count) =>
    functions(count, (emit, index) => {
      emit('i32.const', 0)
      emit('if', 'empty')
      emit('call', (index + 1) % count)
      emit('call', Math.floor(index / 2))
      end(emit)
    }),
  'a chain of functions': (count) => functions(count, (emit, index) => emit('call', Math.min(index + 1, count - 1))),
  'functions that all call all': (count) => functions(Math.sqrt(count), (emit) => times(Math.sqrt(count), (callee) => emit('call', callee))),
  'square roots': (count) =>
    inOne(
      count,
      (emit) => {
        emit('local.get', 0)
        emit('f64.sqrt')
        emit('local.set', 0)
      },
      [[1, 'f64']],
    ),
}

const FEW = 22_500
const TIMES = 4
/** Far below the 16 that come of a square; and what does not depend on the size. */
const MOST_TIMES = 10
const SLACK = 150

/** CPU time, ms: the least of some rounds. */
function cpuTime(bytes: Uint8Array, deterministic: boolean): number {
  const rounds = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage()
    try {
      guard(bytes, { caps: NO_CAPS, allow: ['exnref', 'tags'], deterministic })
    } catch (error) {
      assert.ok(error instanceof LoadError, String(error))
    }
    return process.cpuUsage(before).user / 1_000
  })
  return Math.min(...rounds)
}

for (const [name, make] of Object.entries(SHAPES)) {
  test(`${TIMES} times as many take no more than so many times as long: ${name}`, (t) => {
    const [few, many] = [make(FEW), make(TIMES * FEW)]
    for (const deterministic of [false, true]) {
      const [short, long] = [cpuTime(few, deterministic), cpuTime(many, deterministic)]
      t.diagnostic(`${short.toFixed(0)} ms, ${long.toFixed(0)} ms${deterministic ? ', deterministic' : ''}`)
      assert.ok(long < MOST_TIMES * short + SLACK, `${short} ms, ${long} ms`)
    }
  })
}

test('a million blocks of any kind in one another overflow no stack', () => {
  for (const name of ['blocks', 'ifs', 'ifs in else', 'loops in loops', 'handlers in handlers', 'legacy handlers in handlers', 'handlers that delegate']) {
    const bytes = SHAPES[name]?.(1_000_000) as Uint8Array
    try {
      guard(bytes, { caps: NO_CAPS, allow: ['exnref', 'tags'], deterministic: true })
    } catch (error) {
      // The body may get longer than V8 takes
      assert.ok(error instanceof LoadError && error.code === 'limit-exceeded', `${name}: ${error}`)
    }
  }
})
