/** Options as the command line has them, turned into numbers. */
import { InvalidArgumentError, Option } from 'commander'
import { DURATION_EXPECTED, FUEL_EXPECTED, parseDuration, parseFuel, parseSize, SIZE_EXPECTED } from './units.ts'
import { NEGATIVE_VALUE } from './values.ts'

/** No argument of a process can begin with it. */
const MARK = '\0'

/**
 * Marks what begins with `-` but is a number, so that the parser does not take it for an option: `-5`, `-0x10`, `-inf`. Nobody should have to
 * know of `--`.
 */
export function markNegatives(argv: readonly string[]): string[] {
  return argv.map((text) => (NEGATIVE_VALUE.test(text) ? MARK + text : text))
}

export function unmark(text: string): string {
  return text.replaceAll(MARK, '')
}

export function durationOption(name: string, description: string): Option {
  return new Option(`${name} <duration>`, description).argParser(parser(parseDuration, DURATION_EXPECTED))
}

export function sizeOption(name: string, description: string): Option {
  return new Option(`${name} <size>`, description).argParser(parser(parseSize, SIZE_EXPECTED))
}

export function fuelOption(name: string, description: string): Option {
  return new Option(`${name} <units>`, description).argParser(parser(parseFuel, FUEL_EXPECTED))
}

/** One that may be given several times: all values, in order. */
export function listOption<T>(flags: string, description: string, parse: (text: string) => T | undefined, expected: string): Option {
  const one = parser(parse, expected)
  return new Option(flags, description).argParser((text: string, before: readonly T[] = []) => [...before, one(text)])
}

function parser<T>(parse: (text: string) => T | undefined, expected: string): (text: string) => T {
  return (text) => {
    const value = parse(unmark(text))
    if (value === undefined) throw new InvalidArgumentError(`It takes ${expected}.`)
    return value
  }
}
