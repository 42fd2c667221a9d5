/** What nobody uses swept out, by binaryen: it renumbers, which the other passes do not. */
import { WasmOpt } from '../generators/wasm-opt.ts'

let program: WasmOpt | undefined

/** Undefined if binaryen cannot read it, or nothing becomes of it. */
export async function swept(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
  program ??= new WasmOpt()
  if (program.needsStart) await program.start()
  const { status, output } = program.run(
    ['-all', '--disable-strings', '--disable-custom-descriptors', '--remove-unused-module-elements', '/in', '-o', '/out'],
    { '/in': bytes },
  )
  return status === 0 ? output : undefined
}
