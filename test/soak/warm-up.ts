/** Has every function of every plugin called once: what V8 compiles at a first call is not taken for a leak later. */
import type { Fleet } from './fleet.ts'
import type { Plugin } from './plugin.ts'

/** Plugins at a time. */
const AT_ONCE = 100

export async function warmUp({ plugins }: Fleet): Promise<void> {
  for (let at = 0; at < plugins.length; at += AT_ONCE) await Promise.all(plugins.slice(at, at + AT_ONCE).map(exercise))
}

async function exercise(plugin: Plugin): Promise<void> {
  await plugin.call('id', [], ['ok'], {}, plugin.number)
  await plugin.call('add', [1, 2], ['ok'], {}, 3)
  await plugin.call('sum', [100], ['ok'], {}, 5_050)
  await plugin.call('ask', [1], ['ok'], {}, 2)
  await plugin.call('trap', [], ['trap'])
  await plugin.call('recurse', [1], ['stack-overflow'])
  await plugin.call('spin', [], ['cpu-timeout'], { cpuTimeout: 0.1 })
  if (plugin.kind.waits) await plugin.call('wait', [1], ['ok'], {}, 2)
  if (!plugin.kind.memory) return
  await plugin.call('alloc', [1], ['ok'])
  await plugin.call('hog', [], ['cpu-timeout'], { cpuTimeout: 0.1 })
  // On the instance that came after the last stop
  await plugin.call('id', [], ['ok'], {}, plugin.number)
}
