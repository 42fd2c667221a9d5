import assert from 'node:assert/strict'
import { file } from '../../real/packages.ts'
import type { WasiProgram } from '../program.ts'

const DESIGN = 'module adder(input [7:0] a, b, input c, output reg [8:0] y);\n  always @* y = c ? a * b : a + b;\nendmodule\n'
/** What its circuit makes of some inputs. */
const EVALUATED = [5, 6, 250].map((a) => `eval -set a ${a} -set b 77 -set c 0 -show y adder`)

export const yosys: WasiProgram = {
  id: 'yosys',
  label: '@yowasp/yosys: a circuit from Verilog, simplified, evaluated and written',
  toolchain: 'C++, WASI SDK',
  bytes: () => file('@yowasp/yosys/gen/yosys.core.wasm'),
  limits: { caps: { calls: 1_000_000 } },
  files: { 'in.v': DESIGN },
  args: ['-Q', '-p', ['read_verilog /in.v', 'proc', 'opt', ...EVALUATED, 'simplemap', 'write_verilog -noattr /out.v'].join('; ')],
  check({ exitCode, stdout, file: read }) {
    assert.equal(exitCode, 0)
    const results = [...stdout.matchAll(/Eval result: \\y = 9'([01]+)/g)].map(([, bits]) => Number.parseInt(bits as string, 2))
    assert.deepEqual(results, [5 + 77, 6 + 77, 250 + 77])
    assert.match(new TextDecoder().decode(read('out.v')), /module adder\(a, b, c, y\);/)
  },
}
