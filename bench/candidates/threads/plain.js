/**
 * The plugin's functions called by hand, as one does without a host; and what workers run. This folder is JavaScript: a worker that has to
 * strip types first takes twice as long to start and twice the memory, which would be held against those who use it.
 */

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** The steps of a text through a plugin. */
export function throughText({ memory, alloc, free, ...exports }, name) {
  const transform = exports[name]
  return (text) => {
    const bytes = encoder.encode(text)
    const at = alloc(bytes.length)
    new Uint8Array(memory.buffer, at, bytes.length).set(bytes)
    const packed = transform(at, bytes.length)
    const transformed = decoder.decode(new Uint8Array(memory.buffer, Number(packed >> 32n), Number(packed & 0x7fff_ffffn)))
    free(at, bytes.length)
    return transformed
  }
}

export function functions({ exports }) {
  const { add, compute, loop } = exports
  return { add, compute, loop, upper: throughText(exports, 'upper') }
}
