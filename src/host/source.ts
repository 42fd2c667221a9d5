/** Where a module's bytes come from: given, or fetched and counted while they stream. */
import { engineMessage, LoadError, show } from '../errors.ts'
import { builtin } from '../node.ts'
import { nextTurn } from '../runtime/turn.ts'

export type ModuleSource = Uint8Array | ArrayBuffer | URL | Response

/**
 * @throws LoadError `too-large` as soon as more than `limit` bytes are known of, `invalid-source` if there are none to be had,
 * `aborted` when the signal is
 */
export async function readSource(source: ModuleSource, limit: number, module: string, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) checkSize(source.byteLength, limit, module)
  try {
    // A copy: what is guarded must be what runs, whatever the caller does with the bytes
    if (source instanceof Uint8Array) return await join([source], source.length)
    if (source instanceof ArrayBuffer) return await join([new Uint8Array(source)], source.byteLength)
    if (source instanceof URL) {
      // `fetch` has no file: URLs; a host that has files has this
      if (source.protocol === 'file:') return await readFileUrl(source, limit, module)
      return await readBody(await fetch(source, signal === undefined ? {} : { signal }), limit, module, signal)
    }
    if (source instanceof Response) return await readBody(source, limit, module, signal)
  } catch (error) {
    if (error instanceof LoadError) throw error
    if (signal?.aborted) throw new LoadError('aborted', 'loading was aborted', { module, cause: signal.reason })
    throw new LoadError('invalid-source', `the module could not be read: ${engineMessage(error)}`, { module, cause: error })
  }
  throw new LoadError('invalid-source', `the source is ${show(source)}`, { module })
}

async function readBody(response: Response, limit: number, module: string, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
  if (response.bodyUsed) throw new LoadError('invalid-source', 'the body of the Response was read already', { module })
  const refused = response.ok
    ? undefined
    : new LoadError('invalid-source', `the server answered ${response.status}`, { module, figures: { status: response.status } })
  const reader = response.body?.getReader()
  if (reader === undefined) {
    if (refused !== undefined) throw refused
    return new Uint8Array(0)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  const cancel = () => void reader.cancel(signal?.reason).catch(() => undefined)
  signal?.addEventListener('abort', cancel)
  try {
    if (refused !== undefined) throw refused
    checkSize(Number(response.headers.get('content-length') ?? 0), limit, module)
    for (;;) {
      signal?.throwIfAborted()
      const { done, value } = await reader.read()
      if (done) break
      size += value.byteLength
      chunks.push(value)
      checkSize(size, limit, module)
    }
    signal?.throwIfAborted()
  } catch (error) {
    cancel()
    throw error
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
  return join(chunks, size)
}

/** Bytes that are copied in one turn of the event loop: a millisecond or two. */
const PIECE = 4 * 1024 * 1024

async function join(chunks: readonly Uint8Array[], size: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size)
  let offset = 0
  let turnEnd = PIECE
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += PIECE) {
      const piece = chunk.subarray(from, from + PIECE)
      if (offset + piece.length > turnEnd) {
        await new Promise<void>(nextTurn)
        turnEnd = offset + PIECE
      }
      bytes.set(piece, offset)
      offset += piece.length
    }
  }
  return bytes
}

async function readFileUrl(url: URL, limit: number, module: string): Promise<Uint8Array<ArrayBuffer>> {
  const files = builtin('fs/promises')
  if (files === undefined) throw new Error('this engine reads no file: URLs')
  const stat = await files.stat(url)
  if (!stat.isFile()) throw new Error('it is no regular file')
  checkSize(stat.size, limit, module)
  const bytes = await files.readFile(url)
  checkSize(bytes.byteLength, limit, module)
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}

function checkSize(size: number, limit: number, module: string): void {
  if (size > limit)
    throw new LoadError('too-large', `the module has ${size} bytes or more, above \`moduleSizeLimit\` of ${limit}`, { module, figures: { size, limit } })
}
