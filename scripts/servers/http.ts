import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Settings } from './row.ts'

/** What a server of WebSockets attaches to: HTTP and HTTPS, which redirect, refuse, and serve nothing. */
export async function serveHttp(settings: Settings, attach: (server: Server) => void): Promise<void> {
  const { port, tlsPort } = settings
  const servers: [Server, number][] = [
    [createServer(answer), port],
    [createTlsServer({ key: readFileSync(settings.key), cert: readFileSync(settings.cert) }, answer), tlsPort],
  ]
  for (const [server, at] of servers) {
    // What is attached has the requests that are not about the paths below.
    attach(server)
    const others = server.listeners('upgrade') as ((...all: unknown[]) => void)[]
    server.removeAllListeners('upgrade')
    server.on('upgrade', (request, socket, head) => {
      const redirects = request.url === '/redirect'
      if (redirects)
        socket.end('HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      else if (request.url === '/refused') {
        socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      } else for (const other of others) other.call(server, request, socket, head)
    })
    // Clients that refuse the certificate break the connection.
    server.on('tlsClientError', () => {})
    await new Promise<void>(resolve => server.listen(at, '127.0.0.1', resolve))
  }
}

const answer: RequestListener = (_request, response) => void response.writeHead(426).end()
