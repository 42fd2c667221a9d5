/** Modules made by the program: what is too large or too wrong for text. */

import type { ValType } from '../../src/wasm/types.ts'
import { type ImmediateValue, instruction, Writer } from '../../src/wasm/writer.ts'

export type Emit = (name: string, ...values: readonly ImmediateValue[]) => void

export interface FunctionSpec {
  readonly type?: number
  readonly locals?: readonly (readonly [count: number, type: ValType])[]
  /** Writes the instructions; the last `end` comes by itself. */
  readonly body?: (emit: Emit, writer: Writer) => void
}

export interface ModuleSpec {
  /** Default: one type without parameters and results. */
  readonly types?: readonly (readonly [params: readonly ValType[], results: readonly ValType[]])[]
  readonly functions: readonly FunctionSpec[]
  /** Type indices. */
  readonly tags?: readonly number[]
  /** Contents of other sections by id; those of `export` replace the export of function 0 as `run`. */
  readonly sections?: Readonly<Record<number, (writer: Writer) => void>>
  /** Bytes of a custom section at the end, for modules that would otherwise grow by too large a factor. */
  readonly padding?: number
}

const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]

export function build({ types = [[[], []]], functions, tags, sections = {}, padding = 0 }: ModuleSpec): Uint8Array<ArrayBuffer> {
  const own: Record<number, (writer: Writer) => void> = {
    1: (w) =>
      w.vec(types, ([params, results]) => {
        w.u8(0x60)
        w.vec(params, (type) => w.valType(type))
        w.vec(results, (type) => w.valType(type))
      }),
    3: (w) => w.vec(functions, ({ type = 0 }) => w.u32(type)),
    7: (w) => w.bytes(Uint8Array.of(1, 3, 0x72, 0x75, 0x6e, 0, 0)),
    10: (w) => w.vec(functions, (fn) => w.sized((body) => writeBody(body, fn))),
  }
  if (tags !== undefined) own[13] = (w) => w.vec(tags, (type) => w.bytes(Uint8Array.of(0, type)))
  const writer = new Writer(1 << 16)
  writer.header()
  for (const id of ORDER) {
    const contents = sections[id] ?? own[id]
    if (contents !== undefined) writer.section(id, contents)
  }
  if (padding > 0) {
    writer.section(0, (w) => {
      w.name('padding')
      w.bytes(new Uint8Array(padding))
    })
  }
  return writer.finish()
}

function writeBody(writer: Writer, { locals = [], body }: FunctionSpec): void {
  writer.vec(locals, ([count, type]) => {
    writer.u32(count)
    writer.valType(type)
  })
  body?.((name, ...values) => instruction(writer, name, ...values), writer)
  instruction(writer, 'end')
}

export function times(count: number, each: (index: number) => void): void {
  for (let index = 0; index < count; index++) each(index)
}
