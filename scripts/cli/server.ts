import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { readKeyPair } from './pem-files.ts'
import { count } from './text.ts'
import { UsageError } from './usage-error.ts'

export interface ServerOptions {
  /** 0 for any that is free. */
  readonly port: number
  readonly host: string
  /** Subprotocols that are accepted, the best one first. */
  readonly protocol?: readonly string[]
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** Whether a web page of this origin may connect. */
  isWelcome?(origin: string | undefined): boolean
}

export interface RunningServer {
  readonly url: string
  /** Resolves once SIGINT, SIGTERM or `stop` has closed all connections. */
  readonly stopped: Promise<void>
  /** Closes all connections with code 1001, and drops them after a while. A second call drops them at once. */
  stop(): void
}

/** Milliseconds that clients have for the closing handshake. */
const GRACE = 2000

/**
 * Starts a server that speaks WebSocket and nothing else.
 *
 * @throws (rejects with) UsageError
 */
export async function serve(
  options: ServerOptions,
  connected: (socket: ServerSocket, request: IncomingMessage) => void,
  note: (line: string) => void,
): Promise<RunningServer> {
  const { cert, key, protocol = [], isWelcome = () => true } = options
  const pair = readKeyPair(cert, key)
  const isSecure = pair.cert !== undefined
  const http = isSecure ? createSecureServer(pair) : createServer()
  http.on('request', (_request, response) => {
    response.writeHead(426, { Upgrade: 'websocket', 'Content-Type': 'text/plain' })
    response.end('This is a WebSocket server.\n')
  })
  const server = new WebSocketServer({
    server: http,
    // Without context takeover, small messages are sent as they are: compressing them takes ten times as long as the rest.
    perMessageDeflate: { serverNoContextTakeover: true, threshold: 1024 },
    verifyClient: ({ origin }: { origin: string | undefined }) => isWelcome(origin),
    ...(protocol.length === 0 ? {} : { handleProtocols: offered => protocol.find(one => offered.has(one)) ?? false }),
  })
  // The errors of the HTTP server, which `start` reports.
  server.on('error', () => {})
  server.on('connection', connected)
  await start(http, options)
  const { port } = http.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return { url: `${isSecure ? 'wss' : 'ws'}://${host}:${port}/`, ...stopper(server, http, note) }
}

function start(http: Server, { port, host }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        reject(new UsageError(`Port ${port} is in use`, 'Take another one, or 0 for any that is free.'))
      } else if (error.code === 'EACCES') {
        reject(new UsageError(`This user may not listen on port ${port}`, 'Take one from 1024 on.'))
      } else reject(new UsageError(`Cannot listen on ${host}: ${error.message}`))
    })
    http.listen(port, host, resolve)
  })
}

function stopper(server: WebSocketServer, http: Server, note: (line: string) => void): Omit<RunningServer, 'url'> {
  let isStopping = false
  let resolve!: () => void
  const stopped = new Promise<void>(fulfil => {
    resolve = fulfil
  })
  const stop = (): void => {
    const clients = [...server.clients]
    if (isStopping) for (const client of clients) client.terminate()
    if (isStopping) return
    isStopping = true
    if (clients.length > 0) note(`closing ${count(clients.length, 'connection')}`)
    for (const client of clients) client.close(1001)
    const timer = setTimeout(() => {
      for (const client of clients) client.terminate()
    }, GRACE)
    const closed = clients.map(client => new Promise(done => client.once('close', done)))
    server.close()
    http.close(async () => {
      await Promise.all(closed)
      clearTimeout(timer)
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
      resolve()
    })
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return { stopped, stop }
}
