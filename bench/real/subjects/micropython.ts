import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Python {
  runPython(code: string): void
  globals: { get(name: string): unknown }
}
type MicroPython = { loadMicroPython(options: { heapsize: number; stdout(line: string): void }): Promise<Python> }

const SCRIPT = `
import json
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
class Matrix:
    def __init__(self, rows):
        self.rows = rows
    def __mul__(self, other):
        columns = list(zip(*other.rows))
        return Matrix([[sum(a * b for a, b in zip(row, column)) for column in columns] for row in self.rows])
matrix = Matrix([[(i * 31 + j * 17) % 13 / 7 for j in range(14)] for i in range(14)])
counts = {}
for i in range(6000):
    key = 'k%d' % (i * 7919 % 211)
    counts[key] = counts.get(key, 0) + 1
def squares():
    for i in range(4000):
        yield i * i
caught = 0
for i in range(600):
    try:
        [][i]
    except IndexError:
        caught += 1
output = json.dumps([fib(19), (matrix * matrix * matrix).rows, sorted(counts.items()), sum(squares()), caught, 3 ** 500 % 10 ** 40])
`

export const micropython: RealSubject = {
  id: 'micropython',
  label: 'MicroPython: a script of functions, classes, dictionaries, generators',
  toolchain: 'C, Emscripten',
  async load() {
    const { loadMicroPython } = await load<MicroPython>('@micropython/micropython-webassembly-pyscript')
    const python = await loadMicroPython({ heapsize: 4_000_000, stdout: () => undefined })
    // The glue calls its module by a global name, which the next copy takes
    const { Module } = globalThis as { Module?: unknown }
    return {
      run() {
        Object.assign(globalThis, { Module })
        python.runPython(SCRIPT)
        return digest(String(python.globals.get('output')))
      },
    }
  },
}
