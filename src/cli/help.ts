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
  fuel: 'fuel ran out: --fuel',
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
  $ curfew run program.wasm --timeout 5s -- --verbose input.txt
  $ curfew guard plugin.wasm -o plugin.guarded.wasm

Exit codes:
${exitCodes}

\`curfew call --help\`, \`curfew run --help\`, \`curfew inspect --help\` and
\`curfew guard --help\` tell more.`

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

Fuel is what instructions cost: 1 each, nothing for those that only structure code, bulk
operations by length; or as the file of --costs says (see \`curfew guard --help\`). What
the call used is printed on stderr, and is \`fuel\` in the JSON.

Examples:
  $ curfew call plugin.wasm add 2 -3
  $ curfew call plugin.wasm run --timeout 50ms --memory 16MiB
  $ curfew call plugin.wasm hash 0xcbf29ce484222325 --json
  $ curfew call plugin.wasm run --fuel 1000000 --deterministic

Exit codes:
${exitCodes}`

export const RUN_HELP = `
The program reads the command's standard input and writes to its outputs, as it goes.
(A Node without JSPI, before 24, cannot suspend it: there its input is read whole before it
begins, and is empty at a terminal.) It sees nothing else of the machine but what it is given:

  --env NAME=value        a variable; there are no others
  --dir data              the directory data, which it sees as data
  --dir ./data::/data     ... which it sees as /data
  --dir ./data::/data:ro  ... and cannot change anything in
No path of the program leads out of these, by .., a symlink or otherwise.

It exits with the program's exit code (255 for those above), or with one of those below
if the program was ended; 141 if nobody reads its output any more. They may be the same:
--json tells them apart. With it, output is collected (up to 1 MiB each), and printed as
stdout and stderr of one object.

Examples:
  $ curfew run cat.wasm < hello.txt
  $ curfew run compress.wasm --dir .::. --timeout 10s -- -9 report.txt
  $ curfew run plugin.wasm --env LANG=C --memory 64MiB --json | jq .exitCode
  $ curfew run program.wasm --deterministic --fuel 0 --json

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

export const GUARD_HELP = `
The file is a module like any other, but with checks in its code. It runs in any engine
(with atomic instructions, if it grows a memory), driven by hooks that you give it; without
them it traps at its first check. Nothing of it runs here. What the command prints names
each export that a driver needs, and says what to do with it. In JavaScript \`curfew/guard\`
has all of a driver:

  import { readFile } from 'node:fs/promises'
  import { ABI_SECTION, attachHook, makeHook, MAX_CREDIT, STOP } from 'curfew/guard'
  const module = await WebAssembly.compile(await readFile('out.wasm'))
  const [abi] = WebAssembly.Module.customSections(module, ABI_SECTION)
  const instance = await WebAssembly.instantiate(module, {})
  const end = performance.now() + 50
  const poll = () => (performance.now() < end ? MAX_CREDIT : STOP)
  attachHook(instance, JSON.parse(new TextDecoder().decode(abi)), makeHook({ poll }))
  instance.exports.run()

A poll must not throw, and elsewhere must be a WebAssembly function: import yours into a
small module that exports it again.

With --fuel, instructions cost 1 each, those that only structure code nothing, and bulk
operations by length. A file of --costs sets it otherwise, by the names of instructions,
and by default (all others), kibibyte and element (of bulk operations), page (of growth):
  { "default": 1, "call": 10, "f64.div": 20, "kibibyte": 64, "element": 1, "page": 4096 }

Examples:
  $ curfew guard plugin.wasm -o plugin.guarded.wasm
  $ curfew guard plugin.wasm -o plugin.guarded.wasm --costs costs.json --memory 16MiB
  $ curfew guard plugin.wasm --report
  $ curfew guard plugin.wasm --report --json | jq '.functions[] | select(.heaviest > 5)'

Exit codes:
${exitCodes}`
