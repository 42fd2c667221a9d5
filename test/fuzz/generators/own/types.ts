/** The types of a generated module: signatures, found or added by what they are, and at most one struct and one array. */
import type { FuncType, ValType } from '../../../../src/wasm/types.ts'
import type { Writer } from '../../../../src/wasm/writer.ts'

export function sameType(a: ValType, b: ValType): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && a.nullable === b.nullable && a.heap === b.heap)
}

export function sameTypes(a: readonly ValType[], b: readonly ValType[]): boolean {
  return a.length === b.length && a.every((type, at) => sameType(type, b[at] as ValType))
}

export class Types {
  readonly #entries: (FuncType | 'struct' | 'array')[] = []

  /** The index of a signature, which is added if need be. */
  signature(type: FuncType): number {
    const found = this.#entries.findIndex((each) => typeof each === 'object' && sameTypes(each.params, type.params) && sameTypes(each.results, type.results))
    return found >= 0 ? found : this.#entries.push(type) - 1
  }

  heap(kind: 'struct' | 'array'): number {
    return this.#entries.push(kind) - 1
  }

  at(index: number): FuncType {
    const type = this.#entries[index]
    if (typeof type !== 'object') throw new RangeError(`type ${index} is no signature`)
    return type
  }

  write(writer: Writer): void {
    writer.vec(this.#entries, (type) => {
      // A struct of a mutable i32 and a mutable i64; an array of mutable i32
      if (type === 'struct') writer.bytes(Uint8Array.of(0x5f, 2, 0x7f, 1, 0x7e, 1))
      else if (type === 'array') writer.bytes(Uint8Array.of(0x5e, 0x7f, 1))
      else {
        writer.u8(0x60)
        writer.vec(type.params, (each) => writer.valType(each))
        writer.vec(type.results, (each) => writer.valType(each))
      }
    })
  }
}
