import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Context {
  evalCode(code: string): unknown
  unwrapResult(result: unknown): { dispose(): void }
  getString(handle: unknown): string
  dispose(): void
}
type Core = { newQuickJSWASMModuleFromVariant(variant: unknown): Promise<{ newContext(): Context }> }

/** Objects and classes, closures, strings and regular expressions, typed arrays, JSON and exceptions. */
const SCRIPT = `
  class Task {
    constructor(id, priority, next) { Object.assign(this, { id, priority, next, runs: 0 }) }
    run(queue) {
      this.runs++
      if (this.priority % 3 === 0) queue.push(new Task(this.id + 1, this.priority - 1, this))
      return this.next ? this.next.runs : 0
    }
  }
  function schedule(count) {
    const queue = Array.from({ length: 50 }, (_, id) => new Task(id, id, null))
    let sum = 0
    for (let i = 0; i < count; i++) {
      const task = queue[i * 7919 % queue.length]
      sum += task.run(queue)
      if (queue.length > 400) queue.splice(50)
    }
    return sum
  }
  function sieve(limit) {
    const composite = new Uint8Array(limit)
    let found = 0
    for (let i = 2; i < limit; i++) {
      if (composite[i]) continue
      found++
      for (let j = i * i; j < limit; j += i) composite[j] = 1
    }
    return found
  }
  function words(count) {
    const text = Array.from({ length: count }, (_, i) => 'w' + (i * 31 % 97).toString(36) + '-' + i).join(' ')
    const seen = new Map()
    for (const [, word] of text.matchAll(/(w[a-z]+)-\\d+/g)) seen.set(word, (seen.get(word) ?? 0) + 1)
    return JSON.parse(JSON.stringify([...seen].sort()))
  }
  function thrown(count) {
    let caught = 0
    for (let i = 0; i < count; i++) {
      try { if (i % 2) throw new Error('no ' + i); null.x } catch (error) { caught += error.message.length } finally { caught++ }
    }
    return caught
  }
  JSON.stringify([schedule(25000), sieve(150000), words(4000), thrown(3000), Math.hypot(3, 4) / 7])`

export const quickjs: RealSubject = {
  id: 'quickjs',
  label: 'quickjs-emscripten: a script of objects, typed arrays, strings, exceptions',
  toolchain: 'C, Emscripten',
  async load() {
    const { newQuickJSWASMModuleFromVariant } = await load<Core>('quickjs-emscripten-core')
    const { default: variant } = await load<{ default: unknown }>('@jitl/quickjs-wasmfile-release-sync')
    const quickjs = await newQuickJSWASMModuleFromVariant(variant)
    return {
      run() {
        const context = quickjs.newContext()
        const result = context.unwrapResult(context.evalCode(SCRIPT))
        const output = context.getString(result)
        result.dispose()
        context.dispose()
        return digest(output)
      },
    }
  },
}
