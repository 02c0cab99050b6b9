import {
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocket as WsSocket } from 'ws'
import { Queue } from './ws-server.ts'

/*
 * A server on loopback that takes WebSockets over HTTP/2 (RFC 8441), by node:http2; `ws` speaks over its streams.
 */

export interface ServeHttp2Options {
  /** Makes the server speak TLS. */
  readonly tls?: SecureServerOptions
  /** Announces SETTINGS_ENABLE_CONNECT_PROTOCOL. Default: true. */
  readonly announces?: boolean
  readonly settings?: ServerOptions['settings']
  /** Bytes of the dynamic table for the fields of responses (RFC 7541 section 2.3.2). With 0, each response is readable by itself. */
  readonly maxDeflateDynamicTableSize?: number
}

/** One extended CONNECT, not answered yet. */
export class Http2Request {
  readonly headers: IncomingHttpHeaders
  readonly stream: ServerHttp2Stream

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.stream = stream
    this.headers = headers
    stream.on('error', () => {})
  }

  get session(): ServerHttp2Session {
    return this.stream.session as ServerHttp2Session
  }

  /** Accepts it, and echoes messages. */
  accept(headers: Record<string, string> = {}): WsSocket {
    this.stream.respond({ ':status': 200, ...headers })
    const socket = new WsSocket(null as unknown as string, undefined, {
      closeTimeout: 30_000,
    } as object) as WsSocket & {
      setSocket(stream: object, head: Buffer, options: object): void
    }
    // ws looks for a method of net.Socket.
    const stream = Object.assign(this.stream, { setNoDelay() {} })
    socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 2 ** 30, allowSynchronousEvents: true })
    socket.on('error', () => {})
    socket.on('message', (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }))
    return socket
  }
}

export interface Http2TestServer {
  readonly port: number
  readonly url: string
  /** TCP connections so far. */
  readonly connections: number
  /** HTTP/2 sessions so far. */
  readonly sessions: ServerHttp2Session[]
  /** The next extended CONNECT. */
  request(): Promise<Http2Request>
  /** Accepts all extended CONNECTs from now on, as an echo server. */
  acceptAll(): void
  close(): Promise<void>
}

export async function startHttp2Server(options: ServeHttp2Options = {}): Promise<Http2TestServer> {
  const { tls, announces = true, settings, ...rest } = options
  const common = { ...rest, settings: { ...settings, enableConnectProtocol: announces } }
  const server = tls === undefined ? createServer(common) : createSecureServer({ ...tls, ...common })
  const sockets = new Set<Socket>()
  let connections = 0
  let acceptsAll = false
  const sessions: ServerHttp2Session[] = []
  const requests = new Queue<Http2Request>()
  server.on('connection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  server.on('session', session => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    const request = new Http2Request(stream as ServerHttp2Stream, headers)
    if (acceptsAll) request.accept()
    else requests.push(request)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `${tls === undefined ? 'ws://127.0.0.1' : 'wss://localhost'}:${port}/`,
    get connections() {
      return connections
    },
    sessions,
    request: () => requests.next(),
    acceptAll() {
      acceptsAll = true
    },
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
