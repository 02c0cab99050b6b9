import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { Http2Connections } from '#lib/transport/http2.js'
import { connect } from '#lib/transport/node.js'
import type { TlsOptions } from '#lib/transport/tls-options.js'
import { type Certificate, makeAuthority, makeCertificate } from '../support/certificates.ts'
import { socketFarEnd } from '../support/far-end.ts'
import type { TransportUnderTest } from '../support/transport-bench.ts'
import { testTransport } from './pipe-contract.ts'

/** A stream of HTTP/2 behind an extended CONNECT, as a pipe; the connection may be one over another pipe. */
function http2(name: string, secure: boolean, inTunnel = false): TransportUnderTest {
  let made: Promise<[server: Certificate, options: TlsOptions]> | undefined
  const closers: (() => Promise<void>)[] = []

  async function listen(): Promise<[server: Http2Server, port: number, tls: TlsOptions, sockets: Set<Socket>]> {
    made ??= makeAuthority().then(async authority => [await makeCertificate({ authority }), { ca: authority.cert }])
    const [certificate, options] = await made
    const settings = { enableConnectProtocol: true }
    const server = secure ? createSecureServer({ ...certificate, settings }) : createServer({ settings })
    const sockets = new Set<Socket>()
    server.on('connection', (socket: Socket) => sockets.add(socket))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    closers.push(async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    })
    return [server, (server.address() as AddressInfo).port, options, sockets]
  }

  return {
    name,
    startsLater: false,
    cleanUp: async () => {
      for (const close of closers.splice(0)) await close()
    },
    async open(receive, early) {
      const [server, port, tls, sockets] = await listen()
      const target = { host: '127.0.0.1', port, secure, url: '', signal: new AbortController().signal }
      const far = new Promise<ServerHttp2Stream>(resolve => {
        server.on('stream', stream => {
          stream.respond({ ':status': 200 })
          if (early !== undefined) stream.write(early)
          resolve(stream)
        })
      })
      const tunnel = { name: 'far', open: () => connect({ ...target, secure: false }) }
      const network = inTunnel ? { tunnel } : {}
      const place = await new Http2Connections().open(target, 'only', tls, 0, network)
      if (!('upgrade' in place)) throw new Error('A pipe, not a place on a connection')
      await new Promise<void>((resolve, reject) => {
        place.upgrade(
          { target: '/', headers: [['Host', 'in.test']] },
          {
            upgraded(_head, pipe) {
              receive(pipe)
              resolve()
            },
            refused: () => reject(new Error('refused')),
            failed: reject,
          },
        )
      })
      const stream = await far
      return socketFarEnd(stream as unknown as Socket, [...sockets][0])
    },
  }
}

testTransport(http2('HTTP/2', false))
testTransport(http2('HTTP/2 over TLS', true))
testTransport(http2('HTTP/2 in a tunnel', false, true))
testTransport(http2('HTTP/2 over TLS in a tunnel', true, true))
