/** Modules that binaryen's fuzzer makes of random bytes (`wasm-opt --translate-to-fuzz`): every feature, every type, odd combinations. */
import type { Features } from '../features.ts'
import { Random } from '../random.ts'
import type { Ran, WasmOpt } from './wasm-opt.ts'

/** What no V8 without flags has. */
const NEVER = [
  'strings',
  'stack-switching',
  'shared-everything',
  'fp16',
  'custom-descriptors',
  'multibyte',
  'relaxed-atomics',
  'custom-page-sizes',
  'wide-arithmetic',
  'compact-imports',
]

export interface BinaryenCase {
  readonly args: readonly string[]
  /** What the fuzzer reads its decisions from. */
  readonly input: Uint8Array<ArrayBuffer>
}

export function binaryenCase(seed: number, features: Features): BinaryenCase {
  const random = new Random(seed)
  const disabled = [...NEVER, ...lacking(features)]
  if (random.oneIn(4)) disabled.push(...random.pick(SUBSETS))
  const args = ['-ttf', '-all', ...disabled.map((name) => `--disable-${name}`)]
  if (random.oneIn(3)) args.push('--no-fuzz-oob')
  if (random.oneIn(8)) args.push('--no-fuzz-memory')
  if (random.oneIn(8)) args.push('--fuzz-passes')
  if (random.oneIn(4)) args.push(random.pick(['-O1', '-O2', '-O3', '-Os', '--vacuum', '--inlining', '--dce', '--code-pushing', '--merge-blocks']))
  // NaNs have bits that depend on the compiler's tier. One module in eight keeps them: most never show those bits
  if (!random.oneIn(8)) args.push('--denan')
  // The older form of exceptions is translated where both in one module are refused
  if (!features.mixedExceptions || random.oneIn(3)) args.push('--emit-exnref')
  return { args: [...args, '/in', '-o', '/out'], input: random.bytes(random.pick([200, 500, 1_000, 2_000, 4_000])) }
}

export function runBinaryen({ args, input }: BinaryenCase, program: WasmOpt): Ran {
  return program.run(args, { '/in': input })
}

/** Features that a part of the modules does without, so that what replaces them comes up more often. */
const SUBSETS = [['gc'], ['memory64'], ['exception-handling'], ['simd', 'relaxed-simd'], ['threads'], ['multimemory'], ['tail-call']]

function lacking(features: Features): string[] {
  const needs: readonly (readonly [name: string, has: boolean])[] = [
    // With 64-bit memories come 64-bit tables
    ['memory64', features.memory64 && features.table64],
    ['multimemory', features.multiMemory],
    ['tail-call', features.tailCalls],
    ['gc', features.gc && features.typedReferences],
    // Where only the older form is known, some of the modules are refused: the fuzzer writes both
    ['exception-handling', features.exceptions || features.legacyExceptions],
    ['simd', features.simd],
    ['relaxed-simd', features.relaxedSimd],
    ['threads', features.threads],
    ['extended-const', features.extendedConstants],
  ]
  return needs.filter(([, has]) => !has).map(([name]) => name)
}
