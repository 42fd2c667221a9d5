/**
 * Function types by kind: what a reference of one type may name has a type of the same kind. Coarser than what the engine tells apart (all
 * references are alike), and so on the safe side whatever is a subtype of what.
 */
import type { ModuleInfo } from '../wasm/module.ts'
import type { ValType } from '../wasm/types.ts'

const LETTERS: Readonly<Record<string, string>> = { i32: 'i', i64: 'l', f32: 'f', f64: 'd', v128: 'v' }
const letters = (types: readonly ValType[]): string => types.map((type) => (typeof type === 'string' ? LETTERS[type] : 'r')).join('')

export class TypeKinds {
  readonly #module: ModuleInfo
  readonly #byLetters = new Map<string, number>()
  readonly #byType: Int32Array

  constructor(module: ModuleInfo) {
    this.#module = module
    this.#byType = new Int32Array(module.types.length).fill(-1)
  }

  get count(): number {
    return this.#byLetters.size
  }

  /** The number of a type's kind. */
  of(typeIndex: number): number {
    const known = this.#byType[typeIndex]
    return known !== undefined && known >= 0 ? known : this.#find(typeIndex)
  }

  #find(typeIndex: number): number {
    const type = this.#module.types[typeIndex]
    // Of what is no function's type, the engine refuses the call
    const key = type?.kind === 'func' ? `${letters(type.type.params)}:${letters(type.type.results)}` : ''
    const kind = this.#byLetters.get(key) ?? this.#byLetters.size
    this.#byLetters.set(key, kind)
    this.#byType[typeIndex] = kind
    return kind
  }
}
