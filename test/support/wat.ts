/**
 * WebAssembly text to bytes, for tests and fixtures.
 *
 * Two assemblers, because neither knows everything: watr has the whole of Wasm 3.0 but no legacy exceptions
 * (`try`, `catch`, `delegate`, `rethrow`), wabt has those. The text decides which one is used. Neither validates:
 * tests need invalid modules too.
 */

import wabt from 'wabt'
import { compile } from 'watr'

// wabt is an Emscripten module that starts asynchronously; waiting once here keeps `wat` synchronous.
const legacy = await wabt()

const LEGACY_FEATURES = { exceptions: true, multi_memory: true, reference_types: true, tail_call: true }

// `try_table`, whose clauses are called `catch_all` too, is the new form; only the legacy one has a bare `try`.
const LEGACY_TRY = /[\s(]try[\s)]/

// Comments and strings may hold anything, brackets and `try` included; block comments nest no deeper than one in tests.
const COMMENT_OR_STRING = /;;[^\n]*|\(;[\s\S]*?;\)|"(?:[^"\\]|\\[\s\S])*"/g

// Generated modules can be megabytes of text.
const SHOWN_LINES = 100
const SHOWN_COLUMNS = 200

/**
 * Assembles a module.
 *
 * @param text one module; `(module ...)` may be left out
 * @param name what to call it in an error
 */
export function wat(text: string, name = 'text'): Uint8Array<ArrayBuffer> {
  const code = text.replace(COMMENT_OR_STRING, '""')
  try {
    balanced(code)
    return LEGACY_TRY.test(code) ? viaWabt(text, name) : new Uint8Array(compile(text))
  } catch (cause) {
    throw new SyntaxError(`${name} does not assemble: ${cause instanceof Error ? cause.message.trim() : String(cause)}\n${numbered(text)}`, { cause })
  }
}

function viaWabt(text: string, name: string): Uint8Array<ArrayBuffer> {
  const parsed = legacy.parseWat(name, text, LEGACY_FEATURES)
  try {
    return new Uint8Array(parsed.toBinary({}).buffer)
  } finally {
    parsed.destroy()
  }
}

/** watr ignores what follows a closing bracket too many, which would silently shorten a module. */
function balanced(code: string): void {
  let depth = 0
  for (const char of code) {
    if (char === '(') depth += 1
    else if (char === ')') depth -= 1
    if (depth < 0) throw new SyntaxError('a closing bracket too many')
  }
  if (depth > 0) throw new SyntaxError('a closing bracket is missing')
}

function numbered(text: string): string {
  const lines = text.split('\n').map((line, index) => `${String(index + 1).padStart(4)} | ${line.slice(0, SHOWN_COLUMNS)}`)
  return [...lines.slice(0, SHOWN_LINES), ...(lines.length > SHOWN_LINES ? [`     | (${lines.length - SHOWN_LINES} more lines)`] : [])].join('\n')
}
