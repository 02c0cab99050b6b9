import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { authority, certificate, privateKey } from './certificate.ts'
import { CheckoutFiles } from './checkout-files.ts'
import type { Handler } from './handler.ts'
import { channelHandlers } from './handlers/channels.ts'
import { closingHandlers } from './handlers/closing.ts'
import { handshakeHandlers } from './handlers/handshakes.ts'
import { messageHandlers } from './handlers/messages.ts'
import { answer, type HttpRequest, type HttpResponse, httpResources } from './http-resources.ts'
import { serveUpgrade } from './http1.ts'
import { serveExtendedConnect } from './http2.ts'
import { Stash } from './stash.ts'

export interface ServerOptions {
  /** The root of a web-platform-tests checkout whose files the HTTP ports serve; none by default. */
  readonly checkout?: string
  /** The host name of the server in files with templates; default `localhost`. */
  readonly host?: string
  /** A host name that makes it another site; default 127.0.0.1. */
  readonly alternateHost?: string
  /** Answers HTTP requests for further paths, and returns whether it did. */
  readonly serveMore?: (response: HttpResponse, url: URL) => Promise<boolean>
}

/** Like upstream's, one port for each scheme. `h2` speaks HTTP/2 alone, for pages and (RFC 8441) WebSockets. */
export type Scheme = 'http' | 'https' | 'ws' | 'wss' | 'h2'

export interface TestServer {
  readonly host: string
  readonly ports: Readonly<Record<Scheme, readonly number[]>>
  /** Stops listening and drops every connection. */
  close(): Promise<void>
}

/** Starts the test server on free ports of 127.0.0.1. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const stash = new Stash()
  const handlers = new Map<string, Handler>(
    Object.entries({ ...messageHandlers, ...handshakeHandlers, ...closingHandlers, ...channelHandlers(stash) }),
  )
  const resources = httpResources(stash)
  const { host = 'localhost', alternateHost = '127.0.0.1' } = options
  const known = { host, alternateHost, ports: {} as Record<Scheme, readonly number[]> }
  const files = options.checkout === undefined ? undefined : new CheckoutFiles(options.checkout, known)

  const serveHttp = async (request: HttpRequest, response: HttpResponse, origin: string) => {
    try {
      const url = new URL(request.url ?? '/', origin)
      const resource = resources.get(url.pathname)
      if (resource) await resource(request, response, url)
      else if (await options.serveMore?.(response, url)) return
      else if (files) await files.serve(response, url)
      else answer(response, 404, '')
    } catch (error) {
      answer(response, 500, String(error))
    }
  }
  const upgrade = (request: IncomingMessage, socket: Socket, head: Buffer) =>
    void serveUpgrade(request, socket, head, handlers)
  const refuse = (_request: unknown, response: HttpResponse) => answer(response, 404, '')
  const tls = { cert: certificate + authority, key: privateKey }

  const servers = {
    http: createServer(),
    https: createTlsServer(tls),
    ws: createServer(refuse).on('upgrade', upgrade),
    wss: createTlsServer(tls, refuse).on('upgrade', upgrade),
    // One port for pages and WebSockets: a page of the h2 variants opens WebSockets to its own origin.
    h2: createSecureServer({ ...tls, settings: { enableConnectProtocol: true } }),
  }
  const connections = new Set<Socket>()
  for (const scheme of Object.keys(servers) as Scheme[]) {
    const server = servers[scheme]
    server.on('connection', (socket: Socket) => {
      connections.add(socket)
      socket.on('close', () => connections.delete(socket))
      // Without a listener, a reset by a client would be an uncaught error.
      socket.on('error', () => {})
    })
    const port = await listen(server)
    known.ports[scheme] = [port]
    const origin = `${scheme === 'http' ? 'http' : 'https'}://${host}:${port}`
    if (scheme === 'ws' || scheme === 'wss') continue
    server.on(
      'request',
      (request: IncomingMessage, response: HttpResponse) => void serveHttp(request, response, origin),
    )
  }
  servers.h2.on('connect', (request, response) => {
    if (!serveExtendedConnect(request.stream, request.headers, handlers)) answer(response, 405, '')
  })

  return {
    host: known.host,
    ports: known.ports,
    close: async () => {
      const closed = Object.values(servers).map(close)
      for (const socket of connections) socket.destroy()
      await Promise.all(closed)
    },
  }
}

function listen(server: Server | Http2SecureServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function close(server: Server | Http2SecureServer): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()))
}
