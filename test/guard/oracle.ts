/**
 * An oracle for the checks of guarded modules that shares no code with what places them. It instruments the guarded bytes, so that they
 * count what they do, instruction by instruction as they run, and what checks have paid for. `bound-meter.ts` reads that, and says what is too much.
 */

import {
  BULK_BASE,
  PAGE_TOUCH,
  PER_BYTE,
  PER_CLAUSE,
  PER_ELEMENT,
  PER_LOCAL,
  SEGMENT,
  SHORT_BYTES,
  TRY_WEIGHT,
  UNCHECKED,
  WEIGHTS,
} from '../../src/guard/costs.ts'
import type { Guarded } from '../../src/guard/guard.ts'
import { readLocals } from '../../src/wasm/locals.ts'
import { functionType, type ModuleInfo, parseModule, type Section } from '../../src/wasm/module.ts'
import { Reader } from '../../src/wasm/reader.ts'
import type { ValType } from '../../src/wasm/types.ts'
import { type ImmediateValue, instruction, Writer } from '../../src/wasm/writer.ts'
import { type Aligned, align, readBody } from './bound-align.ts'

/** Where a balance has gone without any check, nothing else would end it. */
const FAR_TOO_LOW = -(2 ** 24)
/** The heaviest of what is one instruction: a bulk operation that stays as it is, or a try with many clauses. */
const HEAVIEST = BULK_BASE + SHORT_BYTES * PER_BYTE
/**
 * The most that a check may pay for. A way goes on past a place for a check only if what follows weighs no more than SEGMENT; to the place
 * before there are at most SEGMENT and an instruction, in loops of which up to four copies are gone through. Callees add what they may do unchecked.
 */
export function largestWay({ clauses, locals }: { readonly clauses: number; readonly locals: number }): number {
  return 5 * SEGMENT + UNCHECKED + HEAVIEST + clauses * PER_CLAUSE + TRY_WEIGHT + locals * PER_LOCAL
}

export interface Instrumented {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly guarded: Guarded
  /** The most that a check of the module pays for, and the most that one may. */
  readonly largestCharge: number
  readonly largestWay: number
  readonly hasChunks: boolean
}

/** @throws if the guarded module is not the original one with checks */
export function instrument(guarded: Guarded): Instrumented {
  return new Instrumenter(guarded).run()
}

type Code = readonly (readonly [name: string, ...immediates: ImmediateValue[]])[]

/** What is counted; exported as `oracle work` and so on. */
export const GLOBALS = ['work', 'balance', 'lowest', 'checks', 'polls', 'waited'] as const
const FUNCTION_TYPE = 0x60

class Instrumenter {
  readonly #guarded: Guarded
  readonly #module: ModuleInfo
  readonly #global: Readonly<Record<(typeof GLOBALS)[number], number>>
  readonly #functions: Readonly<Record<'worked' | 'paid' | 'lost' | 'bulk' | 'back', number>>
  #clauses = 0
  #locals = 0
  #largest = 0
  #hasChunks = false

  constructor(guarded: Guarded) {
    const module = parseModule(guarded.bytes)
    const globals = module.globals.length
    const functions = module.functions.length
    this.#guarded = guarded
    this.#module = module
    this.#global = { work: globals, balance: globals + 1, lowest: globals + 2, checks: globals + 3, polls: globals + 4, waited: globals + 5 }
    this.#functions = { worked: functions, paid: functions + 1, lost: functions + 2, bulk: functions + 3, back: functions + 4 }
  }

  run(): Instrumented {
    const { bytes, sections, types, globals } = this.#module
    const writer = new Writer(2 * bytes.length)
    writer.header()
    for (const section of sections) {
      // takes i32; takes i64; takes three i32
      if (section.id === 1)
        this.#extended(writer, section, 3, (w) =>
          w.bytes(Uint8Array.of(FUNCTION_TYPE, 1, 0x7f, 0, FUNCTION_TYPE, 1, 0x7e, 0, FUNCTION_TYPE, 3, 0x7f, 0x7f, 0x7f, 0)),
        )
      else if (section.id === 3)
        this.#extended(writer, section, 5, (w) => w.bytes(Uint8Array.of(...[0, 0, 0, 1, 2].flatMap((type) => leb(types.length + type)))))
      else if (section.id === 6)
        this.#extended(writer, section, GLOBALS.length, (w) =>
          w.bytes(Uint8Array.of(0x7e, 1, 0x42, 0, 0x0b, ...Array(5).fill([0x7f, 1, 0x41, 0, 0x0b]).flat())),
        )
      else if (section.id === 7) {
        this.#extended(writer, section, GLOBALS.length, (w) => {
          for (const [at, name] of GLOBALS.entries()) {
            w.name(`oracle ${name}`)
            w.u8(3)
            w.u32(globals.length + at)
          }
        })
      } else if (section.id === 10) writer.section(10, (w) => this.#code(w))
      // Hints speak of where branches were
      else if (!section.name?.startsWith('metadata.code.')) writer.bytes(bytes, section.start, section.end)
    }
    return {
      bytes: writer.finish(),
      guarded: this.#guarded,
      largestCharge: this.#largest,
      largestWay: largestWay({ clauses: this.#clauses, locals: this.#locals }),
      hasChunks: this.#hasChunks,
    }
  }

  #extended(writer: Writer, { id, payload, end }: Section, more: number, write: (w: Writer) => void): void {
    const reader = new Reader(this.#module.bytes, payload, end)
    const count = reader.u32('a count')
    writer.section(id, (w) => {
      w.u32(count + more)
      w.bytes(this.#module.bytes, reader.offset, end)
      write(w)
    })
  }

  #code(writer: Writer): void {
    const module = this.#module
    const original = this.#guarded.module
    writer.u32(module.bodyStarts.length + 5)
    for (let at = 0; at < module.bodyStarts.length; at++) {
      writer.sized((w) => (at < original.bodyStarts.length ? this.#body(w, align(original, module, at), at) : this.#helper(w, at)))
    }
    const { work, balance, lowest, checks, polls, waited } = this.#global
    const add = (global: number, type: 'i32' | 'i64', amount: Code): Code => [['global.get', global], ...amount, [`${type}.add`], ['global.set', global]]
    const one: Code = [['i32.const', 1]]
    const isOther = (global: number, local: number, then: Code): Code => [
      ['global.get', global],
      ['local.get', local],
      ['i32.ne'],
      ['if', 'empty'],
      ...then,
      ['end'],
    ]
    const functions: readonly Code[] = [
      [
        ...add(work, 'i64', [['local.get', 0], ['i64.extend_i32_u']]),
        ['global.get', balance],
        ['local.get', 0],
        ['i32.sub'],
        ['global.set', balance],
        ['global.get', balance],
        ['global.get', lowest],
        ['i32.lt_s'],
        ['if', 'empty'],
        ['global.get', balance],
        ['global.set', lowest],
        ['global.get', balance],
        ['i32.const', FAR_TOO_LOW],
        ['i32.lt_s'],
        ['if', 'empty'],
        ['unreachable'],
        ['end'],
        ['end'],
      ],
      [['local.get', 0], ['global.set', balance], ...add(checks, 'i32', one)],
      [
        ['global.get', balance],
        ['local.get', 0],
        ['global.get', balance],
        ['local.get', 0],
        ['i32.lt_s'],
        ['select'],
        ['global.set', balance],
        ...add(checks, 'i32', one),
      ],
      add(work, 'i64', [['local.get', 0]]),
      [
        ...isOther(checks, 1, [
          ['local.get', 0],
          ['global.set', balance],
        ]),
        ...isOther(polls, 2, add(waited, 'i32', one)),
      ],
    ]
    for (const code of functions) {
      writer.sized((w) => {
        w.u32(0)
        emit(w, [...code, ['end']])
      })
    }
  }

  /** A function of the original. */
  #body(writer: Writer, { steps, marks, locals }: Aligned, at: number): void {
    this.#locals = Math.max(this.#locals, locals)
    const { balance, checks, polls } = this.#global
    const { worked, paid, lost, back } = this.#functions
    const saved = [balance, checks, polls]
    this.#declare(writer, at, [{ count: 3, type: 'i32' }])
    let work = 0
    let from = steps[0]?.start ?? 0
    const flush = (to: number) => {
      if (work > 0)
        emit(writer, [
          ['i32.const', work],
          ['call', worked],
        ])
      work = 0
      writer.bytes(this.#module.bytes, from, to)
      from = to
    }
    for (const [n, { op, start, end, labels }] of steps.entries()) {
      const { work: more, charge, isHandler, isCall } = marks[n] as Aligned['marks'][number]
      work += more
      if (op.control === 'none' && charge === 0) continue
      if (op.control === 'try_table') this.#clauses = Math.max(this.#clauses, labels.length)
      flush(start)
      if (isCall)
        emit(
          writer,
          saved.flatMap(
            (global, index) =>
              [
                ['global.get', global],
                ['local.set', locals + index],
              ] as const,
          ),
        )
      flush(end)
      if (isCall) emit(writer, [...saved.map((_, index) => ['local.get', locals + index] as const), ['call', back]])
      if (charge > 0) this.#largest = Math.max(this.#largest, charge)
      if (charge > 0)
        emit(writer, [
          ['i32.const', charge],
          ['call', paid],
        ])
      // Nothing is paid for after an exception, until a check
      if (isHandler)
        emit(writer, [
          ['i32.const', 0],
          ['call', lost],
        ])
    }
  }

  #declare(writer: Writer, at: number, more: readonly { count: number; type: ValType }[]): void {
    const { groups } = readLocals(this.#module, this.#module.bodyStarts[at] as number, this.#module.bodyEnds[at] as number)
    writer.vec([...groups, ...more], ({ count, type }) => {
      writer.u32(count)
      writer.valType(type)
    })
  }

  /** A function of the guard: what it does of bulk operations, it does by the lengths that it has. */
  #helper(writer: Writer, at: number): void {
    const { steps, locals } = readBody(this.#module, at)
    const type = functionType(this.#module, this.#module.importedFunctions + at)
    const { bulk } = this.#functions
    this.#declare(writer, at, [{ count: 1, type: type.params[2] ?? 'i32' }])
    for (const { op, start, end } of steps) {
      const isBulk = op.cost === 'bulk-memory' || op.cost === 'bulk-table'
      this.#hasChunks ||= isBulk || op.cost === 'grow'
      if (isBulk) emit(writer, [['local.tee', locals]])
      writer.bytes(this.#module.bytes, start, end)
      if (isBulk) {
        const length: Code = type.params[2] === 'i64' ? [['local.get', locals]] : [['local.get', locals], ['i64.extend_i32_u']]
        const each = op.cost === 'bulk-memory' ? PER_BYTE : PER_ELEMENT
        emit(writer, [...length, ['i64.const', BigInt(each)], ['i64.mul'], ['i64.const', BigInt(BULK_BASE)], ['i64.add'], ['call', bulk]])
      } else if (op.cost === 'grow' || op.name === 'i32.store8') {
        emit(writer, [
          ['i64.const', BigInt(op.cost === 'grow' ? (WEIGHTS[op.id] as number) : PAGE_TOUCH)],
          ['call', bulk],
        ])
      }
    }
  }
}

function emit(writer: Writer, code: Code): void {
  for (const [name, ...immediates] of code) instruction(writer, name, ...immediates)
}

function leb(value: number): number[] {
  const writer = new Writer(8)
  writer.u32(value)
  return [...writer.finish()]
}
