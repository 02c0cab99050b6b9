/**
 * An echo server for main.ts, in a process of its own: WebSockets over HTTP/2 and over HTTP/1.1, both over TLS. Prints its ports as
 * JSON. The path /burst?count=N&size=N sends that many messages once it got one.
 */
import { createSecureServer, type Http2Stream } from 'node:http2'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { WebSocket, WebSocketServer } from 'ws'

const tls = JSON.parse(process.argv[2]!) as { key: string; cert: string }

function serve(socket: WebSocket, path: string): void {
  const query = new URL(path, 'ws://localhost/').searchParams
  const count = Number(query.get('count'))
  const message = Buffer.alloc(Number(query.get('size')), 'x')
  socket.on('message', (data, isBinary) => {
    if (count === 0) return socket.send(data as Buffer, { binary: isBinary })
    for (let sent = 0; sent < count; sent++) socket.send(message, { binary: true })
  })
  socket.on('error', () => {})
}

const http1 = createServer(tls)
new WebSocketServer({ server: http1, perMessageDeflate: false, maxPayload: 2 ** 30 }).on(
  'connection',
  (socket, request) => serve(socket, request.url!),
)
const http2 = createSecureServer({
  ...tls,
  maxSessionMemory: 1e6,
  settings: { enableConnectProtocol: true, maxConcurrentStreams: 1e6, initialWindowSize: 1024 * 1024 },
})
http2.on('session', session => session.setLocalWindowSize(16 * 1024 * 1024))
http2.on('stream', (stream, headers) => {
  stream.respond({ ':status': 200 })
  serve(overStream(stream), String(headers[':path']))
})

/** `ws` has no public way to speak over a stream of HTTP/2. */
function overStream(stream: Http2Stream): WebSocket {
  const socket = new WebSocket(null as never, undefined, { closeTimeout: 30_000 } as never) as WebSocket & {
    setSocket(stream: object, head: Buffer, options: object): void
  }
  socket.setSocket(Object.assign(stream, { setNoDelay() {} }), Buffer.alloc(0), {
    maxPayload: 2 ** 30,
    allowSynchronousEvents: true,
  })
  return socket
}

const listen = (server: Server | ReturnType<typeof createSecureServer>): Promise<number> =>
  new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
console.log(JSON.stringify({ http1: await listen(http1), http2: await listen(http2) }))
