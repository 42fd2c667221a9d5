import { prose } from '../corpus.ts'
import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Bytes = Uint8Array
interface Sodium {
  readonly ready: Promise<void>
  crypto_generichash(length: number, message: Bytes): Bytes
  crypto_sign_seed_keypair(seed: Bytes): { publicKey: Bytes; privateKey: Bytes }
  crypto_sign_detached(message: Bytes, key: Bytes): Bytes
  crypto_sign_verify_detached(signature: Bytes, message: Bytes, key: Bytes): boolean
  crypto_scalarmult_base(secret: Bytes): Bytes
  crypto_secretbox_easy(message: Bytes, nonce: Bytes, key: Bytes): Bytes
  crypto_secretbox_open_easy(box: Bytes, nonce: Bytes, key: Bytes): Bytes
}

export const sodium: RealSubject = {
  id: 'sodium',
  label: 'libsodium: hashes, signatures, key exchange, boxes',
  toolchain: 'C, Emscripten',
  async load() {
    const { default: sodium } = await load<{ default: Sodium }>('libsodium-wrappers')
    await sodium.ready
    const message = Buffer.from(prose(100_000))
    const nonce = new Uint8Array(24).fill(9)
    return {
      run() {
        const outputs: Bytes[] = []
        for (let round = 0; round < 24; round++) {
          const key = sodium.crypto_generichash(32, message.subarray(round))
          const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(key)
          const signature = sodium.crypto_sign_detached(message.subarray(0, 4000), privateKey)
          const box = sodium.crypto_secretbox_easy(message, nonce, key)
          if (!sodium.crypto_sign_verify_detached(signature, message.subarray(0, 4000), publicKey)) throw new Error('a signature was not verified')
          outputs.push(key, publicKey, signature, sodium.crypto_scalarmult_base(key), box, sodium.crypto_secretbox_open_easy(box, nonce, key))
        }
        return digest(...outputs)
      },
    }
  },
}
