import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadError } from '../../src/errors.ts'
import { ENGINE_LIMITS } from '../../src/wasm/engine-limits.ts'
import { Writer } from '../../src/wasm/writer.ts'
import { decodeAll } from './decode.ts'

/** A module around one section of so many equal items. */
function repeated(
  id: number,
  count: number,
  item: readonly number[],
  before: (writer: Writer) => void = () => undefined,
  after = before,
): Uint8Array<ArrayBuffer> {
  const writer = new Writer()
  writer.header()
  before(writer)
  writer.section(id, (section) => {
    section.u32(count)
    const bytes = Uint8Array.from(item)
    for (let each = 0; each < count; each++) section.bytes(bytes)
  })
  if (after !== before) after(writer)
  return writer.finish()
}

/** A module whose one type, or one body, has so many parts. */
function inside(
  id: number,
  head: readonly number[],
  count: number,
  part: readonly number[],
  tail: readonly number[],
  before: readonly (readonly number[])[] = [],
): Uint8Array<ArrayBuffer> {
  const writer = new Writer()
  writer.header()
  for (const [sectionId, ...contents] of before) writer.section(sectionId as number, (section) => section.bytes(Uint8Array.from(contents)))
  writer.section(id, (section) => {
    section.u8(1)
    const write = (to: Writer) => {
      to.bytes(Uint8Array.from(head))
      to.u32(count)
      for (let each = 0; each < count; each++) to.bytes(Uint8Array.from(part))
      to.bytes(Uint8Array.from(tail))
    }
    if (id === 10) section.sized(write)
    else write(section)
  })
  return writer.finish()
}

const types = (writer: Writer) => writer.section(1, (section) => section.bytes(Uint8Array.of(1, 0x60, 0, 0)))
const FUNCTION = [
  [1, 1, 0x60, 0, 0],
  [3, 1, 0],
]

/** What makes a module of a size, for the limits that take little to reach. */
const MODULES: Partial<Record<keyof typeof ENGINE_LIMITS, (count: number) => Uint8Array<ArrayBuffer>>> = {
  types: (count) => repeated(1, count, [0x60, 0, 0]),
  imports: (count) => repeated(2, count, [0, 0, 0, 0], types, () => undefined),
  globals: (count) => repeated(6, count, [0x7f, 0, 0x41, 0, 0x0b]),
  tags: (count) => repeated(13, count, [0, 0], types, () => undefined),
  tables: (count) => repeated(4, count, [0x70, 0, 0]),
  memories: (count) => repeated(5, count, [0, 0]),
  dataSegments: (count) => repeated(11, count, [1, 0]),
  params: (count) => inside(1, [0x60], count, [0x7f], [0]),
  results: (count) => inside(1, [0x60, 0], count, [0x7f], []),
  fields: (count) => inside(1, [0x5f], count, [0x7f, 0], []),
  branches: (count) => inside(10, [0, 0x41, 0, 0x0e], count, [0], [0, 0x0b], FUNCTION),
}

for (const [name, build] of Object.entries(MODULES)) {
  test(`what is above the limit of ${name} is refused, by the engine too`, () => {
    const limit = ENGINE_LIMITS[name as keyof typeof ENGINE_LIMITS]
    const above = build(limit + 1)
    assert.throws(
      () => decodeAll(above),
      (error) => error instanceof LoadError && error.code === 'invalid-module' && error.figures.limit === limit,
    )
    assert.equal(WebAssembly.validate(above), false)
    decodeAll(build(limit))
  })
}

test('the engine takes what is just at a limit', () => {
  for (const name of ['types', 'globals', 'dataSegments', 'params', 'results', 'branches'] as const) {
    assert.ok(WebAssembly.validate(MODULES[name]?.(ENGINE_LIMITS[name]) as Uint8Array<ArrayBuffer>), name)
  }
})
