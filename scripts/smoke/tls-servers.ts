import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { WebSocketServer } from 'ws'
import { makeAuthority, makeCertificate } from '../../spec-tests/support/certificates.ts'
import { startHttp2Server } from '../../spec-tests/support/http2-server.ts'

/** What the program needs to know of them, as JSON. */
export interface TlsServers {
  /** The authority of all their certificates, PEM. */
  readonly authority: string
  /** By the only name or address that the certificate is for: the port, on all addresses of the loopback interface. */
  readonly ports: Readonly<Record<string, number>>
  /** An echo server that speaks HTTP/2, for localhost and 127.0.0.1. */
  readonly http2Port: number
}

/** Starts servers with different certificates. Each sends the name that the client has asked for (SNI) as its first message. */
export async function startTlsServers(): Promise<{ readonly servers: TlsServers; close(): void }> {
  const authority = await makeAuthority()
  const ports: Record<string, number> = {}
  const started: { https: Server; server: WebSocketServer }[] = []
  for (const subject of ['localhost', 'other.test', '127.0.0.1', '::1', '127.0.0.2']) {
    const isName = /[a-z]/.test(subject)
    const certificate = await makeCertificate({
      authority,
      names: isName ? [subject] : [],
      addresses: isName ? [] : [subject],
    })
    const https = createServer(certificate)
    // Clients that refuse the certificate break the connection.
    https.on('tlsClientError', () => {})
    const server = new WebSocketServer({ server: https })
    server.on('connection', (peer, request) => {
      peer.on('error', () => {})
      peer.send(String((request.socket as TLSSocket & { servername?: unknown }).servername || 'no name'))
    })
    await new Promise<void>(resolve => https.listen(0, '::', resolve))
    ports[subject] = (https.address() as AddressInfo).port
    started.push({ https, server })
  }
  const http2 = await startHttp2Server({ tls: await makeCertificate({ authority }) })
  http2.acceptAll()
  return {
    servers: { authority: authority.cert, ports, http2Port: http2.port },
    close() {
      void http2.close()
      for (const { https, server } of started) {
        for (const peer of server.clients) peer.terminate()
        server.close()
        https.close()
      }
    },
  }
}
