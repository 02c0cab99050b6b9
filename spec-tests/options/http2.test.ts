import { createSecureServer, type ServerHttp2Session } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import { failure, handshake, terminate, WebSocket, type WebSocketOptions, WebSocketStream } from '#lib/entry/node.js'
import { authority as wptAuthority } from '../../wpt/server/certificate.ts'
import { startServer } from '../../wpt/server/server.ts'
import { useCertificates } from '../support/certificates.ts'
import { END_HEADERS, HEADERS } from '../support/http2-frames.ts'
import { type Http2TestServer, type ServeHttp2Options, startHttp2Server } from '../support/http2-server.ts'
import { ENABLE_CONNECT_PROTOCOL, STATUS_200, startRawHttp2Server } from '../support/raw-http2-server.ts'
import { next, useLoopback } from '../support/ws-server.ts'

/** The field block of a response with status 103 and a field "x" of 100 letters, both as literals (RFC 7541 section 6.2.2). */
const INTERIM = Buffer.concat([Buffer.of(8, 3), Buffer.from('103'), Buffer.of(0, 1, 0x78, 100), Buffer.alloc(100, 'y')])

describe('The option http2', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)
  const loopback = useLoopback()
  const only = { http2: 'only', perMessageDeflate: false } as const
  const made = useCertificates()

  async function serve(options?: ServeHttp2Options): Promise<Http2TestServer> {
    const server = await startHttp2Server(options)
    loopback.afterwards(() => server.close())
    return server
  }

  /** An echo server. */
  async function serveAll(options?: ServeHttp2Options): Promise<Http2TestServer> {
    const server = await serve(options)
    server.acceptAll()
    return server
  }

  /** A socket whose request has come to a server, which answers by field blocks. That of Deno's node:http2 sends no interim responses. */
  async function requested(): Promise<{ socket: WebSocket; send(fields: Buffer): void }> {
    const server = await startRawHttp2Server(ENABLE_CONNECT_PROTOCOL)
    loopback.afterwards(() => server.close())
    const socket = loopback.socket(server.url, only)
    const peer = await server.accept()
    const { stream } = await peer.frame(HEADERS)
    return { socket, send: fields => peer.send(HEADERS, END_HEADERS, stream, fields) }
  }

  async function echo(socket: WebSocket, message: string): Promise<void> {
    socket.send(message)
    expect((await next(socket, 'message')).data).to.equal(message)
  }

  describe('"only"', () => {
    it('has sockets share one connection, and each its own messages', async () => {
      const server = await serveAll()
      const sockets = await Promise.all(Array.from({ length: 20 }, () => loopback.open(server.url, only)))
      await Promise.all(sockets.map((socket, index) => echo(socket, `message ${index}`)))
      expect(server.connections).to.equal(1)
      for (const socket of sockets) expect(handshake(socket)).to.include({ http: '2', status: 200, statusText: '' })
    })

    it('does the same over TLS, and for WebSocketStream', async () => {
      const server = await serveAll({ tls: made.certificate })
      const socket = await loopback.open(server.url, { ...only, tls: made.tls })
      await echo(socket, 'over TLS')
      const stream = new WebSocketStream(server.url, { ...only, tls: made.tls })
      const { readable, writable } = await stream.opened
      const writer = writable.getWriter()
      const reader = readable.getReader()
      await writer.write('streamed')
      expect((await reader.read()).value).to.equal('streamed')
      stream.close()
      expect(server.connections).to.equal(1)
    })

    it('sends an extended CONNECT with the fields of the handshake', async () => {
      const server = await serve()
      const socket = loopback.socket(`${server.url.replace('//', '//user:pass@')}path?query`, {
        http2: 'only',
        protocols: ['chat', 'news'],
        origin: 'https://origin.example',
        headers: [
          ['X-Twice', 'one'],
          ['x-twice', 'two'],
          ['Cookie', 'a=1'],
          ['Cookie', 'b=2'],
        ],
      })
      const request = await server.request()
      const { headers } = request
      expect(headers).to.include({
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':scheme': 'http',
        ':path': '/path?query',
        ':authority': `127.0.0.1:${server.port}`,
        'sec-websocket-version': '13',
        'sec-websocket-protocol': 'chat, news',
        'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
        origin: 'https://origin.example',
        authorization: `Basic ${Buffer.from('user:pass').toString('base64')}`,
        'x-twice': 'one, two',
        cookie: 'a=1; b=2',
      })
      for (const name of ['host', 'connection', 'upgrade', 'sec-websocket-key'])
        expect(headers).not.to.have.property(name)
      request.accept({ 'sec-websocket-protocol': 'news' })
      await next(socket, 'open')
      expect(socket.protocol).to.equal('news')
    })

    it('names the authority by the header Host', async () => {
      const server = await serve()
      loopback.socket(server.url, { ...only, headers: { Host: 'other.example' } })
      expect((await server.request()).headers[':authority']).to.equal('other.example')
    })

    it('agrees on compression, with our own server', async () => {
      const server = await startServer()
      loopback.afterwards(() => server.close())
      const url = `wss://localhost:${server.ports.h2[0]}/echo`
      const socket = await loopback.open(url, { http2: 'only', tls: { ca: wptAuthority } })
      expect(socket.extensions).to.match(/^permessage-deflate/)
      await echo(socket, 'to be compressed '.repeat(1000))
    })

    it('takes no subprotocol that was not offered', async () => {
      const server = await serve()
      const socket = loopback.socket(server.url, only)
      const request = await server.request()
      request.accept({ 'sec-websocket-protocol': 'other' })
      await next(socket, 'close')
      expect(failure(socket)!.code).to.equal('WS_ERR_INVALID_SUBPROTOCOL')
    })

    it('reports a refusal with its status, fields and body', async () => {
      const server = await serve()
      const socket = loopback.socket(server.url, only)
      const { stream } = await server.request()
      stream.respond({ ':status': 403, 'set-cookie': ['a=1', 'b=2'], 'x-why': 'not you' })
      stream.end('no entry')
      await next(socket, 'close')
      const { code, message, response } = failure(socket)!
      expect(code).to.equal('WS_ERR_UNEXPECTED_STATUS')
      expect(message).to.match(/status 403 instead of 200/)
      expect(response!.headers.filter(([name]) => name !== 'date')).to.deep.equal([
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
        ['x-why', 'not you'],
      ])
      expect(Buffer.from(response!.body).toString()).to.equal('no entry')
    })

    it('keeps at most 64 KiB of the body of a refusal', async () => {
      const server = await serve()
      const socket = loopback.socket(server.url, only)
      const { stream } = await server.request()
      stream.respond({ ':status': 500 })
      stream.end(Buffer.alloc(300_000, 'x'))
      await next(socket, 'close')
      expect(handshake(socket)!.body.length).to.equal(64 * 1024)
    })

    it('skips interim responses', async () => {
      const { socket, send } = await requested()
      send(INTERIM)
      send(STATUS_200)
      await next(socket, 'open')
      expect(handshake(socket)!.status).to.equal(200)
    })

    it('has hundreds of fields', async () => {
      const server = await serve()
      const socket = loopback.socket(server.url, only)
      const headers = Array.from({ length: 500 }, (_, index) => [`x-${index}`, 'value'])
      ;(await server.request()).accept(Object.fromEntries(headers))
      await next(socket, 'open')
      expect(handshake(socket)!.headers).to.have.length.of.at.least(500)
    })

    it('takes at most 64 KiB of interim responses', async () => {
      const { socket, send } = await requested()
      for (let sent = 0; sent < 2 * 65_536; sent += INTERIM.length) send(INTERIM)
      await next(socket, 'close')
      expect(failure(socket)!.code).to.equal('WS_ERR_RESPONSE_TOO_LARGE')
    })

    it('is refused by a server of HTTP/1.1, and by one that does not announce extended CONNECT', async () => {
      const plain = await serve({ announces: false })
      const http1 = await loopback.serve({ tls: made.certificate })
      for (const url of [plain.url, http1.url.replace('127.0.0.1', 'localhost')]) {
        const socket = loopback.socket(url, { ...only, tls: made.tls })
        await next(socket, 'close')
        expect(failure(socket)!.code, url).to.equal('WS_ERR_HTTP2')
      }
    })

    it('contradicts an option "tls.ALPNProtocols"', async () => {
      const socket = loopback.socket('wss://localhost:65000/', { ...only, tls: { ALPNProtocols: ['http/1.1'] } })
      await next(socket, 'close')
      expect(failure(socket)!).to.include({ code: 'WS_ERR_HTTP2' })
      expect(failure(socket)!.message).to.match(/ALPNProtocols/)
    })

    it('fails as ever where there is no server', async () => {
      const server = await serve()
      await server.close()
      const socket = loopback.socket(server.url, only)
      await next(socket, 'close')
      expect(failure(socket)!.code).to.equal('WS_ERR_CONNECT')
    })
  })

  describe('"auto"', () => {
    const auto = (): WebSocketOptions => ({ http2: 'auto', tls: made.tls })

    it('takes HTTP/2 with a server that announces extended CONNECT', async () => {
      const server = await serveAll({ tls: made.certificate })
      const sockets = await Promise.all([1, 2, 3].map(() => loopback.open(server.url, auto())))
      await Promise.all(sockets.map((socket, index) => echo(socket, String(index))))
      for (const socket of sockets) expect(handshake(socket)!.http).to.equal('2')
      expect(server.connections).to.equal(1)
    })

    it('takes HTTP/1.1 with a server that knows no other, and offers it no HTTP/2 again', async () => {
      const offered: string[][] = []
      const server = createHttpsServer({
        ...made.certificate,
        ALPNCallback({ protocols }: { protocols: string[] }) {
          offered.push(protocols)
          return 'http/1.1'
        },
      } as object)
      const url = await listen(server)
      new WebSocketServer({ server })
      for (let count = 0; count < 2; count++) {
        const socket = await loopback.open(url, auto())
        expect(handshake(socket)!.http).to.equal('1.1')
      }
      expect(offered).to.deep.equal([['h2', 'http/1.1'], ['http/1.1']])
    })

    it('reads and writes over HTTP/1.1 as ever', async () => {
      const server = createHttpsServer(made.certificate)
      const url = await listen(server)
      new WebSocketServer({ server }).on('connection', socket => {
        socket.on('message', (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }))
      })
      const socket = await loopback.open(url, auto())
      socket.binaryType = 'arraybuffer'
      const bytes = Buffer.alloc(3_000_000, 'abc')
      socket.send(bytes)
      const { data } = await next(socket, 'message')
      expect(Buffer.from(data as ArrayBuffer).equals(bytes)).to.equal(true)
    })

    it('takes HTTP/1.1 with a server that picks HTTP/2 and does not announce extended CONNECT', async () => {
      const server = createSecureServer({ ...made.certificate, allowHTTP1: true })
      let connections = 0
      server.on('connection', () => connections++)
      const url = await listen(server)
      new WebSocketServer({ server: server as never })
      const first = await loopback.open(url, auto())
      expect(handshake(first)!.http).to.equal('1.1')
      expect(connections).to.equal(2)
      const second = await loopback.open(url, auto())
      expect(handshake(second)!.http).to.equal('1.1')
      expect(connections, 'HTTP/2 is not tried again').to.equal(3)
    })

    it('takes HTTP/1.1 where the server asks for it (HTTP_1_1_REQUIRED)', async () => {
      const server = createSecureServer({
        ...made.certificate,
        allowHTTP1: true,
        settings: { enableConnectProtocol: true },
      })
      server.on('stream', stream => stream.on('error', () => {}).close(13))
      const url = await listen(server)
      new WebSocketServer({ server: server as never })
      for (let count = 0; count < 2; count++) {
        const socket = await loopback.open(url, auto())
        expect(handshake(socket)!.http).to.equal('1.1')
      }
    })

    it('is HTTP/1.1 for ws URLs', async () => {
      const server = await loopback.serve()
      const socket = await loopback.open(server.url, { http2: 'auto' })
      expect(handshake(socket)!.http).to.equal('1.1')
    })

    it('is HTTP/1.1 where "tls.ALPNProtocols" says so', async () => {
      const server = createSecureServer({
        ...made.certificate,
        allowHTTP1: true,
        settings: { enableConnectProtocol: true },
      })
      const url = await listen(server)
      new WebSocketServer({ server: server as never })
      const socket = await loopback.open(url, { http2: 'auto', tls: { ...made.tls, ALPNProtocols: ['http/1.1'] } })
      expect(handshake(socket)!.http).to.equal('1.1')
    })

    it('does not trust a server that HTTP/1.1 would not trust', async () => {
      const server = await serveAll({ tls: made.certificate })
      const socket = loopback.socket(server.url, { http2: 'auto' })
      await next(socket, 'close')
      expect(failure(socket)!.message).to.match(/certificate/)
      expect(server.sessions.length).to.equal(0)
    })

    async function listen(server: import('node:net').Server): Promise<string> {
      const sockets = new Set<Socket>()
      server.on('connection', socket => sockets.add(socket))
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      loopback.afterwards(async () => {
        const closed = new Promise(resolve => server.close(resolve))
        for (const socket of sockets) socket.destroy()
        await closed
      })
      return `wss://localhost:${(server.address() as AddressInfo).port}/`
    }
  })

  describe('a connection', () => {
    it('is not shared by different options of TLS', async () => {
      const server = await serveAll({ tls: made.certificate })
      await loopback.open(server.url, { ...only, tls: made.tls })
      await loopback.open(server.url, { ...only, tls: { ...made.tls } })
      expect(server.connections).to.equal(1)
      await loopback.open(server.url, { ...only, tls: { ...made.tls, rejectUnauthorized: false } })
      expect(server.connections).to.equal(2)
    })

    it('is not shared by sockets that resolve the name in another way: other functions "lookup", another "family"', async () => {
      const server = await serveAll()
      const url = `ws://server.example:${server.port}/`
      const lookup = makeLookup()
      await loopback.open(url, { ...only, lookup })
      await loopback.open(url, { ...only, lookup })
      expect(server.connections).to.equal(1)
      await loopback.open(url, { ...only, lookup: makeLookup() })
      expect(server.connections).to.equal(2)
      await loopback.open(url, { ...only, lookup, family: 4 })
      expect(server.connections).to.equal(3)
      const refused = loopback.socket(url, {
        ...only,
        lookup: (_name, _options, callback) => callback(new Error('no'), ''),
      })
      await next(refused, 'close')
      expect(failure(refused)?.step).to.equal('dns')
    })

    it('has no more streams than the server allows: another one is opened', async () => {
      const server = await serveAll({ settings: { maxConcurrentStreams: 2 } })
      const sockets: WebSocket[] = []
      for (let count = 0; count < 5; count++) sockets.push(await loopback.open(server.url, only))
      expect(server.connections).to.equal(3)
      sockets[0]!.close()
      await next(sockets[0]!, 'close')
      await loopback.open(server.url, only)
      expect(server.connections).to.equal(3)
    })

    it('is opened once for sockets that open in parallel', async () => {
      const server = await serveAll()
      const parallel = { ...only, connectInParallel: true }
      await Promise.all(Array.from({ length: 50 }, () => loopback.open(server.url, parallel)))
      expect(server.connections).to.equal(1)
    })

    it('is still opened for the others when the socket that began it has left', async () => {
      const server = await serveAll()
      const parallel = { ...only, connectInParallel: true }
      const first = loopback.socket(server.url, parallel)
      const second = loopback.socket(server.url, parallel)
      // Both have asked for it by now.
      await new Promise(resolve => setImmediate(resolve))
      first.close()
      await next(second, 'open')
    })

    it('carries one opening handshake at a time', async () => {
      const server = await serve()
      const sockets = [loopback.socket(server.url, only), loopback.socket(server.url, only)]
      const opened = Promise.all(sockets.map(socket => next(socket, 'open')))
      const one = await server.request()
      let secondCame = false
      const two = server.request().then(request => {
        secondCame = true
        return request
      })
      await ping(one.session)
      expect(secondCame).to.equal(false)
      one.accept()
      ;(await two).accept()
      await opened
    })

    it('carries several with connectInParallel', async () => {
      const server = await serve()
      const parallel = { ...only, connectInParallel: true }
      const sockets = [loopback.socket(server.url, parallel), loopback.socket(server.url, parallel)]
      const requests = [await server.request(), await server.request()]
      expect(server.connections).to.equal(1)
      for (const request of requests) request.accept()
      await Promise.all(sockets.map(socket => next(socket, 'open')))
    })

    it('that is lost ends 1,000 sockets, each once, and the next one opens another', async () => {
      const server = await serveAll({ settings: { maxConcurrentStreams: 2000 } })
      const parallel = { ...only, connectInParallel: true }
      const sockets = await Promise.all(Array.from({ length: 1000 }, () => loopback.open(server.url, parallel)))
      expect(server.connections).to.equal(1)
      let errors = 0
      for (const socket of sockets) socket.addEventListener('error', () => errors++)
      const closed = Promise.all(sockets.map(socket => next(socket, 'close')))
      server.sessions[0]!.destroy()
      for (const { code, wasClean } of await closed) expect([code, wasClean]).to.deep.equal([1006, false])
      expect(errors).to.equal(1000)
      for (const socket of sockets) expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
      await echo(await loopback.open(server.url, only), 'again')
      expect(server.connections).to.equal(2)
    })

    it('that the server closes lets sockets go on', async () => {
      const server = await serveAll()
      const socket = await loopback.open(server.url, only)
      server.sessions[0]!.close()
      await echo(socket, 'still open')
      await echo(await loopback.open(server.url, only), 'new')
      expect(server.connections).to.equal(2)
      socket.close()
      expect((await next(socket, 'close')).wasClean).to.equal(true)
    })

    /** What was sent before has arrived at the client. */
    function ping(session: ServerHttp2Session): Promise<void> {
      return new Promise((resolve, reject) => session.ping(error => (error ? reject(error) : resolve())))
    }
  })

  describe('flow control', () => {
    const MEBIBYTE = 1024 * 1024

    it('lets messages of 1 MiB and more through, both ways', async () => {
      const server = await serveAll()
      const socket = await loopback.open(server.url, only)
      socket.binaryType = 'arraybuffer'
      for (const size of [MEBIBYTE, 20 * MEBIBYTE]) {
        const bytes = Buffer.alloc(size)
        for (let at = 0; at < size; at += 4096) bytes.writeUInt32LE(at, at)
        socket.send(bytes)
        const { data } = await next(socket, 'message')
        expect(Buffer.from(data as ArrayBuffer).equals(bytes)).to.equal(true)
      }
    })

    it('stops a sender whose server does not read, and no other socket', async () => {
      const server = await serve()
      const slow = loopback.socket(server.url, only)
      const request = await server.request()
      const peer = request.accept()
      await next(slow, 'open')
      peer.pause()
      for (let count = 0; count < 8; count++) slow.send(Buffer.alloc(MEBIBYTE))
      server.acceptAll()
      const other = await loopback.open(server.url, only)
      for (let round = 0; round < 5; round++) await echo(other, `round ${round}`)
      expect(server.connections).to.equal(1)
      expect(slow.bufferedAmount).to.be.above(6 * MEBIBYTE)
      peer.resume()
      slow.close()
      expect((await next(slow, 'close')).wasClean).to.equal(true)
      expect(slow.bufferedAmount).to.equal(0)
    })

    it('stops a server whose client does not read, and no other socket', async () => {
      const server = await serve()
      const stream = new WebSocketStream(server.url, only)
      const request = await server.request()
      const peer = request.accept()
      const { readable } = await stream.opened
      for (let count = 0; count < 64; count++) peer.send(Buffer.alloc(MEBIBYTE))
      server.acceptAll()
      const other = await loopback.open(server.url, only)
      for (let round = 0; round < 5; round++) await echo(other, `round ${round}`)
      expect(peer.bufferedAmount).to.be.above(32 * MEBIBYTE)
      let read = 0
      for await (const message of readable) {
        read += (message as Uint8Array).byteLength
        if (read === 64 * MEBIBYTE) break
      }
    })
  })

  it('is "auto", "only" or false', () => {
    for (const bad of [true, 'yes', 2, null, {}]) {
      const make = (): WebSocket => new WebSocket('wss://localhost/', { http2: bad as never })
      expect(make).to.throw(TypeError, 'The WebSocket option "http2" must be "auto", "only" or false')
    }
  })

  it('false, the default, never offers HTTP/2', async () => {
    const server = await serve({ tls: made.certificate })
    for (const options of [{ tls: made.tls }, { tls: made.tls, http2: false } as const]) {
      const socket = new WebSocket(server.url, options)
      await next(socket, 'close')
      expect(failure(socket)!.message).to.match(/does not speak HTTP\/1\.1/)
      terminate(socket)
    }
  })
})

/** A `lookup` of its own, for which every name is 127.0.0.1. */
function makeLookup(): NonNullable<WebSocketOptions['lookup']> {
  return (_name, _options, callback) => callback(null, '127.0.0.1', 4)
}
