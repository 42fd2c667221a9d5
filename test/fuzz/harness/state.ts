/** What two instances of one module have come to: memories, tables, globals, as far as JavaScript sees them. */
import type { Plan } from './plan.ts'
import type { Session } from './session.ts'

/** Elements of a table that are looked at. */
const MOST_ELEMENTS = 2_000

/** The first difference in words, or undefined. */
export function difference(plan: Plan, raw: Session, guarded: Session): string | undefined {
  for (const [name, ofRaw, ofGuarded] of pairs(plan, raw, guarded)) {
    const found = differ(ofRaw, ofGuarded, raw, guarded)
    if (found !== undefined) return `${name}: ${found}`
  }
  return undefined
}

function* pairs({ module }: Plan, raw: Session, guarded: Session): Iterable<[name: string, raw: unknown, guarded: unknown]> {
  for (const kind of ['memories', 'tables', 'globals'] as const) {
    for (const [index, value] of raw.imports[kind].entries()) yield [`imported ${kind} ${index}`, value, guarded.imports[kind][index]]
  }
  if (raw.instance === undefined || guarded.instance === undefined) return
  for (const { name, kind } of module.exports) {
    if (kind === 'memory' || kind === 'table' || kind === 'global') yield [`${kind} ${name}`, raw.instance.exports[name], guarded.instance.exports[name]]
  }
}

function differ(a: unknown, b: unknown, raw: Session, guarded: Session): string | undefined {
  if (a instanceof WebAssembly.Memory && b instanceof WebAssembly.Memory) return bytesDiffer(new Uint8Array(a.buffer), new Uint8Array(b.buffer))
  if (a instanceof WebAssembly.Table && b instanceof WebAssembly.Table) return tablesDiffer(a, b, raw, guarded)
  if (a instanceof WebAssembly.Global && b instanceof WebAssembly.Global) {
    return unlike(
      readable(() => raw.values.describe(a.value)),
      readable(() => guarded.values.describe(b.value)),
    )
  }
  return 'is not the same kind of thing'
}

function bytesDiffer(a: Uint8Array, b: Uint8Array): string | undefined {
  if (a.length !== b.length) return `${a.length} bytes raw, ${b.length} guarded`
  if (Buffer.compare(a, b) === 0) return undefined
  const at = a.findIndex((byte, index) => byte !== b[index])
  return `byte ${at} is ${a[at]} raw, ${b[at]} guarded`
}

function tablesDiffer(a: WebAssembly.Table, b: WebAssembly.Table, raw: Session, guarded: Session): string | undefined {
  // Of a table with 64-bit addresses, the length is a bigint
  if (a.length !== b.length) return `${a.length} elements raw, ${b.length} guarded`
  const wide = typeof (a.length as unknown) === 'bigint'
  for (let at = 0; at < Math.min(Number(a.length), MOST_ELEMENTS); at++) {
    const index = (wide ? BigInt(at) : at) as number
    const found = unlike(
      readable(() => raw.values.describe(a.get(index))),
      readable(() => guarded.values.describe(b.get(index))),
    )
    if (found !== undefined) return `element ${at} ${found}`
  }
  return undefined
}

function unlike(a: string, b: string): string | undefined {
  return a === b ? undefined : `is ${a} raw, ${b} guarded`
}

/** Values of some types do not cross into JavaScript. */
function readable(read: () => string): string {
  try {
    return read()
  } catch (error) {
    return String(error)
  }
}
