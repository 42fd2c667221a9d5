import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Python {
  runPython(code: string): string
}
type Pyodide = { loadPyodide(options: object): Promise<Python> }

const SCRIPT = `
import collections, dataclasses, decimal, hashlib, heapq, itertools, json, re, statistics

@dataclasses.dataclass(order=True)
class Task:
    priority: int
    name: str

def schedule(count):
    queue = []
    for i in range(count):
        heapq.heappush(queue, Task(i * 7919 % 101, f'task {i}'))
        if i % 3 == 0:
            heapq.heappop(queue)
    return [heapq.heappop(queue).name for _ in range(20)]

def words(count):
    text = ' '.join(f'w{i * 31 % 97}-{i:x}' for i in range(count))
    return collections.Counter(re.findall(r'w(\\d+)-', text)).most_common(5)

def caught(count):
    total = 0
    for i in range(count):
        try:
            {}[i]
        except KeyError as error:
            total += error.args[0]
    return total

matrix = [[(i * 31 + j * 17) % 13 / 7 for j in range(36)] for i in range(36)]
product = [[sum(a * b for a, b in zip(row, column)) for column in zip(*matrix)] for row in matrix]
json.dumps([
    schedule(5000), words(4000), caught(5000), product, str(decimal.Decimal(2).sqrt() / 3), 3 ** 2000 % 10 ** 60,
    hashlib.sha256(b'curfew' * 1000).hexdigest(), statistics.pstdev(row[0] for row in product),
    sum(len(p) for p in itertools.islice(itertools.permutations(range(8)), 20000)),
])`

export const python: RealSubject = {
  id: 'python',
  label: 'pyodide (CPython): a script that uses the standard library',
  toolchain: 'C, Emscripten, exceptions, dynamic linking',
  async load() {
    const { loadPyodide } = await load<Pyodide>('pyodide')
    const python = await loadPyodide({ stdout: () => undefined, env: { PYTHONHASHSEED: '0' } })
    return { run: () => digest(python.runPython(SCRIPT)) }
  },
}
