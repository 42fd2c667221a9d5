/** The `curfew` command, but for the process around it. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { EXIT } from '../errors.ts'
import { type CallCommandOptions, callCommand } from './call.ts'
import { CommandError } from './failure.ts'
import { type GuardCommandOptions, guardCommand } from './guard.ts'
import { CALL_HELP, GUARD_HELP, INSPECT_HELP, PROGRAM_HELP, RUN_HELP } from './help.ts'
import { type InspectCommandOptions, inspectCommand } from './inspect.ts'
import type { CommandIo } from './io.ts'
import { durationOption, fuelOption, listOption, markNegatives, sizeOption, unmark } from './options.ts'
import { fail } from './output.ts'
import { DIRECTORY_EXPECTED, parseDirectory, parseVariable, type RunCommandOptions, runCommand, VARIABLE_EXPECTED } from './run.ts'

const HELP_WIDTH = 100

/** Runs the command. @param argv without the program's name @returns the exit code; nothing is thrown */
export async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  let exitCode: number = EXIT.ok
  const program = describeProgram(io, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(markNegatives(argv), { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && HELP.has(error.code)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const json = argv.includes('--json')
    return fail(io, error instanceof CommanderError ? usageError(error, program, argv) : error, { json })
  }
}

/** What the parser calls it when it has printed help, asked for or for want of a command, or the version. */
const HELP: ReadonlySet<string> = new Set(['commander.helpDisplayed', 'commander.version', 'commander.help'])

function describeProgram(io: CommandIo, exit: (code: number) => void): Command {
  const program = new Command('curfew')
    .description('Runs WebAssembly plugins under a deadline, shows what they are made of, and guards them for other engines.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // It comes back as an exception, and is printed as all errors are
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(io.stdout.columns ?? HELP_WIDTH, HELP_WIDTH),
      getErrHelpWidth: () => Math.min(io.stderr.columns ?? HELP_WIDTH, HELP_WIDTH),
      getOutHasColors: () => io.stdout.colour === true,
      getErrHasColors: () => io.stderr.colour === true,
    })
    .addHelpText('after', PROGRAM_HELP)
  program
    .command('call')
    .summary('call a function that a module exports')
    .description('Loads a module, calls a function that it exports, and prints the results.')
    .argument('<file.wasm>', 'the module, a binary')
    .argument('<export>', 'name of the function')
    .argument('[args...]', 'its arguments')
    .addOption(durationOption('--timeout', 'end the call after so long'))
    .addOption(durationOption('--cpu-timeout', 'end the call once the plugin has run for so long, waiting not counted'))
    .addOption(durationOption('--start-timeout', 'how long the start function may take (default: 1s)'))
    .addOption(sizeOption('--memory', 'most that its memories may grow to, together (default: 128MiB)'))
    .addOption(fuelOption('--fuel', 'end the call once it has used so much fuel; 0 counts without a limit'))
    .option('--costs <costs.json>', 'what instructions cost in fuel, which is then counted')
    .option('--deterministic', 'the same on every machine: NaNs have one form, relaxed SIMD is refused')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', CALL_HELP)
    .action(async (file: string, name: string, args: string[], options: CallCommandOptions) => {
      exit(await callCommand(io, unmark(file), unmark(name), args.map(unmark), options))
    })
  program
    .command('run')
    .summary('run a program of WASI')
    .description('Runs a program (a module of WASI preview 1 that exports _start) with the streams of the command, and exits with its exit code.')
    .argument('<file.wasm>', 'the module, a binary')
    .argument('[args...]', 'its arguments; after -- also those that begin with a dash')
    .addOption(listOption('--env <name=value>', 'a variable of its environment, which is empty otherwise', parseVariable, VARIABLE_EXPECTED))
    .addOption(
      listOption('--dir <host::guest[:ro]>', 'a directory that it may use, and what it sees it as; read-only with :ro', parseDirectory, DIRECTORY_EXPECTED),
    )
    .addOption(durationOption('--timeout', 'end it after so long'))
    .addOption(durationOption('--cpu-timeout', 'end it once it has run for so long, waiting not counted'))
    .addOption(sizeOption('--memory', 'most that its memories may grow to, together (default: 128MiB)'))
    .addOption(fuelOption('--fuel', 'end it once it has used so much fuel; 0 counts without a limit'))
    .option('--deterministic', 'the same on every machine: clock and random bytes too')
    .option('--json', 'print one line of JSON, with what it wrote in it')
    .addHelpText('after', RUN_HELP)
    .action(async (file: string, args: string[], options: RunCommandOptions) => {
      exit(await runCommand(io, unmark(file), args.map(unmark), options))
    })
  program
    .command('inspect')
    .summary('show what a module is made of and what the guard does to it')
    .description('Shows what a module is made of and what the guard does to it.')
    .argument('<file.wasm>', 'the module, a binary')
    .addOption(sizeOption('--memory', 'the limit to guard it with (default: 128MiB)'))
    .option('--json', 'print one line of JSON')
    .addHelpText('after', INSPECT_HELP)
    .action(async (file: string, options: InspectCommandOptions) => {
      exit(await inspectCommand(io, unmark(file), options))
    })
  program
    .command('guard')
    .summary('write a module as the guard rewrites it, for any engine')
    .description('Writes a module as the guard rewrites it: its code asks, at bounded intervals of work, whether it may go on.')
    .argument('<file.wasm>', 'the module, a binary')
    .option('-o, --output <out.wasm>', 'the file to write; needed, unless there is --report')
    .option('--fuel', 'count fuel')
    .option('--costs <costs.json>', 'what instructions cost in fuel, which is then counted')
    .option('--deterministic', 'the same on every machine: NaNs have one form, relaxed SIMD is refused, fuel is counted')
    .addOption(sizeOption('--memory', 'most that its memories may grow to, together (default: 128MiB)'))
    .option('--report', 'show what became of each function')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', GUARD_HELP)
    .action(async (file: string, options: GuardCommandOptions) => {
      exit(await guardCommand(io, unmark(file), options))
    })
  return program
}

/** The same file from `src/cli/` and `dist/cli/`. */
function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}

/** An error of the parser, in the command's own form. */
function usageError({ message }: CommanderError, program: Command, argv: readonly string[]): CommandError {
  const [what = '', suggestion] = unmark(message)
    .replace(/^error: /, '')
    .split('\n')
  const command = program.commands.find((each) => each.name() === argv[0])
  const help = `\`curfew ${command === undefined ? '' : `${command.name()} `}--help\` tells more.`
  const advice = suggestion === undefined ? help : `${suggestion.replace(/^\((.*)\)$/, '$1')} ${help}`
  return new CommandError('invalid-option', what.replace(/\.$/, ''), advice)
}
