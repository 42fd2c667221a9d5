/**
 * A real trap, kept. Thrown by a host function it cannot be caught by the guest, unlike any other exception from JavaScript, a
 * `WebAssembly.RuntimeError` made by hand included.
 */
// (module (func (export "f") unreachable))
const BYTES = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11])

function makeTrap(): unknown {
  try {
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(BYTES)).exports
    return (f as () => unknown)()
  } catch (trap) {
    return trap
  }
}

export const UNCATCHABLE: unknown = makeTrap()
