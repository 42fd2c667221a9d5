/** A module as it is sent to a thread: compiled once, and without what stays with the host. */
import { engineMessage, LoadError, quote } from '../errors.ts'
import type { GuestSpec } from '../guests/executor.ts'
import type { Link } from '../guests/imports.ts'
import type { ImportType } from '../wasm/module-type.ts'
import type { Crossing } from './crossing.ts'
import type { SentLink, SentSpec } from './messages.ts'

/** @throws LoadError `invalid-import` for a memory, table or mutable global */
export function sentSpec(spec: GuestSpec, crossing: Crossing): SentSpec {
  const { name, compiled, abi, startTimeout, nestedTimeout, restart, reuse, instances, maxQueue, group, weight, onTrap, deterministic, allowance, functions } =
    spec
  const imports = spec.imports.links.map((link) => sentLink(link, crossing, name))
  const hasSetup = spec.setup !== undefined
  return {
    name,
    compiled,
    abi,
    imports,
    isPerInstance: spec.imports.isPerInstance,
    startTimeout,
    nestedTimeout,
    hasSetup,
    restart,
    reuse,
    instances,
    maxQueue,
    group,
    weight,
    onTrap,
    convention: spec.convention.name,
    deterministic,
    allowance,
    functions,
  }
}

function sentLink(link: Link, crossing: Crossing, module: string): SentLink {
  const { wanted } = link
  switch (link.kind) {
    case 'function':
      return { wanted, kind: 'function', isAsync: link.isAsync }
    case 'value': {
      const { value } = link
      return { wanted, kind: 'value', value: crossing.send(value instanceof WebAssembly.Global ? heldBy(value, wanted, module) : value) }
    }
    case 'made': {
      const what = `import ${quote(wanted.module)} ${quote(wanted.name)} is a ${wanted.kind} of this thread, which a guest of another cannot have`
      throw new LoadError('invalid-import', what, { module })
    }
  }
}

const CODES: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b, func: 0x70, extern: 0x6f }

/**
 * The value of a global, which stays here. The engine says whether it fits: a module that imports such a one is instantiated.
 * @throws LoadError `invalid-import`
 */
function heldBy(global: WebAssembly.Global, wanted: ImportType, module: string): unknown {
  if (wanted.kind !== 'global') return global
  const { type } = wanted.type
  const code = CODES[String(typeof type === 'string' ? type : type.heap)]
  if (code === undefined) return global.value
  try {
    const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 2, 6, 1, 0, 0, 3, code, 0])
    new WebAssembly.Instance(new WebAssembly.Module(bytes), { '': { '': global } })
    return global.value
  } catch (cause) {
    const what = `import ${quote(wanted.module)} ${quote(wanted.name)} does not fit: ${engineMessage(cause)}`
    throw new LoadError('invalid-import', what, { module, cause })
  }
}
