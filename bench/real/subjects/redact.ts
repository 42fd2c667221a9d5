import { readFileSync } from 'node:fs'
import { prose } from '../corpus.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Plugin {
  readonly memory: WebAssembly.Memory
  alloc(size: number): number
  redact(at: number, length: number): bigint
  reset(): void
}

const PLUGIN = new URL('../../../examples/redact/redact.wasm', import.meta.url)
const TIMES = 12

export const redact: RealSubject = {
  id: 'redact',
  label: 'the example plugin: redact messages',
  toolchain: 'AssemblyScript',
  async load() {
    const { instance } = await WebAssembly.instantiate(readFileSync(PLUGIN), {})
    const plugin = instance.exports as unknown as Plugin
    const input = Buffer.from(prose(350_000))
    return {
      run() {
        let output = ''
        for (let i = 0; i < TIMES; i++) output = digest(output, redacted())
        return output
      },
    }

    function redacted(): Uint8Array {
      plugin.reset()
      const at = plugin.alloc(input.length)
      new Uint8Array(plugin.memory.buffer).set(input, at)
      // The result is a position and a length in one number
      const result = plugin.redact(at, input.length)
      return new Uint8Array(plugin.memory.buffer, Number(result >> 32n), Number(result & 0xffff_ffffn))
    }
  },
}
