/** An HTTP server in this process, and somebody who keeps asking it. */
import { once } from 'node:events'
import { Agent, createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Samples } from './samples.ts'

/** Between an answer and the next question, ms. */
const PAUSE = 2

export interface Server {
  readonly port: number
  /** Starts to ask, again and again. The returned function ends that and tells how many milliseconds each answer took. */
  ask(): () => Promise<Samples>
  close(): Promise<void>
}

export async function startServer(): Promise<Server> {
  const server = createServer((_, response) => response.end('still here\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true })
  await answer(port, agent) // the first one compiles and connects: not what is to be measured
  return {
    port,
    ask: () => keepAsking(port, agent),
    async close() {
      agent.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function keepAsking(port: number, agent: Agent): () => Promise<Samples> {
  const latencies = new Samples()
  let asking = true
  const done = (async () => {
    while (asking) {
      const asked = performance.now()
      await answer(port, agent)
      latencies.add(performance.now() - asked)
      await sleep(PAUSE)
    }
    return latencies
  })()
  return () => {
    asking = false
    return done
  }
}

async function answer(port: number, agent: Agent): Promise<void> {
  const request = get({ host: '127.0.0.1', port, agent })
  const [response] = await once(request, 'response')
  response.resume()
  await once(response, 'end')
}
