/** The other side of ../piscina.ts: what a task of the pool runs. */
import { functions } from './plain.js'

/** Of each plugin that this worker has run, by its number. */
const guests = new Map()

// piscina takes the default export
// biome-ignore lint/style/noDefaultExport: see above
export default ({ number, module, name, text }) => {
  const guest = guests.get(number) ?? functions(new WebAssembly.Instance(module))
  guests.set(number, guest)
  return guest[name](text)
}
