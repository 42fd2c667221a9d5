/** `curfew inspect`: what a module is made of, and what the guard does to it. None of its code runs. */
import { EXIT, LoadError } from '../errors.ts'
import type { GuardReport } from '../guard/index.ts'
import { DEFAULT_MEMORY_LIMIT } from '../limits.ts'
import { describe } from './describe.ts'
import { failureOf } from './failure.ts'
import { parseModuleFile, readModuleFile } from './file.ts'
import { guardAndValidate } from './guarding.ts'
import type { CommandIo } from './io.ts'
import { fail, printJson } from './output.ts'
import { printDescription } from './report.ts'

export interface InspectCommandOptions {
  /** Bytes. */
  readonly memory?: number
  readonly json?: boolean
}

/** @returns the exit code: that of the error if the module could not be loaded, whose description is printed nevertheless */
export async function inspectCommand(io: CommandIo, file: string, options: InspectCommandOptions): Promise<number> {
  const json = options.json === true
  try {
    const bytes = await readModuleFile(io, file)
    const module = parseModuleFile(bytes)
    const memoryLimit = options.memory ?? DEFAULT_MEMORY_LIMIT
    const { report, refusal } = await tryGuard(bytes, memoryLimit)
    const description = describe(file, module, report, memoryLimit)
    if (json && refusal !== undefined) printJson(io.stdout, { ...description, error: failureOf(refusal) })
    else if (json) printJson(io.stdout, description)
    else printDescription(io.stdout, description)
    if (refusal === undefined) return EXIT.ok
    return json ? failureOf(refusal).exitCode : fail(io, refusal, { json, module: file })
  } catch (error) {
    return fail(io, error, { json, module: file })
  }
}

async function tryGuard(bytes: Uint8Array, memoryLimit: number): Promise<{ report?: GuardReport; refusal?: LoadError }> {
  try {
    return { report: (await guardAndValidate(bytes, { memoryLimit })).report }
  } catch (error) {
    if (error instanceof LoadError) return { refusal: error }
    throw error
  }
}
