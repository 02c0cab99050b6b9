/*
 * A process with a server and a fault-injecting proxy in front of it, so that what is left open in the process of the tests is the
 * client's. It talks in lines of JSON: see `Order` and `Answer`.
 */

import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { WebSocketServer } from 'ws'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { FaultProxy } from './fault-proxy.ts'
import type { Schedule } from './schedule.ts'

/** `schedule` starts a proxy for one connection; without it, the proxy of that number is asked how it went, and ended. */
export interface Order {
  readonly id: number
  readonly schedule?: Schedule
  readonly secure?: boolean
}

/** What the proxy and the server saw of one connection. */
export interface PeerReport {
  /** Bytes that were passed on. */
  readonly down: number
  readonly up: number
  /** Data messages that were passed on to the client to their last byte. Undefined over wss. */
  readonly messages: number | undefined
  /** The text messages that the server received. */
  readonly received: readonly string[]
  /** The client has ended its connection by itself. */
  readonly left: boolean
}

export type Answer =
  | { readonly authority: string }
  | { readonly id: number; readonly port: number }
  | { readonly id: number; readonly report: PeerReport }

const authority = await makeAuthority()
const certificate = await makeCertificate({ authority })
const received = new Map<string, string[]>()
const ports = {
  plain: await serve(createHttpServer()),
  secure: await serve(createHttpsServer({ key: certificate.key, cert: certificate.cert })),
}
const proxies = new Map<number, FaultProxy>()

answer({ authority: authority.cert })
for await (const line of createInterface(process.stdin)) {
  const { id, schedule, secure = false } = JSON.parse(line) as Order
  if (schedule === undefined) void report(id)
  else void start(id, schedule, secure)
}
process.exit()

function answer(message: Answer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

/** The server's part of the dialogue: two messages and a ping at once, then the echo. */
async function serve(http: ReturnType<typeof createHttpServer>): Promise<number> {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false })
  server.on('connection', (socket, request) => {
    const log: string[] = []
    received.set(request.url!, log)
    socket.on('error', () => {})
    socket.send('greeting')
    socket.send(Buffer.alloc(300, 7))
    socket.ping('hello')
    socket.on('message', (data, binary) => {
      log.push(String(data))
      socket.send(data, { binary })
    })
  })
  http.on('tlsClientError', () => {})
  http.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  return (http.address() as AddressInfo).port
}

async function start(id: number, schedule: Schedule, secure: boolean): Promise<void> {
  const proxy = new FaultProxy(schedule, secure, secure ? ports.secure : ports.plain)
  proxies.set(id, proxy)
  answer({ id, port: await proxy.listen() })
}

async function report(id: number): Promise<void> {
  const proxy = proxies.get(id)!
  proxies.delete(id)
  const left = await proxy.leaving()
  const { down, up } = proxy.passed
  answer({ id, report: { down, up, messages: proxy.messages, received: received.get(`/${id}`) ?? [], left } })
  received.delete(`/${id}`)
  proxy.close()
}
