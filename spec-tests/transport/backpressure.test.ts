import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import { drained, type WebSocketOptions } from '#lib/entry/node.js'
import { useCertificates } from '../support/certificates.ts'
import { END_HEADERS, HEADERS, uint32, WINDOW_UPDATE } from '../support/http2-frames.ts'
import { startHttpProxy } from '../support/proxy-servers.ts'
import { ENABLE_CONNECT_PROTOCOL, STATUS_200, startRawHttp2Server } from '../support/raw-http2-server.ts'
import { useLoopback } from '../support/ws-server.ts'

/** More bytes than the system takes for a connection whose other end does not read. */
const SENT = 24 * 1024 * 1024
const MESSAGE = new Uint8Array(1024 * 1024)
/** SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 section 6.5.2) at its maximum: flow control of HTTP/2 does not stop the client. */
const WIDE_WINDOWS = Buffer.concat([ENABLE_CONNECT_PROTOCOL, Buffer.of(0, 4), uint32(2 ** 31 - 1)])

describe('What the network does not take', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)
  const loopback = useLoopback()
  const made = useCertificates()

  /** A server on loopback that passes connections on to a port, and may stop to read from the client. */
  async function startGate(to: number): Promise<{ port: number; shut(): void; open(): void }> {
    const pairs: [client: Socket, server: Socket][] = []
    const gate = createServer(client => {
      const server = connect(to, '127.0.0.1')
      for (const socket of [client, server]) socket.on('error', () => {})
      client.pipe(server).pipe(client)
      pairs.push([client, server])
    })
    await new Promise<void>(resolve => gate.listen(0, '127.0.0.1', resolve))
    loopback.afterwards(() => {
      for (const socket of pairs.flat()) socket.destroy()
      gate.close()
    })
    return {
      port: (gate.address() as AddressInfo).port,
      shut() {
        for (const [client, server] of pairs) client.unpipe(server).pause()
      },
      open() {
        for (const [client, server] of pairs) client.pipe(server)
      },
    }
  }

  /** The port of a server that accepts one WebSocket, and reads what comes. */
  async function serve(http: '1.1' | '2', secure: boolean): Promise<number> {
    const tls = secure ? made.certificate : undefined
    const server =
      http === '1.1' ? await loopback.serve(tls ? { tls } : {}) : await startRawHttp2Server(WIDE_WINDOWS, tls)
    if ('connections' in server) {
      loopback.afterwards(() => server.close())
      void server.accept().then(async peer => {
        peer.send(WINDOW_UPDATE, 0, 0, uint32(2 ** 30))
        peer.send(HEADERS, END_HEADERS, (await peer.frame(HEADERS)).stream, STATUS_200)
      })
    }
    return Number(new URL(server.url).port)
  }

  for (const http of ['1.1', '2'] as const) {
    for (const secure of [false, true]) {
      for (const through of ['', 'http', 'https']) {
        const name = `${secure ? 'wss' : 'ws'} over HTTP/${http}${through && `, through an ${through} proxy`}`
        it(`counts as buffered, and nothing has drained: ${name}`, async () => {
          let port = await serve(http, secure)
          const options: WebSocketOptions = {
            perMessageDeflate: false,
            http2: http === '2' ? 'only' : false,
            family: 4,
          }
          if (secure) Object.assign(options, { tls: { ca: made.authority.cert } })
          const proxy = through && (await startHttpProxy(through === 'https' ? { tls: made.certificate } : {}))
          if (proxy) loopback.afterwards(() => proxy.close())
          const gate = await startGate(proxy ? proxy.port : port)
          if (proxy) {
            const url = `${through}://localhost:${gate.port}`
            Object.assign(options, { proxy: { url, tls: { ca: made.authority.cert } } })
          } else port = gate.port
          const socket = await loopback.open(`${secure ? 'wss' : 'ws'}://localhost:${port}/`, options)
          gate.shut()
          for (let sent = 0; sent < SENT; sent += MESSAGE.length) socket.send(MESSAGE)
          let hasDrained = false
          const all = drained(socket).then(() => {
            hasDrained = true
          })
          // Where nothing holds it up, all has left long before that.
          await new Promise(resolve => setTimeout(resolve, 300))
          expect([hasDrained, socket.bufferedAmount > 0]).to.deep.equal([false, true])
          gate.open()
          await all
          expect(socket.bufferedAmount).to.equal(0)
        })
      }
    }
  }
})
