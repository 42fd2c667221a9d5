/**
 * The plugin's functions called by hand, as one does without a host; and what workers run. This folder is JavaScript: a worker that has to
 * strip types first takes twice as long to start and twice the memory, which would be held against those who use it.
 */

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export function functions(instance) {
  const { memory, add, compute, loop, alloc, free, upper } = instance.exports
  return {
    add: () => add(1, 2),
    compute,
    loop,
    upper(text) {
      const bytes = encoder.encode(text)
      const at = alloc(bytes.length)
      new Uint8Array(memory.buffer, at, bytes.length).set(bytes)
      const packed = upper(at, bytes.length)
      const shouted = decoder.decode(new Uint8Array(memory.buffer, Number(packed >> 32n), Number(packed & 0x7fff_ffffn)))
      free(at, bytes.length)
      return shouted
    },
  }
}
