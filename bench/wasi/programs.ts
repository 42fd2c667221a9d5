import type { WasiProgram } from './program.ts'
import { envvar } from './programs/envvar.ts'
import { flite } from './programs/flite.ts'
import { pandoc } from './programs/pandoc.ts'
import { perl } from './programs/perl.ts'
import { ruby } from './programs/ruby.ts'
import { shSyntax } from './programs/sh-syntax.ts'
import { trealla } from './programs/trealla.ts'
import { yosys } from './programs/yosys.ts'

/** Every program that is run. */
export const PROGRAMS: readonly WasiProgram[] = [envvar, flite, pandoc, perl, ruby, shSyntax, trealla, yosys]
