/** A module as it is sent to a thread: compiled once, and without what stays with the host. */
import { LoadError, quote } from '../errors.ts'
import type { GuestSpec } from '../guests/executor.ts'
import type { Link } from '../guests/imports.ts'
import type { Crossing } from './crossing.ts'
import type { SentLink, SentSpec } from './messages.ts'

/** @throws LoadError `invalid-import` for a memory, table or mutable global */
export function sentSpec(spec: GuestSpec, crossing: Crossing): SentSpec {
  const { name, compiled, abi, startTimeout, nestedTimeout, restart, reuse, instances, onTrap, deterministic, allowance, functions } = spec
  const imports = spec.imports.map((link) => sentLink(link, crossing, name))
  const hasSetup = spec.setup !== undefined
  return { name, compiled, abi, imports, startTimeout, nestedTimeout, hasSetup, restart, reuse, instances, onTrap, deterministic, allowance, functions }
}

function sentLink(link: Link, crossing: Crossing, module: string): SentLink {
  const { wanted } = link
  switch (link.kind) {
    case 'function':
      return { wanted, kind: 'function' }
    case 'value': {
      const { value } = link
      return { wanted, kind: 'value', value: crossing.send(value instanceof WebAssembly.Global ? value.value : value) }
    }
    case 'made': {
      const what = `import ${quote(wanted.module)} ${quote(wanted.name)} is a ${wanted.kind} of this thread, which a guest of another cannot have`
      throw new LoadError('invalid-import', what, { module })
    }
  }
}
