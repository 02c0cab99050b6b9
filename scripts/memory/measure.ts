import { fork } from 'node:child_process'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { generate } from 'selfsigned'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Direction, Load, Order, Report } from './scenarios.ts'

export interface Scenario extends Load {
  readonly direction: Direction
  readonly secure: boolean
  /** Whether permessage-deflate is on. The messages are one repeated byte, which compress to almost nothing. */
  readonly compressed: boolean
}

export interface Figures {
  /** Resident bytes of the client process with an idle open stream. */
  readonly idle: number
  /** Peak resident bytes of the client process: while the receiver was slow, and in the whole run. */
  readonly slowPeak: number
  readonly peak: number
  /** Bytes of payload that the server had sent or received when the slow part ended, and the client in the end. */
  readonly slowBytes: number
  readonly bytes: number
}

const client = fileURLToPath(new URL('./client.js', import.meta.url))

/** Backpressure threshold of the server in bytes: with more in its queue it waits for a message to leave. */
const SERVER_BUFFER = 1024 * 1024

/**
 * Runs a client in a process of its own against a server in this process.
 *
 * @param slow resolves when the slow part is over; `progress` gives the bytes that the server has sent or received so far
 */
export async function measure(
  scenario: Scenario,
  slow: (progress: () => number) => Promise<unknown>,
): Promise<Figures> {
  const http = scenario.secure ? createSecureServer(await certificate()) : createServer()
  const server = new WebSocketServer({ server: http, perMessageDeflate: scenario.compressed })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const accepted = new Promise<WebSocket>(resolve => server.once('connection', resolve))
  const order: Order = {
    ...scenario,
    url: `${scenario.secure ? 'wss' : 'ws'}://127.0.0.1:${port}`,
    interval: 1000,
    insecure: scenario.secure,
  }
  const child = fork(client, [JSON.stringify(order)], { execArgv: ['--expose-gc'] })
  const reports = new Map<Report['kind'], (report: Report) => void>()
  const next = <Kind extends Report['kind']>(kind: Kind): Promise<Report & { kind: Kind }> =>
    new Promise(resolve => reports.set(kind, resolve as (report: Report) => void))
  const [idle, slowEnd, end] = [next('idle'), next('slow'), next('done')]
  child.on('message', (report: Report) => reports.get(report.kind)!(report))
  const exited = new Promise<never>((_, reject) => {
    child.on('exit', code => reject(new Error(`The client ended with code ${code}`)))
  })
  exited.catch(() => {})
  try {
    const run = async (): Promise<Figures> => {
      const socket = await accepted
      if (scenario.direction === 'send') socket.pause()
      const { resident } = await idle
      let progress = 0
      const moved =
        scenario.direction === 'receive'
          ? sendAll(socket, scenario, count => {
              progress += count
            })
          : Promise.resolve(
              socket.on('message', data => {
                progress += (data as Buffer).length
              }),
            )
      await slow(() => progress)
      const slowBytes = progress
      child.send('fast')
      socket.resume()
      const { peak: slowPeak } = await slowEnd
      await moved
      const { peak, bytes } = await end
      return { idle: resident, slowPeak, peak, slowBytes, bytes }
    }
    return await Promise.race([run(), exited])
  } finally {
    child.kill()
    for (const socket of server.clients) socket.terminate()
    server.close()
    http.closeAllConnections()
    await new Promise(resolve => http.close(resolve))
  }
}

async function sendAll(socket: WebSocket, { total, size }: Load, sent: (count: number) => void): Promise<void> {
  const message = Buffer.alloc(size, 'x')
  for (let index = 0; index < total / size; index++) {
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null): void => (error ? reject(error) : resolve())
      // Below the threshold the next message does not wait for this one to leave.
      if (socket.bufferedAmount < SERVER_BUFFER) {
        socket.send(message)
        setImmediate(done)
      } else socket.send(message, done)
    })
    sent(size)
  }
}

async function certificate(): Promise<{ key: string; cert: string }> {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec', algorithm: 'sha256' })
  return { key: pems.private, cert: pems.cert }
}
