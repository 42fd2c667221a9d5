/**
 * Our own random modules, aimed at what the guard does: loops of all shapes, call trees and cycles, bulk operations at the limits of
 * everything, handlers, dead code. Valid by construction; most of their code ends by itself, and the rest has to be stopped.
 */
import { type RefType, typeByte, type ValType } from '../../../../src/wasm/types.ts'
import { instruction, Writer } from '../../../../src/wasm/writer.ts'
import type { Features } from '../../features.ts'
import { Random } from '../../random.ts'
import { someF32, someF64, someI32, someI64 } from '../../values.ts'
import { functionBody } from './functions.ts'
import { makeShape, type SegmentShape, type Shape } from './shape.ts'

/** A pure function of the seed and of what V8 knows. */
export function ownModule(seed: number, features: Features): Uint8Array<ArrayBuffer> {
  const random = new Random(seed)
  const shape = makeShape(random, features)
  // Code first: it may add types
  const bodies = shape.functions.map((_, at) => functionBody(random, shape, at))
  const writer = new Writer(8_192)
  writer.header()
  writer.section(1, (w) => shape.types.write(w))
  section(writer, 2, importEntries(shape), (w, entry) => entry(w))
  section(writer, 3, shape.functions, (w, { typeIndex }) => w.u32(typeIndex))
  section(writer, 4, own(shape.tables), (w, { element, ...limits }) => {
    w.valType(element)
    writeLimits(w, limits)
  })
  section(writer, 5, own(shape.memories), writeLimits)
  section(writer, 13, shape.tags, (w, type) => w.bytes(Uint8Array.of(0, type)))
  section(writer, 6, own(shape.globals), (w, { type, mutable }) => {
    w.valType(type)
    w.u8(mutable ? 1 : 0)
    initialiser(w, random, type)
  })
  section(writer, 7, exportEntries(shape), (w, [name, kind, index]) => {
    w.name(name)
    w.u8(kind)
    w.u32(index)
  })
  const functions = shape.importedFunctions.length + shape.functions.length
  if (shape.start) writer.section(8, (w) => w.u32(functions - 1))
  section(writer, 9, [...shape.elements, undefined], (w, segment) => writeElements(w, random, shape, segment, functions))
  if (shape.data.length > 0) writer.section(12, (w) => w.u32(shape.data.length))
  section(writer, 10, bodies, (w, body) => {
    w.u32(body.length)
    w.append(body)
  })
  section(writer, 11, shape.data, (w, segment) => writeData(w, random, shape, segment))
  return writer.finish()
}

function section<T>(writer: Writer, id: number, items: readonly T[], write: (w: Writer, item: T) => void): void {
  if (items.length > 0) writer.section(id, (w) => w.vec(items, (item) => write(w, item)))
}

function own<T extends { readonly imported: boolean }>(things: readonly T[]): T[] {
  return things.filter(({ imported }) => !imported)
}

function writeLimits(
  w: Writer,
  { address, minimum, maximum, shared = false }: { address: 'i32' | 'i64'; minimum: number; maximum: number; shared?: boolean },
): void {
  w.u8(1 | (shared ? 2 : 0) | (address === 'i64' ? 4 : 0))
  w.u32(minimum)
  w.u32(maximum)
}

function importEntries(shape: Shape): ((w: Writer) => void)[] {
  const entry = (name: string, kind: number, rest: (w: Writer) => void) => (w: Writer) => {
    w.name('host')
    w.name(name)
    w.u8(kind)
    rest(w)
  }
  const imported = <T extends { readonly imported: boolean }>(things: readonly T[]): T[] => things.filter(({ imported: is }) => is)
  return [
    ...shape.importedFunctions.map(({ typeIndex }, index) => entry(`function ${index}`, 0, (w) => w.u32(typeIndex))),
    ...imported(shape.tables).map(({ element, ...limits }, index) =>
      entry(`table ${index}`, 1, (w) => {
        w.valType(element)
        writeLimits(w, limits)
      }),
    ),
    ...imported(shape.memories).map((memory, index) => entry(`memory ${index}`, 2, (w) => writeLimits(w, memory))),
    ...imported(shape.globals).map(({ type, mutable }, index) =>
      entry(`global ${index}`, 3, (w) => {
        w.valType(type)
        w.u8(mutable ? 1 : 0)
      }),
    ),
  ]
}

function exportEntries(shape: Shape): [name: string, kind: number, index: number][] {
  const base = shape.importedFunctions.length
  return [
    ...shape.functions.flatMap(({ exported }, at): [string, number, number][] => (exported ? [[`f${base + at}`, 0, base + at]] : [])),
    ...shape.tables.map((_, index): [string, number, number] => [`table ${index}`, 1, index]),
    ...shape.memories.map((_, index): [string, number, number] => [`memory ${index}`, 2, index]),
    ...shape.globals.map((_, index): [string, number, number] => [`global ${index}`, 3, index]),
    ...shape.tags.map((_, index): [string, number, number] => [`tag ${index}`, 4, index]),
  ]
}

function initialiser(w: Writer, random: Random, type: ValType): void {
  if (type === 'i32') instruction(w, 'i32.const', random.oneIn(2) ? random.below(200) : someI32(random))
  else if (type === 'i64') instruction(w, 'i64.const', someI64(random))
  else if (type === 'f32') instruction(w, 'f32.const', someF32(random))
  else if (type === 'f64') instruction(w, 'f64.const', someF64(random))
  else if (type === 'v128') instruction(w, 'v128.const', random.bytes(16))
  else instruction(w, 'ref.null', (type as RefType).heap)
  instruction(w, 'end')
}

/** An address that fits, or once in a while one that does not. */
function segmentAddress(w: Writer, random: Random, address: 'i32' | 'i64', room: number): void {
  const at = random.oneIn(40) ? room + 1 + random.below(10) : random.below(room + 1)
  if (address === 'i64') instruction(w, 'i64.const', BigInt(at))
  else instruction(w, 'i32.const', at)
  instruction(w, 'end')
}

/** Function indices all. The last one, undefined, declares all functions for `ref.func`. */
function writeElements(w: Writer, random: Random, shape: Shape, segment: SegmentShape | undefined, functions: number): void {
  const indices = segment === undefined ? [...Array(functions).keys()] : Array.from({ length: segment.length }, () => random.below(functions))
  const table = shape.tables[segment?.target ?? -1]
  // Only a table of `funcref` can take all of them
  if (segment === undefined || segment.mode !== 'active' || table === undefined || typeByte(table.element) !== 0x70) {
    w.bytes(Uint8Array.of(segment?.mode === 'passive' ? 1 : 3, 0))
  } else {
    w.u8(2)
    w.u32(segment.target)
    segmentAddress(w, random, table.address, Math.max(0, table.minimum - segment.length))
    w.u8(0)
  }
  w.vec(indices, (index) => w.u32(index))
}

function writeData(w: Writer, random: Random, shape: Shape, { mode, target, length }: SegmentShape): void {
  const memory = shape.memories[target] as Shape['memories'][number]
  if (mode === 'active') {
    w.u8(2)
    w.u32(target)
    segmentAddress(w, random, memory.address, Math.max(0, memory.minimum * 65_536 - length))
  } else w.u8(1)
  w.u32(length)
  w.bytes(random.bytes(length))
}
