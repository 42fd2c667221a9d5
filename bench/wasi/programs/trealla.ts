import assert from 'node:assert/strict'
import { load } from '../../real/packages.ts'
import type { WasiProgram } from '../program.ts'

const SIZE = 7
const QUEENS = `
:- initialization(main).
queens(N, Qs) :- numlist(1, N, Ns), place(Ns, [], Qs).
place([], Qs, Qs).
place(Ns, Placed, Qs) :- select(Q, Ns, Rest), \\+ attacked(Q, 1, Placed), place(Rest, [Q|Placed], Qs).
attacked(Q, D, [X|_]) :- Q =:= X + D ; Q =:= X - D.
attacked(Q, D, [_|Xs]) :- D1 is D + 1, attacked(Q, D1, Xs).
main :- findall(Qs, queens(${SIZE}, Qs), All), write(All), nl, halt(7).
`

/** The package has it as text in its own source, and compiles it when it is started. */
async function bytes(): Promise<Uint8Array<ArrayBuffer>> {
  const { compile } = WebAssembly
  const compiled: Uint8Array<ArrayBuffer>[] = []
  WebAssembly.compile = (source) => {
    compiled.push(source as Uint8Array<ArrayBuffer>)
    return compile(source)
  }
  try {
    await (await load<{ load(): Promise<void> }>('trealla')).load()
  } finally {
    WebAssembly.compile = compile
  }
  const largest = compiled.reduce((a, b) => (b.length > a.length ? b : a))
  return new Uint8Array(largest)
}

export const trealla: WasiProgram = {
  id: 'trealla',
  label: `trealla (Prolog): ${SIZE} queens by a program from a file`,
  toolchain: 'C, WASI SDK',
  bytes,
  // How its own glue lets it call JavaScript
  imports: () => ({ trealla: { 'host-call': () => 0, 'host-resume': () => 0 } }),
  files: { 'queens.pl': QUEENS },
  args: ['--ns', '/queens.pl'],
  check({ exitCode, stdout }) {
    assert.equal(exitCode, 7)
    assert.deepEqual((JSON.parse(stdout) as number[][]).map(String).sort(), solutions([]).map(String).sort())
  },
}

function solutions(placed: readonly number[]): number[][] {
  if (placed.length === SIZE) return [[...placed]]
  return Array.from({ length: SIZE }, (_, index) => index + 1)
    .filter((queen) => placed.every((other, row) => other !== queen && Math.abs(other - queen) !== placed.length - row))
    .flatMap((queen) => solutions([...placed, queen]))
}
