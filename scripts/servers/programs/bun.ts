import type { Settings } from '../row.ts'

/* An echo server on Bun.serve, run by Bun. */

interface BunSocket {
  send(message: string | Uint8Array, compress: boolean): number
  close(code: number, reason: string): void
}

declare const Bun: {
  readonly argv: readonly string[]
  file(path: string): unknown
  serve(options: object): void
}

const { port, tlsPort, key, cert } = JSON.parse(Bun.argv[2]!) as Settings

function fetch(request: { url: string; headers: Headers }, server: any): Response | undefined {
  const path = new URL(request.url).pathname
  if (path === '/refused') return new Response('No', { status: 403 })
  if (path === '/redirect') return new Response(null, { status: 302, headers: { Location: '/echo' } })
  const offered = request.headers.get('sec-websocket-protocol')?.split(/,\s*/) ?? []
  const headers = offered.includes('echo') ? { 'Sec-WebSocket-Protocol': 'echo' } : {}
  return server.upgrade(request, { headers }) ? undefined : new Response('', { status: 426 })
}

const common = {
  hostname: '127.0.0.1',
  fetch,
  websocket: {
    perMessageDeflate: true,
    maxPayloadLength: 64 * 1024 * 1024,
    backpressureLimit: 256 * 1024 * 1024,
    message(socket: BunSocket, message: string | Uint8Array) {
      if (message === 'close') {
        for (let index = 0; index < 100; index++) socket.send(`last ${index}`, true)
        socket.close(4001, 'as you wish')
      } else socket.send(message, true)
    },
  },
}
Bun.serve({ ...common, port })
Bun.serve({ ...common, port: tlsPort, tls: { key: Bun.file(key), cert: Bun.file(cert) } })
