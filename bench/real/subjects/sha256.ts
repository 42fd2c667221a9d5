import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Sha256 {
  digest(data: Uint8Array): Uint8Array
  digest64(data: Uint8Array): Uint8Array
  hashInto(input: Uint8Array, output: Uint8Array): void
}

const LEAVES = 65_536
const SIZE = 32

export const sha256: RealSubject = {
  id: 'sha256',
  label: '@chainsafe/as-sha256: the root of a Merkle tree',
  toolchain: 'AssemblyScript, SIMD',
  async load() {
    const { digest: hash, digest64, hashInto } = await load<Sha256>('@chainsafe/as-sha256')
    const leaves = Uint8Array.from({ length: LEAVES * SIZE }, (_, i) => (i * 31) ^ (i >> 7))
    return {
      run() {
        let level = leaves
        while (level.length > SIZE) {
          const next = new Uint8Array(level.length / 2)
          // Four at a time where there are four
          if (level.length % 256 === 0) hashInto(level, next)
          else for (let at = 0; at < level.length; at += 64) next.set(digest64(level.subarray(at, at + 64)), at / 2)
          level = next
        }
        return digest(level, hash(leaves))
      },
    }
  },
}
