/**
 * The convention of Curfew, for plugins in any language that compiles to WebAssembly; for their authors it is in docs/plugins.md.
 *
 *   alloc(length: i32) -> i32                     room for an input; 0 if there is none
 *   free(address: i32, length: i32)               takes it back; optional
 *   (address: i32, length: i32) -> i64            any number of these: from an input to `address << 32 | length` of the output
 *
 * Bit 31 of the length says that the output is a message: what went wrong.
 */
import { CurfewError, callError, quote } from '../errors.ts'
import type { Convention, ConventionMemory, ExchangeOutput, ExchangeRequest, ExchangeSteps, Exported } from '../guests/convention.ts'
import { type FuncType, formatFuncType } from '../wasm/types.ts'

const ALLOC: Exported = { name: 'alloc', params: ['i32'], results: ['i32'] }
const FREE: Exported = { name: 'free', params: ['i32', 'i32'], results: [] }
const EXCHANGE: FuncType = { params: ['i32', 'i32'], results: ['i64'] }

/** Their indices for the steps. */
const THE_FUNCTION = 0
const THE_ALLOC = 1
const THE_FREE = 2

const LONGEST = 0x7fff_ffff
/** So much is read of a message, bytes. */
const LONGEST_MESSAGE = 64 * 1024

const NOTHING = new Uint8Array()

/** What is wrong with a message does not matter: it is one already. */
const LENIENT = new TextDecoder()

export const packed: Convention = {
  name: 'packed',
  functions(name, exported) {
    const called: Exported[] = [{ name, ...EXCHANGE }, ALLOC]
    if (exported.has(FREE.name)) called.push(FREE)
    for (const needed of called) {
      const found = exported.get(needed.name)
      const needs = `bytes, text and JSON need ${quote(needed.name)} to be a function ${formatFuncType(needed)}`
      if (found === undefined) return `${needs}, which the module does not export`
      if (formatFuncType(found) !== formatFuncType(needed)) return `${needs}, but it is ${formatFuncType(found)}`
    }
    return called
  },
  exchange: ({ memory }, request) => exchange(memory, request),
}

function* exchange(memory: ConventionMemory, request: ExchangeRequest): ExchangeSteps {
  const { functions, input } = request
  const { length } = input
  if (length > LONGEST) throw callError('bad-argument', `the input has ${length} bytes, and ${LONGEST} is the most`, { figures: { length, limit: LONGEST } })
  const [given] = yield { function: THE_ALLOC, args: [length] }
  const address = (given as number) >>> 0
  if (length > 0) {
    checkRoom(address, length, memory.size)
    memory.write(address, input)
  }
  const [packed] = yield { function: THE_FUNCTION, args: [address, length] }
  // Before anything of the guest runs again: the output may be part of the input, or of what `free` changes. If it cannot be taken, the input is freed all the same
  const output = taken(memory, packed as bigint, request)
  if (functions.length > THE_FREE) yield { function: THE_FREE, args: [address, length] }
  if (output instanceof CurfewError) throw output
  return output
}

/** @throws GuestError `alloc-failed` */
function checkRoom(address: number, length: number, size: number): void {
  if (address !== 0 && address + length <= size) return
  const what = address === 0 ? 'returned 0' : `returned ${address}, and so many from there are outside its memory of ${size}`
  throw callError('alloc-failed', `the guest has no room for an input of ${length} bytes: its \`alloc\` ${what}`, { figures: { address, length, size } })
}

/** Takes a number of 64 bits apart without making others. */
const cell = new DataView(new ArrayBuffer(8))

/** The output, or what is wrong with it. */
function taken(memory: ConventionMemory, packed: bigint, { outputLimit, take }: ExchangeRequest): ExchangeOutput | CurfewError {
  cell.setBigInt64(0, packed)
  const address = cell.getUint32(0)
  const low = cell.getUint32(4)
  const length = low & LONGEST
  try {
    if (low > LONGEST) return reported(outputIn(memory, address, length, LONGEST_MESSAGE))
    if (length <= outputLimit) return take(outputIn(memory, address, length, length))
    const what = `the output has ${length} bytes, above \`outputLimit\` of ${outputLimit}`
    return callError('bad-output', what, { figures: { length, limit: outputLimit } })
  } catch (error) {
    if (error instanceof CurfewError) return error
    throw error
  }
}

/** @param most so much of it, or all. @throws GuestError `bad-output` if it has bytes that are outside of memory */
function outputIn(memory: ConventionMemory, address: number, length: number, most: number): Uint8Array {
  if (length === 0) return NOTHING
  const { size } = memory
  if (address + length <= size) return memory.view(address, Math.min(length, most))
  const what = `the output is said to be ${length} bytes at address ${address}, which are outside of the guest's memory of ${size} bytes`
  throw callError('bad-output', what, { figures: { address, length, size } })
}

function reported(message: Uint8Array): CurfewError {
  const text = LENIENT.decode(message)
  return callError('guest-error', `the plugin says ${quote(text)}`, { cause: text })
}
