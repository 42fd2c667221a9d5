import { prose } from '../corpus.ts'
import { loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Hasher {
  init(): Hasher
  update(data: Uint8Array): Hasher
  digest(): string
}
type HashWasm = Record<(typeof HASHES)[number], () => Promise<Hasher>> & Record<'bcrypt' | 'argon2id', (options: object) => Promise<string>>

const HASHES = [
  'createMD5',
  'createSHA1',
  'createSHA256',
  'createSHA3',
  'createBLAKE2b',
  'createBLAKE3',
  'createXXHash64',
  'createCRC32',
  'createWhirlpool',
] as const

export const hashWasm: RealSubject = {
  id: 'hash-wasm',
  label: 'hash-wasm: nine hashes, bcrypt and Argon2, each a module',
  toolchain: 'C, clang',
  async load() {
    const library = loadCommonJs<HashWasm>('hash-wasm')
    const hashers = await Promise.all(HASHES.map((create) => library[create]()))
    const input = Buffer.from(prose(350_000))
    const salt = new Uint8Array(16).fill(5)
    return {
      async run() {
        const hashes = hashers.map((hasher) => hasher.init().update(input).digest())
        const bcrypt = await library.bcrypt({ password: 'secret', salt, costFactor: 6, outputType: 'hex' })
        const argon2 = await library.argon2id({ password: 'secret', salt, iterations: 4, parallelism: 1, memorySize: 1024, hashLength: 32, outputType: 'hex' })
        return digest(...hashes, bcrypt, argon2)
      },
    }
  },
}
