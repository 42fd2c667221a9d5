/**
 * For the estimate of what V8's baseline compiler will take for a function: what each instruction does to the height of the operand
 * stack, and which make it look through all of that stack (locals included, which are its bottom). What is not known (`struct.new`,
 * say) counts as nothing. Control and calls depend on types: see `control.ts`.
 */
import { OPCODES, type Opcode } from '../wasm/opcodes.ts'

const UNARY =
  /\.(clz|ctz|popcnt|eqz|abs|neg|ceil|floor|trunc\w*|nearest|sqrt|wrap\w*|extend\w*|extadd\w*|convert\w*|demote\w*|promote\w*|reinterpret\w*|splat|extract_lane\w*|\w+_true|bitmask|not|relaxed_trunc\w*)$/
const TERNARY = /bitselect|laneselect|madd|nmadd|dot_i8x16_i7x16_add/
const PUSHES = new Set(['local.get', 'global.get', 'ref.null', 'ref.func', 'memory.size', 'table.size'])
const POPS = new Set(['local.set', 'global.set', 'drop', 'ref.eq', 'table.grow', 'br_if', 'if', 'br_table', 'br_on_non_null'])
const POPS_TWO = new Set(['select', 'select_t', 'table.set'])

function effect({ name, cost, prefix, immediates }: Opcode): number {
  if (PUSHES.has(name) || name.endsWith('.const')) return 1
  if (POPS.has(name)) return -1
  if (POPS_TWO.has(name)) return -2
  if (cost === 'bulk-memory' || cost === 'bulk-table') return -3
  if (cost === 'store' || /atomic\.(store|wait)|cmpxchg/.test(name)) return -2
  if (/atomic\.(rmw|notify)/.test(name)) return -1
  if (cost === 'load') return immediates.includes('lane') ? -1 : 0
  if (prefix !== 0 && prefix !== 0xfd) return 0
  const numeric = /^[if](32|64)[x.\d]*|^[if](8|16)x|^v128/.test(name)
  if (!numeric || UNARY.test(name)) return 0
  return TERNARY.test(name) ? -2 : -1
}

/** Net change of the height by opcode id. */
export const OPERANDS: Int8Array = Int8Array.from(OPCODES, effect)

/**
 * Whatever calls into V8 stores all values that are in registers, and a rotation needs a certain register: both go through the whole
 * stack, for 0.3 to 0.6 ns a value (a branch: 12 ns). Measured for every instruction, see test/guard/operands.test.ts.
 */
const SEARCHING = /^(table\.(get|set)|ref\.func|any\.convert_extern)$|\.rot[lr]$|^memory\.atomic/
const SEARCHING_COSTS: readonly string[] = ['grow', 'bulk-memory', 'bulk-table', 'bulk-array', 'allocate']
export const SEARCHES: Uint8Array = Uint8Array.from(OPCODES, ({ name, cost }) => (SEARCHING.test(name) || SEARCHING_COSTS.includes(cost) ? 1 : 0))
/** A sixteenth of a branch. */
const SEARCH_SHIFT = 4
/**
 * Any instruction may find all registers in use and look from the top for the one who holds the next. That is short in code as compilers
 * make it, so what counts (as a 64th of a branch) is the part of the stack above so many values.
 */
export const SPILL_FREE = 512
const SPILL_SHIFT = 6

/** What an instruction without control takes in a function with so many locals and operands. */
export function complexityOf(searches: number, size: number): number {
  return (size > SPILL_FREE ? (size - SPILL_FREE) >> SPILL_SHIFT : 0) + (searches === 1 && size > 0 ? size >> SEARCH_SHIFT : 0)
}

/** What a call adds. Results that do not fit registers: V8 searches its whole state for each of them (900 of them: 2 ms a call, measured). */
export function callComplexity(params: number, results: number): number {
  return results > 1 ? ((params + results) * (results + 20)) >> 3 : 0
}
