/** What `--help` adds to the lists of commands and options. */
import { EXIT } from '../errors.ts'

/** One meaning a code, so that a new code does not compile without one. */
const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'all went well',
  internal: 'a bug in curfew itself',
  usage: 'wrong usage: an option, an argument, no such function',
  load: 'the module could not be read or loaded',
  trap: 'the plugin trapped, used up its stack, or threw',
  host: 'the host could not go on with the call',
  deadline: 'time ran out, as with timeout(1): --timeout, --cpu-timeout or --start-timeout',
  aborted: 'interrupted by Ctrl-C',
}

const exitCodes = Object.entries(EXIT)
  .map(([name, code]) => `  ${String(code).padStart(3)}  ${MEANINGS[name as keyof typeof EXIT]}`)
  .join('\n')

export const PROGRAM_HELP = `
Examples:
  $ curfew inspect plugin.wasm
  $ curfew call plugin.wasm add 2 3
  $ curfew call plugin.wasm run --timeout 50ms

Exit codes:
${exitCodes}

Run \`curfew call --help\` and \`curfew inspect --help\` for more.`

export const CALL_HELP = `
Arguments, by the function's signature (\`curfew inspect\` shows it):
  i32, i64    whole numbers, signed or unsigned: 5, -5, 4294967295, 0xff
  f32, f64    numbers: 2.5, -1e-3, 0xff, inf, -inf, nan
  references  null

Results are printed one a line, written the same way. With --json there is one line
of JSON instead, on stdout, for failures too; i64, inf, -inf, nan and -0 are strings
in it, times are milliseconds.

Durations are 50 (milliseconds), 50ms, 1.5s or 2m; 0 is no limit. Sizes are 65536 (bytes),
64KiB, 16MiB, 1GiB or 16MB.

The module gets no imports. Its start function, if it has one, runs first.

Examples:
  $ curfew call plugin.wasm add 2 -3
  $ curfew call plugin.wasm run --timeout 50ms --memory 16MiB
  $ curfew call plugin.wasm hash 0xcbf29ce484222325 --json

Exit codes:
${exitCodes}`

export const INSPECT_HELP = `
It shows what the module exports and imports, with types; its memories and tables, and what
their maxima are lowered to; where its bytes go; and how many checks the guard puts in.
Nothing of the module runs. A module that would not load is described as far as it can
be, with the reason.

Examples:
  $ curfew inspect plugin.wasm
  $ curfew inspect plugin.wasm --json | jq '.exports[].name'

Exit codes:
${exitCodes}`
