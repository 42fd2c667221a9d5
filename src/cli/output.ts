/** How the command prints: tables and failures for people, one line of JSON for programs. */
import { CurfewError, LoadError, quote, REASONS } from '../errors.ts'
import { type Failure, failureOf } from './failure.ts'
import type { CommandIo, Sink } from './io.ts'

const RED = 31
const BOLD = 1

const coloured = (sink: Sink, code: number, text: string): string => (sink.colour ? `\u001b[${code}m${text}\u001b[0m` : text)

export function heading(sink: Sink, text: string): string {
  return coloured(sink, BOLD, text)
}

/** What prints as it is: letters, digits, punctuation; no spaces, and nothing that moves the cursor or turns the text round. */
const PLAIN = /^[\p{L}\p{N}\p{P}\p{S}]{1,80}$/u

const PRINTABLE = /^[\p{L}\p{N}\p{P}\p{S} ]+$/u

/** A name that a module made up, safe to print: as it is if it is plain, else quoted and escaped. */
export function safeName(name: string): string {
  return PLAIN.test(name) && !name.includes('"') ? name : quote(name)
}

/** Rows of cells as lines, each column as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[], indent = '  '): string {
  const widths: number[] = []
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))
  const line = (row: readonly string[]) => row.map((cell, at) => cell + ' '.repeat((widths[at] as number) - widthOf(cell))).join('  ')
  return rows.map((row) => `${indent}${line(row).trimEnd()}\n`).join('')
}

/** A column of figures. */
export function rightAligned(cells: readonly string[]): string[] {
  const width = cells.reduce((most, cell) => Math.max(most, widthOf(cell)), 0)
  return cells.map((cell) => ' '.repeat(width - widthOf(cell)) + cell)
}

function widthOf(text: string): number {
  return [...text].length
}

/** A path that the user typed: whole, if it is safe to print. */
export function safePath(path: string): string {
  return PRINTABLE.test(path) ? path : quote(path)
}

/** What the command was doing. */
export interface Doing {
  readonly json: boolean
  readonly module?: string | undefined
  readonly function?: string | undefined
}

/** Prints an error: for people on stderr, or as JSON on stdout. @returns its exit code */
export function fail(io: CommandIo, error: unknown, doing: Doing): number {
  const failure = failureOf(error)
  if (doing.json) printJson(io.stdout, { module: doing.module, function: doing.function, error: failure })
  else printFailure(io.stderr, failure, whereOf(failure, isOfModule(error), doing))
  return failure.exitCode
}

/** Did it go wrong before there was a function, so that it has nothing to do with that? */
function isOfModule(error: unknown): boolean {
  if (!(error instanceof CurfewError) || error instanceof LoadError) return true
  return error.code === 'no-such-function' || REASONS[error.code].kind === 'load'
}

function whereOf({ file, offset }: Failure, ofModule: boolean, doing: Doing): string | undefined {
  if (file !== undefined) return safePath(file)
  if (doing.module === undefined) return undefined
  const called = ofModule || doing.function === undefined ? '' : `function ${safeName(doing.function)} of `
  return `${called}${safePath(doing.module)}${offset === undefined ? '' : `, at byte ${offset} (0x${offset.toString(16)})`}`
}

/** What happened, where, what to do. */
function printFailure(sink: Sink, { message, advice, list = [] }: Failure, where: string | undefined): void {
  const lines = [`${coloured(sink, RED, 'curfew:')} ${escaped(message)}${list.length > 0 ? ':' : ''}`, ...list.map((each) => `    ${each}`)]
  if (where !== undefined) lines.push(`  where:      ${where}`)
  if (advice !== undefined) lines.push(`  what to do: ${advice}`)
  sink.write(`${lines.join('\n')}\n`)
}

/** Control characters, and those that are not seen or turn text round. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** An engine's message may have names of the guest in it. */
function escaped(text: string): string {
  return text.replace(UNPRINTABLE, (found) => found.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`))
}

/** One line of JSON. JSON itself leaves most that is not printable as it is. Whole numbers that a double cannot hold are strings. */
export function printJson(sink: Sink, value: object): void {
  const text = JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? wholeNumber(each) : each))
  sink.write(`${escaped(text)}\n`)
}

function wholeNumber(value: bigint): number | string {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value)
}
