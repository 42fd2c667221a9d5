/** Where a module's bytes come from: given, or fetched and counted while they stream. */
import { engineMessage, LoadError, show } from '../errors.ts'

export type ModuleSource = Uint8Array | ArrayBuffer | URL | Response

/**
 * @throws LoadError `too-large` as soon as more than `limit` bytes are known of, `invalid-source` if there are none to be had,
 * `aborted` when the signal is
 */
export async function readSource(source: ModuleSource, limit: number, module: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    checkSize(source.byteLength, limit, module)
    // A copy: what the caller does with the bytes afterwards must not matter
    return source instanceof Uint8Array ? new Uint8Array(source) : new Uint8Array(source.slice(0))
  }
  try {
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

async function readBody(response: Response, limit: number, module: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
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

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}

interface FileSystem {
  stat(path: URL): Promise<{ size: number }>
  readFile(path: URL): Promise<Uint8Array>
}

async function readFileUrl(url: URL, limit: number, module: string): Promise<Uint8Array> {
  const builtin = (globalThis as { process?: { getBuiltinModule?: (name: string) => FileSystem | undefined } }).process?.getBuiltinModule
  const files = builtin?.('fs/promises')
  if (files === undefined) throw new Error('this engine reads no file: URLs')
  checkSize((await files.stat(url)).size, limit, module)
  const bytes = await files.readFile(url)
  checkSize(bytes.byteLength, limit, module)
  return bytes
}

function checkSize(size: number, limit: number, module: string): void {
  if (size > limit)
    throw new LoadError('too-large', `the module has ${size} bytes or more, above \`moduleSizeLimit\` of ${limit}`, { module, figures: { size, limit } })
}
