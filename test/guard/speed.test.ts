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
import { build, type FunctionSpec, times } from './build.ts'

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
