/** What happens: a request after another, each a span of the application, with calls that are well, trap, and run away. */
import { type Span, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { CurfewError, Host, type Module } from 'curfew'

/** ms for each call. */
const LIMIT = 20
const PLUGIN = new URL('plugin.wasm', import.meta.url)

export async function play(tracer: Tracer): Promise<void> {
  const host = new Host({ execTimeout: LIMIT, fuel: Number.POSITIVE_INFINITY })
  /** A request that fails is a span that says so; the next one goes on. */
  const request = (name: string, work: () => Promise<unknown>): Promise<void> =>
    tracer.startActiveSpan(name, async (span) => {
      await work().catch((error) => failed(span, error))
      span.end()
    })
  try {
    await request('start-up', () => host.loadModule('plugin', PLUGIN))
    const plugin = host.modules.get('plugin') as Module
    await request('three at once', () => Promise.all([1, 2, 3].map((value) => plugin.call('double', [value]))))
    await request('a synchronous one', async () => plugin.callSync('double', [4]))
    await request('division by zero', () => plugin.call('divide', [1, 0]))
    await request('a runaway', () => plugin.call('spin'))
    await request('a new version', () => plugin.replace(PLUGIN))
    await request('a broken version', () => plugin.replace(Uint8Array.of(0)))
    await request('after all that', () => plugin.call('double', [5]))
  } finally {
    await host.close()
  }
}

function failed(span: Span, error: unknown): void {
  if (!(error instanceof CurfewError)) throw error
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.code })
}
