/** Loads modules into an executor, without a host around it. */
import { UNLIMITED } from '../../src/budget.ts'
import { packed } from '../../src/conventions/packed.ts'
import type { Executor, Guest, GuestSpec } from '../../src/guests/executor.ts'
import { importSource } from '../../src/guests/imports.ts'
import { signaturesOf } from '../../src/guests/signature.ts'
import { prepare } from '../../src/host/prepare.ts'
import type { Imports } from '../../src/index.ts'
import { wat } from '../support/wat.ts'

/** Counts its calls; does nothing by names that a misbehaving thread knows; loops. */
export const MODULE = `(module (memory 1) (global $n (mut i32) (i32.const 0))
  (func (export "count") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
  (func (export "loop") (loop $again (br $again)))
  ${['block', 'spin', 'pause', 'exit', 'throw', 'fill'].map((name) => `(func (export "${name}") (loop $again (br $again)))`).join('\n  ')})`

export interface Loaded {
  readonly guest: Guest
  call(name: string, options?: { readonly timeout?: number; readonly signal?: AbortSignal }): Promise<unknown[]>
}

export async function load(
  executor: Executor,
  name: string,
  { source, imports = {}, ...spec }: Partial<Omit<GuestSpec, 'imports'>> & { readonly source: string; readonly imports?: Imports },
): Promise<Loaded> {
  const limits = { memoryLimit: 1 << 24, tableLimit: 100 }
  const { compiled, abi, type } = await prepare(wat(source), { ...limits, caps: {}, fuel: false }, new AbortController().signal)
  const signatures = signaturesOf(type.exports)
  const guest = await executor.load({
    name,
    compiled,
    abi,
    imports: importSource(type.imports, imports, { ...limits, deterministic: false, restart: spec.restart ?? 'always', canWait: executor.canWait }, name),
    signatures,
    startTimeout: 1_000,
    nestedTimeout: 10,
    setup: undefined,
    restart: 'always',
    reuse: 'always',
    instances: 1,
    maxQueue: 1_000,
    group: undefined,
    weight: undefined,
    onTrap: 'restart',
    convention: packed,
    signal: undefined,
    deterministic: false,
    allowance: UNLIMITED,
    functions: type.functions,
    onClose: () => undefined,
    onEvent: () => undefined,
    ...spec,
  })
  return {
    guest,
    call: (of, { timeout = 30_000, signal } = {}) => guest.call(signatures.get(of) as never, [], { ...UNLIMITED, timeout }, signal),
  }
}
