import { load, text } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type ClangFormat = { format(source: string, name: string, style: string): string }

export const clangFormat: RealSubject = {
  id: 'clang-format',
  label: '@wasm-fmt/clang-format: format a C file in two styles',
  toolchain: 'C++, Emscripten',
  async load() {
    const { format } = await load<ClangFormat>('@wasm-fmt/clang-format')
    // All that is not C's concern in one line, so that there is something to do
    const source = text('hash-wasm/src/xxhash3.c').replace(/[ \t]+/g, ' ')
    return { run: () => digest(...['LLVM', 'GNU'].map((style) => format(source, 'xxhash3.c', style))) }
  },
}
