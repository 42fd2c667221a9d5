/**
 * The module of what runs an exchange: for functions `$0`, `$1`, ... of types `P -> R`
 *
 *   (func (export "run") (param $x externref) (result externref)
 *     (local $next i32)
 *     (local.set $next (call $begin (local.get $x)))
 *     (block $done (loop $again
 *       (block $end1 (block $end0
 *         (br_table $end0 $end1 $done (local.get $next)))
 *         (local.set $next (call $goOn0 (local.get $x) (call $0 (call $arg (local.get $x) (i32.const 0)) ...)))
 *         (br $again))
 *       ...))
 *     (call $output (local.get $x)))
 */
import { EXTERNREF, type FuncType, formatFuncType, type ValType } from '../wasm/types.ts'
import { instruction, Writer } from '../wasm/writer.ts'

/** By the types of the functions: most guests of a process have the same. */
const modules = new Map<string, WebAssembly.Module>()
const MOST_MODULES = 100

export function moduleFor(functions: readonly FuncType[]): WebAssembly.Module {
  const key = functions.map(formatFuncType).join()
  let module = modules.get(key)
  if (module === undefined) {
    module = new WebAssembly.Module(bytesFor(functions))
    if (modules.size >= MOST_MODULES) modules.clear()
    modules.set(key, module)
  }
  return module
}

const FUNCTION = 0
/** Of types: those of `run`, `begin` and `output`, then one for arguments of each type, then two for each function. */
const RUN = 0
const BEGIN = 1
const ARGUMENT = 2
const NUMBERS: readonly ValType[] = ['i32', 'i64', 'f32', 'f64']
const FIRST = ARGUMENT + NUMBERS.length
/** Imported functions. */
const TO_BEGIN = 0
const TO_OUTPUT = 1
const TO_ARGUMENT = 2
const FIRST_FUNCTION = TO_ARGUMENT + NUMBERS.length

function bytesFor(functions: readonly FuncType[]): Uint8Array<ArrayBuffer> {
  const writer = new Writer()
  writer.header()
  const types: FuncType[] = [
    { params: [EXTERNREF], results: [EXTERNREF] },
    { params: [EXTERNREF], results: ['i32'] },
    ...NUMBERS.map((type): FuncType => ({ params: [EXTERNREF, 'i32'], results: [type] })),
    ...functions.flatMap(({ params, results }): FuncType[] => [
      { params, results },
      { params: [EXTERNREF, ...results], results: ['i32'] },
    ]),
  ]
  writer.section(1, (section) =>
    section.vec(types, ({ params, results }) => {
      section.u8(0x60)
      section.vec(params, (type) => section.valType(type))
      section.vec(results, (type) => section.valType(type))
    }),
  )
  const imports: [module: string, name: string, type: number][] = [
    ['h', 'begin', BEGIN],
    ['h', 'output', RUN],
    ...NUMBERS.map((_, at): [string, string, number] => ['h', 'arg', ARGUMENT + at]),
    ...functions.flatMap((_, at): [string, string, number][] => [
      ['g', `${at}`, FIRST + 2 * at],
      ['h', 'goOn', FIRST + 2 * at + 1],
    ]),
  ]
  writer.section(2, (section) =>
    section.vec(imports, ([module, name, type]) => {
      section.name(module)
      section.name(name)
      section.u8(FUNCTION)
      section.u32(type)
    }),
  )
  writer.section(3, (section) => section.vec([RUN], (type) => section.u32(type)))
  writer.section(7, (section) => {
    section.u32(1)
    section.name('run')
    section.u8(FUNCTION)
    section.u32(imports.length)
  })
  writer.section(10, (section) => section.vec([functions], (called) => section.sized((body) => run(body, called))))
  return writer.finish()
}

const EXCHANGE = 0
const NEXT = 1

function run(body: Writer, functions: readonly FuncType[]): void {
  body.u32(1)
  body.u32(1)
  body.valType('i32')
  instruction(body, 'local.get', EXCHANGE)
  instruction(body, 'call', TO_BEGIN)
  instruction(body, 'local.set', NEXT)
  instruction(body, 'block', 'empty')
  instruction(body, 'loop', 'empty')
  for (const _ of functions) instruction(body, 'block', 'empty')
  instruction(body, 'local.get', NEXT)
  // The labels of the blocks, then of the loop, then of what is around it
  instruction(body, 'br_table', [...functions.keys(), functions.length + 1])
  for (const [at, { params }] of functions.entries()) {
    instruction(body, 'end')
    instruction(body, 'local.get', EXCHANGE)
    for (const [index, type] of params.entries()) {
      instruction(body, 'local.get', EXCHANGE)
      instruction(body, 'i32.const', index)
      instruction(body, 'call', TO_ARGUMENT + NUMBERS.indexOf(type))
    }
    instruction(body, 'call', FIRST_FUNCTION + 2 * at)
    instruction(body, 'call', FIRST_FUNCTION + 2 * at + 1)
    instruction(body, 'local.set', NEXT)
    instruction(body, 'br', functions.length - 1 - at)
  }
  instruction(body, 'end')
  instruction(body, 'end')
  instruction(body, 'local.get', EXCHANGE)
  instruction(body, 'call', TO_OUTPUT)
  instruction(body, 'end')
}
