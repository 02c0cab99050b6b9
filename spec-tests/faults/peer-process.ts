/*
 * A process with a server and a fault-injecting proxy in front of it, so that what is left open in the process of the tests is the
 * client's. It talks in lines of JSON: see `Order` and `Answer`.
 */

import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { WebSocketServer, type WebSocket as WsSocket } from 'ws'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { startHttp2Server } from '../support/http2-server.ts'
import { startHttpProxy, startSocksProxy } from '../support/proxy-servers.ts'
import { FaultProxy } from './fault-proxy.ts'
import type { Schedule } from './schedule.ts'
import { type Way, ways } from './way.ts'

/** `schedule` starts a proxy for one connection; without it, the proxy of that number is asked how it went, and ended. */
export interface Order {
  readonly id: number
  readonly schedule?: Schedule
  readonly way?: Way
}

/** What the proxy and the server saw of one connection. */
export interface PeerReport {
  /** Bytes that were passed on. */
  readonly down: number
  readonly up: number
  /** Data messages that were passed on to the client to their last byte. Undefined over TLS. */
  readonly messages: number | undefined
  /** The text messages that the server received. */
  readonly received: readonly string[]
  /**
   * The client has ended its connection by itself; over HTTP/2 its stream, since the connection may serve others. True over HTTP/2
   * over TLS, where that cannot be seen.
   */
  readonly left: boolean
  /** The server has refused the stream before its response, so that the client may try again: nothing else goes wrong. */
  readonly refused: boolean
}

export type Answer =
  | { readonly authority: string }
  | { readonly id: number; readonly port: number; readonly server: number }
  | { readonly id: number; readonly report: PeerReport }

const authority = await makeAuthority()
const [listens, reached] = process.argv.slice(2) as [listens: string, reached: string]
const certificate = await makeCertificate({ authority, addresses: ['127.0.0.1', reached] })
const received = new Map<string, string[]>()
const tls = { key: certificate.key, cert: certificate.cert }
const servers = {
  http1: { plain: await serve(createHttpServer()), secure: await serve(createHttpsServer(tls)) },
  http2: { plain: await serveHttp2(), secure: await serveHttp2(tls) },
}
const proxyServers = {
  http: await startHttpProxy(),
  https: await startHttpProxy({ tls }),
  socks5: await startSocksProxy(),
}
const faultyProxies = new Map<number, FaultProxy>()

answer({ authority: authority.cert })
for await (const line of createInterface(process.stdin)) {
  const { id, schedule, way = 'ws' } = JSON.parse(line) as Order
  if (schedule === undefined) void report(id)
  else void start(id, schedule, way)
}
process.exit()

function answer(message: Answer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

async function serve(http: ReturnType<typeof createHttpServer>): Promise<number> {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false })
  server.on('connection', (socket, request) => {
    socket.on('error', () => {})
    greet(socket, request.url!)
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  http.on('tlsClientError', () => {})
  http.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  return (http.address() as AddressInfo).port
}

async function serveHttp2(secure?: typeof tls): Promise<number> {
  // A response that the proxy withholds must not be needed to read the next one.
  const server = await startHttp2Server({ ...(secure && { tls: secure }), maxDeflateDynamicTableSize: 0 })
  const acceptAll = async (): Promise<never> => {
    for (;;) {
      const request = await server.request()
      // The echo is that of `accept`.
      greet(request.accept(), request.headers[':path']!)
    }
  }
  void acceptAll()
  return server.port
}

/** The server's part of the dialogue but the echo: two messages and a ping at once. */
function greet(socket: WsSocket, path: string): void {
  const log: string[] = []
  received.set(path, log)
  socket.send('greeting')
  socket.send(Buffer.alloc(300, 7))
  socket.ping('hello')
  socket.on('message', data => log.push(String(data)))
}

async function start(id: number, schedule: Schedule, way: Way): Promise<void> {
  const { secure, http2, proxy } = ways[way]
  const server = servers[http2 ? 'http2' : 'http1'][secure && proxy !== 'https' ? 'secure' : 'plain']
  const faulty = new FaultProxy(schedule, way, proxy === undefined ? server : proxyServers[proxy].port)
  faultyProxies.set(id, faulty)
  answer({ id, port: await faulty.listen(listens), server })
}

async function report(id: number): Promise<void> {
  const proxy = faultyProxies.get(id)!
  faultyProxies.delete(id)
  const left = await proxy.leaving()
  const { messages, refused } = proxy
  const { down, up } = proxy.passed
  answer({ id, report: { down, up, messages, received: received.get(`/${id}`) ?? [], left, refused } })
  received.delete(`/${id}`)
  proxy.close()
}
