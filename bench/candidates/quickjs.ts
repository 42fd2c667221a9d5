import { load } from '../peers/packages.ts'
import { type Candidate, lateness, type Plugin } from './candidate.ts'
import { SCRIPT } from './plugin.ts'

/** What is used of its interface. */
interface Sdk {
  newQuickJSWASMModuleFromVariant(variant: unknown): Promise<{ newContext(): Context }>
}

interface Context {
  readonly runtime: { setInterruptHandler(handler: () => boolean): void }
  readonly global: Handle
  readonly undefined: Handle
  evalCode(source: string): unknown
  callFunction(fn: Handle, self: Handle, ...args: Handle[]): unknown
  /** @throws what the script has thrown */
  unwrapResult(result: unknown): Handle
  getProp(object: Handle, name: string): Handle
  newNumber(value: number): Handle
  newString(value: string): Handle
  getNumber(handle: Handle): number
  getString(handle: Handle): string
  dispose(): void
}

interface Handle {
  consume<T>(read: (handle: Handle) => T): T
  dispose(): void
}

export const quickjs: Candidate = {
  id: 'quickjs',
  name: 'QuickJS',
  what: 'a script in an interpreter in WebAssembly, ended by its interrupt handler; the event loop is held meanwhile',
  package: 'quickjs-emscripten-core',
  holds: true,
  async start({ timeout }) {
    const { newQuickJSWASMModuleFromVariant } = await load<Sdk>('quickjs-emscripten-core')
    const { default: variant } = await load<{ default: unknown }>('@jitl/quickjs-wasmfile-release-sync')
    const interpreter = await newQuickJSWASMModuleFromVariant(variant)
    return { plugin: async (number) => script(interpreter.newContext(), number, timeout), close: () => undefined }
  },
}

function script(context: Context, number: number, timeout: number): Plugin {
  let deadline = Number.POSITIVE_INFINITY
  context.runtime.setInterruptHandler(() => performance.now() > deadline)
  context.unwrapResult(context.evalCode(`${SCRIPT}\nconst id = ${number}`)).dispose()
  const [add, upper, compute, loop] = ['add', 'upper', 'compute', 'loop'].map((name) => context.getProp(context.global, name)) as [
    Handle,
    Handle,
    Handle,
    Handle,
  ]
  const call = <T>(fn: Handle, args: Handle[], read: (result: Handle) => T): T => {
    deadline = performance.now() + timeout
    const result = context.unwrapResult(context.callFunction(fn, context.undefined, ...args))
    for (const arg of args) arg.dispose()
    return result.consume(read)
  }
  const asNumber = (result: Handle) => context.getNumber(result)
  return {
    add: (left, right) => call(add, [context.newNumber(left), context.newNumber(right)], asNumber),
    upper: (text) => call(upper, [context.newString(text)], (result) => context.getString(result)),
    compute: () => call(compute, [], asNumber),
    hang: () => lateness(timeout, () => call(loop, [], asNumber)),
    close() {
      for (const handle of [add, upper, compute, loop]) handle.dispose()
      context.dispose()
    },
  }
}
