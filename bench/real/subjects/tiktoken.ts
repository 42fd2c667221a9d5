import { prose } from '../corpus.ts'
import { loadCommonJs, text } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Tokens {
  encode(text: string): Uint32Array
  decode(tokens: Uint32Array): Uint8Array
}
type Tiktoken = { Tiktoken: new (ranks: string, special: object, pattern: string) => Tokens }
type Encoder = { bpe_ranks: string; special_tokens: object; pat_str: string }

export const tiktoken: RealSubject = {
  id: 'tiktoken',
  label: 'tiktoken: a text to tokens and back',
  toolchain: 'Rust, wasm-bindgen',
  async load() {
    const { Tiktoken } = loadCommonJs<Tiktoken>('tiktoken/lite')
    const encoder = JSON.parse(text('tiktoken/encoders/cl100k_base.json')) as Encoder
    const tokens = new Tiktoken(encoder.bpe_ranks, encoder.special_tokens, encoder.pat_str)
    const input = prose(150_000)
    return {
      run() {
        const encoded = tokens.encode(input)
        return digest(encoded, tokens.decode(encoded))
      },
    }
  },
}
