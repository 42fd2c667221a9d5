/** Where a module's bytes may come from. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import type { ModuleSource } from '../../src/index.ts'
import { Writer } from '../../src/wasm/writer.ts'
import { behaviour, FIXTURES, failure, fixture, sleep, within } from '../support/host.ts'

export function sources(): void {
  behaviour('bytes come as a Uint8Array, also of a part of a buffer, or as an ArrayBuffer', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const bytes = fixture('add')
    const padded = new Uint8Array(bytes.length + 20)
    padded.set(bytes, 10)
    const given: readonly ModuleSource[] = [bytes, bytes.slice().buffer, padded.subarray(10, 10 + bytes.length), Buffer.from(bytes)]
    for (const [at, source] of given.entries()) assert.deepEqual(await (await host.loadModule(`m${at}`, source)).call('add', [1, 2]), [3])
  })

  behaviour('bytes of many MiB are copied over several turns, in one piece or in many', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const bytes = large()
    for (const [at, source] of [bytes, bytes.slice().buffer, new Response(bytes), new Response(inChunks(bytes, 3_000_000))].entries())
      assert.deepEqual(await (await host.loadModule(`m${at}`, source)).call('add', [1, 2]), [3])
    const given = bytes.slice()
    const load = failure(host.loadModule('taken', given), 'invalid-source')
    structuredClone(given, { transfer: [given.buffer] })
    await load
  })

  behaviour('bytes come from a file: URL', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    const url = pathToFileURL(`${FIXTURES}/add.wasm`)
    assert.deepEqual(await (await host.loadModule('add', url)).call('add', [1, 2]), [3])
    const error = await failure(host.loadModule('gone', new URL('gone.wasm', url)), 'invalid-source')
    assert.match(error.message, /ENOENT/)
    await failure(bench.host({ moduleSizeLimit: 10 }).loadModule('add', url), 'too-large')
    const folder = await failure(host.loadModule('folder', new URL('.', url)), 'invalid-source')
    assert.match(folder.message, /no regular file/)
  })

  behaviour('bytes come from an http: URL or a Response', async (bench) => {
    const host = bench.host({ execTimeout: 5_000 })
    await serving(
      (_, response) => response.end(fixture('add')),
      async (url) => {
        assert.deepEqual(await (await host.loadModule('url', url)).call('add', [1, 2]), [3])
        assert.deepEqual(await (await host.loadModule('response', await fetch(url))).call('add', [1, 2]), [3])
      },
    )
    assert.deepEqual(await (await host.loadModule('made', new Response(fixture('add')))).call('add', [1, 2]), [3])
  })

  behaviour('a server that answers with an error, or does not answer, is an invalid source', async (bench) => {
    const host = bench.host()
    let gone: URL | undefined
    await serving(
      (_, response) => {
        response.statusCode = 404
        response.end('nothing here')
      },
      async (url) => {
        gone = url
        const error = await failure(host.loadModule('m', url), 'invalid-source')
        assert.equal(error.figures.status, 404)
        assert.match(error.message, /the server answered 404/)
      },
    )
    assert.ok((await failure(host.loadModule('m', gone as URL), 'invalid-source')).cause !== undefined)
    await failure(host.loadModule('m', Response.error()), 'invalid-source')
  })

  behaviour('a Response that was read already, and one without a body, say so', async (bench) => {
    const host = bench.host()
    const read = new Response(fixture('add'))
    await read.arrayBuffer()
    assert.match((await failure(host.loadModule('m', read), 'invalid-source')).message, /read already/)
    await failure(host.loadModule('m', new Response(null)), 'malformed')
  })

  behaviour('anything else is an invalid source', async (bench) => {
    const host = bench.host()
    for (const source of ['add.wasm', undefined, null, 5, {}, [0, 97, 115, 109], Promise.resolve(fixture('add'))]) {
      const error = await failure(host.loadModule('m', source as unknown as ModuleSource), 'invalid-source')
      assert.equal(error.name, 'LoadError')
    }
  })

  behaviour('bytes above `moduleSizeLimit` are refused, with both figures', async (bench) => {
    const host = bench.host({ moduleSizeLimit: 20 })
    const bytes = fixture('add')
    for (const source of [bytes, bytes.buffer]) {
      const error = await failure(host.loadModule('m', source), 'too-large')
      assert.deepEqual(error.figures, { size: bytes.length, limit: 20 })
    }
    await bench.host({ moduleSizeLimit: bytes.length }).loadModule('m', bytes)
  })

  behaviour('a body above `moduleSizeLimit` is cut off while it streams', async (bench) => {
    const host = bench.host({ moduleSizeLimit: 100_000 })
    let sent = 0
    let closed: Promise<unknown> | undefined
    const endless = (_: IncomingMessage, response: ServerResponse) => {
      closed = new Promise((resolve) => response.on('close', resolve))
      const send = () => {
        while (!response.destroyed && response.write(new Uint8Array(16_384))) sent += 16_384
      }
      response.on('drain', send)
      response.on('error', () => undefined)
      send()
    }
    await serving(endless, async (url) => {
      const error = await failure(host.loadModule('m', url), 'too-large')
      assert.equal(error.figures.limit, 100_000)
      assert.ok((error.figures.size as number) > 100_000)
      await within(closed as Promise<unknown>, 'hanging up')
      assert.ok(sent < 50_000_000, `${sent} bytes were sent`)
    })
  })

  behaviour('a body whose length is announced to be above `moduleSizeLimit` is hung up on, not waited for', async (bench) => {
    const host = bench.host({ moduleSizeLimit: 1_000 })
    let closed: Promise<unknown> | undefined
    const announcing = (_: IncomingMessage, response: ServerResponse) => {
      closed = new Promise((resolve) => response.on('close', resolve))
      response.writeHead(200, { 'content-length': '1000000' })
      response.write(new Uint8Array(10))
    }
    await serving(announcing, async (url) => {
      const error = await failure(host.loadModule('m', url), 'too-large')
      assert.deepEqual(error.figures, { size: 1_000_000, limit: 1_000 })
      await within(closed as Promise<unknown>, 'hanging up', 3_000)
    })
  })

  behaviour('a stream that is made in the process is cancelled when it is too large', async (bench) => {
    let cancelled = false
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
      cancel: () => {
        cancelled = true
      },
    })
    await failure(bench.host({ moduleSizeLimit: 10_000 }).loadModule('m', new Response(stream)), 'too-large')
    await sleep(1)
    assert.ok(cancelled)
  })

  behaviour('a body that breaks off is an invalid source', async (bench) => {
    const breaking = (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write(fixture('add'), () => response.destroy())
    }
    await serving(breaking, async (url) => {
      await failure(bench.host().loadModule('m', url), 'invalid-source')
    })
  })

  behaviour('a signal cancels a request that is not answered', async (bench) => {
    const controller = bench.abortController()
    const silent = () => {
      setTimeout(() => controller.abort('no patience'), 5)
    }
    await serving(silent, async (url) => {
      const error = await failure(bench.host().loadModule('m', url, { signal: controller.signal }), 'aborted')
      assert.equal(error.cause, 'no patience')
    })
  })
}

/** `add`, and 11 MiB in a custom section. */
function large(): Uint8Array<ArrayBuffer> {
  const w = new Writer(12 << 20)
  w.bytes(fixture('add'))
  w.section(0, (contents) => {
    contents.name('padding')
    contents.bytes(new Uint8Array(11 << 20))
  })
  return w.finish()
}

function inChunks(bytes: Uint8Array, size: number): ReadableStream {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
}

async function serving(answer: (request: IncomingMessage, response: ServerResponse) => void, use: (url: URL) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    response.shouldKeepAlive = false
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await use(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/plugin.wasm`))
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
