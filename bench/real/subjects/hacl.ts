import { loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Bytes = Uint8Array
interface Hacl {
  Ed25519: { secret_to_public(key: Bytes): [Bytes]; sign(key: Bytes, message: Bytes): [Bytes]; verify(key: Bytes, message: Bytes, signature: Bytes): unknown[] }
  Curve25519_51: { ecdh(key: Bytes, other: Bytes): unknown[] }
  Chacha20Poly1305: { aead_encrypt(key: Bytes, nonce: Bytes, data: Bytes, message: Bytes): unknown[] }
  SHA2: { hash_512(message: Bytes): unknown[] }
}

const TIMES = 6

export const hacl: RealSubject = {
  id: 'hacl',
  label: 'hacl-wasm: verified signatures, key exchange, encryption, hashes',
  toolchain: 'F*, KaRaMeL',
  async load() {
    const hacl = await loadCommonJs<{ getInitializedHaclModule(): Promise<Hacl> }>('hacl-wasm').getInitializedHaclModule()
    const message = Uint8Array.from({ length: 20_000 }, (_, i) => i * 7)
    const key = message.slice(100, 132)
    return { run: () => digest(...Array.from({ length: TIMES }, (_, round) => work(key.map((byte) => byte ^ round)))) }

    function work(key: Bytes): string {
      const [publicKey] = hacl.Ed25519.secret_to_public(key)
      const [signature] = hacl.Ed25519.sign(key, message)
      const results = [
        hacl.Ed25519.verify(publicKey, message, signature),
        hacl.Curve25519_51.ecdh(key, publicKey),
        hacl.Chacha20Poly1305.aead_encrypt(key, key.slice(0, 12), key, message),
        hacl.SHA2.hash_512(message),
      ].flat()
      return digest(publicKey, signature, ...results.map((result) => (result instanceof Uint8Array ? result : String(result))))
    }
  },
}
