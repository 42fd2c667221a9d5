/** The other side of ../piscina.ts: what a task of the pool runs. */
import { functions } from './plain.js'

/** Of each plugin that this worker has run, by its number. */
const guests = new Map()

// piscina takes the default export
// biome-ignore lint/style/noDefaultExport: see above
export default ({ number, name, input, module }) => {
  if (module !== undefined) guests.set(number, functions(new WebAssembly.Instance(module)))
  // Nothing if it does not have the plugin
  return guests.get(number)?.[name](...input)
}
