import { loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Parser {
  readonly memory: WebAssembly.Memory
  _initialize(): void
  malloc(size: number): number
  llhttp_alloc(type: number): number
  llhttp_execute(parser: number, at: number, length: number): number
  llhttp_free(parser: number): void
}

const RESPONSE = 2
const TIMES = 500

export const llhttp: RealSubject = {
  id: 'llhttp',
  label: 'llhttp of undici: parse HTTP responses',
  toolchain: 'C, WASI SDK, SIMD',
  async load() {
    const module = new WebAssembly.Module(loadCommonJs<Uint8Array<ArrayBuffer>>('undici/lib/llhttp/llhttp_simd-wasm.js'))
    let seen = 0
    const onEvent = (_parser: number, value = 0, length = 0): number => {
      seen = (Math.imul(seen, 31) + value + length) | 0
      return 0
    }
    const env = {
      wasm_on_url: onEvent,
      wasm_on_status: onEvent,
      wasm_on_header_field: onEvent,
      wasm_on_header_value: onEvent,
      wasm_on_body: onEvent,
      wasm_on_message_begin: onEvent,
      wasm_on_headers_complete: onEvent,
      wasm_on_message_complete: onEvent,
    }
    const parser = new WebAssembly.Instance(module, { env }).exports as unknown as Parser
    parser._initialize()
    const input = Buffer.from(Array.from({ length: 100 }, (_, index) => response(index)).join(''))
    const at = parser.malloc(input.length)
    return {
      run() {
        seen = 0
        for (let i = 0; i < TIMES; i++) {
          const connection = parser.llhttp_alloc(RESPONSE)
          new Uint8Array(parser.memory.buffer).set(input, at)
          if (parser.llhttp_execute(connection, at, input.length) !== 0) throw new Error('a response was not understood')
          parser.llhttp_free(connection)
        }
        return digest(String(seen))
      },
    }
  },
}

function response(index: number): string {
  const headers = [
    `Server: test/${index}`,
    'Content-Type: text/html; charset=utf-8',
    `ETag: "${'e'.repeat(40 + (index % 40))}"`,
    `X-Request-Id: ${index * 7919}`,
    `Cache-Control: public, max-age=${index}, s-maxage=600, stale-while-revalidate=30`,
    `Link: <https://example.com/${'style/'.repeat(9)}main.css>; rel=preload`,
  ]
  const body = 'x'.repeat(20 * (index % 50))
  const framed =
    index % 2 === 0
      ? `Content-Length: ${body.length}\r\n\r\n${body}`
      : `Transfer-Encoding: chunked\r\n\r\n${body && `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
  return `HTTP/1.1 ${index % 3 === 0 ? '404 Not Found' : '200 OK'}\r\n${headers.join('\r\n')}\r\n${framed}`
}
