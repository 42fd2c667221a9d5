/** What `host.stats()` must say, and does not. */
import type { Host } from '../../src/index.ts'

/** Whatever goes on. */
export function implausible(host: Host): string[] {
  const stats = host.stats()
  const { running } = stats.calls
  return [
    ...figuresOf(stats).flatMap(([name, figure]) => (Number.isSafeInteger(figure) && figure >= 0 ? [] : [`\`${name}\` is ${figure}`])),
    ...(running > host.maxConcurrent ? [`${running} calls run, above \`maxConcurrent\` of ${host.maxConcurrent}`] : []),
  ]
}

/** While nothing goes on. */
export function unsettled(host: Host, expected: { readonly modules: number; readonly instances: number; readonly memories: number }): string[] {
  const { modules, instances, memories, calls, stacks } = host.stats()
  return differences(
    { modules, instances, memories: memories.live, running: calls.running, waiting: calls.waiting, stacks },
    { ...expected, running: 0, waiting: 0, stacks: 0 },
  )
}

/** Once it is closed. (What was dropped is garbage, for the engine to collect.) */
export function inUse(host: Host): string[] {
  const { modules, instances, memory, calls } = host.stats()
  return differences(
    { modules, instances, bytes: memory.used, running: calls.running, waiting: calls.waiting },
    { modules: 0, instances: 0, bytes: 0, running: 0, waiting: 0 },
  )
}

function differences(found: Readonly<Record<string, number>>, expected: Readonly<Record<string, number>>): string[] {
  return Object.entries(found).flatMap(([name, figure]) => (figure === expected[name] ? [] : [`\`${name}\` is ${figure} and not ${expected[name]}`]))
}

function figuresOf(stats: object, prefix = ''): [string, number][] {
  return Object.entries(stats).flatMap(([name, value]): [string, number][] => {
    if (typeof value === 'object') return figuresOf(value, `${prefix}${name}.`)
    return value === undefined ? [] : [[prefix + name, value]]
  })
}
