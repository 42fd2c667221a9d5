/** Exceptions in both forms: who throws, who catches, and where that goes on. */
import { type RefType, refType, typeByte, type ValType } from '../../../../src/wasm/types.ts'
import type { CatchClause } from '../../../../src/wasm/writer.ts'
import type { Code } from './code.ts'
import { leaf } from './constants.ts'
import { countdown } from './countdown.ts'
import { sameTypes } from './types.ts'

const EXCEPTION: RefType = refType(true, 'exn')

function params(code: Code, tag: number): readonly ValType[] {
  return code.shape.types.at(code.shape.tags[tag] as number).params
}

/** Under a condition. */
export function throwStatement(code: Code): void {
  if (code.shape.tags.length === 0) return
  const tag = code.random.below(code.shape.tags.length)
  if (code.random.oneIn(3)) code.value('i32')
  else code.unlikely()
  code.block('if', [], [], () => {
    code.values(params(code, tag))
    code.op('throw', tag)
  })
}

export function tryStatement(code: Code): void {
  const { random } = code
  if (isNew(code) && random.oneIn(4)) return retry(code)
  const type = random.pick(code.shape.valueTypes)
  tryValue(code, type)
  code.absorb(type)
}

function isNew(code: Code): boolean {
  const { exceptions } = code.shape
  return exceptions === 'new' || (exceptions === 'both' && code.random.oneIn(2))
}

/** Something that may throw, and a value of the type in any case. */
export function tryValue(code: Code, type: ValType): void {
  if (code.shape.tags.length === 0) return code.value(type)
  const isWide = typeof type === 'object' && typeByte(type) === undefined
  if (isNew(code) && !(isWide && !code.shape.features.wideTryTable)) tryTable(code, type)
  else if (code.shape.exceptions === 'new') code.value(type)
  else legacyTry(code, type)
}

function body(code: Code, type: ValType): void {
  code.statements(2)
  throwStatement(code)
  code.statements(2)
  code.value(type)
}

/** Each handler is a block that an exception jumps to the end of. */
function tryTable(code: Code, type: ValType): void {
  const { random, shape } = code
  const handlers = Array.from({ length: 1 + random.below(3) }, () => someHandler(code))
  const carried = handlers.map(({ kind, tag }): ValType[] => {
    const exception = kind.endsWith('_ref') ? [EXCEPTION] : []
    return tag === undefined ? exception : [...params(code, tag), ...exception]
  })
  code.block('block', [], [type], () => {
    const nest = (left: number): void => {
      if (left === 0) {
        const clauses: CatchClause[] = handlers.map((handler, at) => ({ ...handler, label: at }))
        code.op('try_table', type, outward(code, clauses))
        code.within({ types: [type], isLoop: false }, () => body(code, type))
        code.op('end')
        // Out, past the handlers
        return code.op('br', handlers.length)
      }
      code.block('block', [], carried[left - 1] as ValType[], () => nest(left - 1))
      handle(code, carried[left - 1] as ValType[])
      leaf(code, type)
      code.op('br', handlers.length - left)
    }
    nest(handlers.length)
    if (shape.features.exceptions) code.op('unreachable')
  })
}

function someHandler(code: Code): { kind: CatchClause['kind']; tag?: number } {
  const kind = code.random.pick(['catch', 'catch', 'catch_ref', 'catch_all', 'catch_all_ref'] as const)
  return kind.startsWith('catch_all') ? { kind } : { kind, tag: code.random.below(code.shape.tags.length) }
}

/** Some exceptions go to labels further out, loops among them, that happen to take the right values. */
function outward(code: Code, clauses: CatchClause[]): CatchClause[] {
  return clauses.map((clause) => {
    if (clause.kind.endsWith('_ref') || !code.random.oneIn(3)) return clause
    const labels = code
      .labelsOf(clause.tag === undefined ? [] : params(code, clause.tag))
      .filter((label) => !code.labels[code.labels.length - 1 - label]?.isLoop)
    return labels.length === 0 ? clause : { ...clause, label: code.random.pick(labels) }
  })
}

/** What was caught is on the stack. */
function handle(code: Code, types: readonly ValType[]): void {
  if (sameTypes(types.slice(-1), [EXCEPTION])) {
    if (code.random.oneIn(5)) return code.op('throw_ref')
    if (code.random.oneIn(3)) {
      const local = code.local(EXCEPTION)
      code.op('local.set', local)
    } else code.op('drop')
    code.absorbAll(types.slice(0, -1))
  } else code.absorbAll(types)
  code.statements(1)
}

/** The handler is the header of a loop. */
function retry(code: Code): void {
  const goOn = countdown(code, code.random.below(10))
  code.block('block', [], [], () =>
    code.block('loop', [], [], () => {
      goOn()
      code.op('i32.eqz')
      code.op('br_if', 1)
      code.op('try_table', 'empty', [{ kind: 'catch_all', label: 0 }])
      code.within({ types: [], isLoop: false }, () => {
        code.statements(2)
        throwStatement(code)
      })
      code.op('end')
    }),
  )
}

function legacyTry(code: Code, type: ValType): void {
  const { random } = code
  code.op('try', code.blockType([], [type]))
  code.within({ types: [type], isLoop: false }, () => body(code, type))
  // A label of delegate is counted from outside the try, and the function's own is the last
  if (random.oneIn(5)) return code.op('delegate', random.below(code.labels.length))
  for (let count = random.below(3); count > 0; count--) {
    const tag = random.below(code.shape.tags.length)
    code.op('catch', tag)
    handler(code, params(code, tag), type)
  }
  if (random.oneIn(2)) {
    code.op('catch_all')
    handler(code, [], type)
  }
  code.op('end')
}

function handler(code: Code, carried: readonly ValType[], type: ValType): void {
  code.within({ types: [type], isLoop: false }, () => {
    code.absorbAll(carried)
    code.statements(1)
    if (code.random.oneIn(5)) {
      code.value('i32')
      code.block('if', [], [], () => code.op('rethrow', 1))
    }
    leaf(code, type)
  })
}
