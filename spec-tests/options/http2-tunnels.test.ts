import { createSecureServer } from 'node:http2'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import process from 'node:process'
import { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import { failure, handshake, type WebSocket, type WebSocketOptions, WebSocketStream } from '#lib/entry/node.js'
import { useCertificates } from '../support/certificates.ts'
import { runModule } from '../support/child.ts'
import { DATA, END_HEADERS, HEADERS } from '../support/http2-frames.ts'
import { type Http2TestServer, type ServeHttp2Options, startHttp2Server } from '../support/http2-server.ts'
import { type HttpProxyOptions, startHttpProxy, startSocksProxy, type TestProxy } from '../support/proxy-servers.ts'
import { ENABLE_CONNECT_PROTOCOL, STATUS_200, startRawHttp2Server } from '../support/raw-http2-server.ts'
import { next, useLoopback } from '../support/ws-server.ts'

describe('The option http2 beside proxy and connect', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)
  const loopback = useLoopback()
  const only = { http2: 'only', perMessageDeflate: false } as const
  const made = useCertificates()

  /** An echo server. */
  async function serve(options?: ServeHttp2Options): Promise<Http2TestServer> {
    const server = await startHttp2Server(options)
    loopback.afterwards(() => server.close())
    server.acceptAll()
    return server
  }

  async function started(proxy: Promise<TestProxy>): Promise<TestProxy> {
    const one = await proxy
    loopback.afterwards(() => one.close())
    return one
  }

  const startProxy = (options?: HttpProxyOptions): Promise<TestProxy> => started(startHttpProxy(options))

  async function echo(socket: WebSocket, message: string): Promise<void> {
    socket.send(message)
    expect((await next(socket, 'message')).data).to.equal(message)
  }

  async function failed(url: string, options: WebSocketOptions) {
    const socket = loopback.socket(url, options)
    await next(socket, 'close')
    return failure(socket)!
  }

  /** A server that does with each connection what `onConnection` says. */
  async function fake(onConnection: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>()
    const server = createServer({ allowHalfOpen: true }, socket => {
      sockets.add(socket)
      socket.on('error', () => {})
      onConnection(socket)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    loopback.afterwards(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return (server.address() as AddressInfo).port
  }

  describe('through a proxy', () => {
    for (const scheme of ['http', 'https', 'socks5', 'socks5h', 'socks4a']) {
      for (const secure of [false, true]) {
        it(`${scheme}: sockets of ${secure ? 'wss' : 'ws'} URLs share one tunnel, and each has its own messages`, async () => {
          const server = await serve(secure ? { tls: made.certificate } : {})
          const proxy = scheme.startsWith('http')
            ? await startProxy(scheme === 'https' ? { tls: made.certificate } : {})
            : await started(startSocksProxy())
          const url = `${scheme}://localhost:${proxy.port}`
          const options: WebSocketOptions = { ...only, tls: made.tls, proxy: { url, tls: made.tls }, family: 4 }
          const sockets = await Promise.all(Array.from({ length: 10 }, () => loopback.open(server.url, options)))
          await Promise.all(sockets.map((socket, index) => echo(socket, `message ${index}`)))
          expect([server.connections, proxy.asked.length]).to.deep.equal([1, 1])
          for (const socket of sockets) {
            const told = handshake(socket)!
            expect(told).to.include({ http: '2', status: 200, proxy: url })
            expect(told.remoteAddress).to.match(/^(127\.0\.0\.1|::1)$/)
            expect(told.tls?.authorized).to.equal(secure ? true : undefined)
          }
        })
      }
    }

    it('"auto" takes HTTP/2 where the server speaks it', async () => {
      const server = await serve({ tls: made.certificate })
      const proxy = await startProxy()
      const options: WebSocketOptions = { http2: 'auto', tls: made.tls, proxy: `http://localhost:${proxy.port}` }
      const sockets = [await loopback.open(server.url, options), await loopback.open(server.url, options)]
      for (const socket of sockets) {
        await echo(socket, 'x'.repeat(100_000))
        expect(handshake(socket)!.http).to.equal('2')
      }
      expect(proxy.asked).to.have.length(1)
    })

    it('"auto" goes on with HTTP/1.1 in the same tunnel where the server does not, and remembers it', async () => {
      const server = createSecureServer({ ...made.certificate, allowHTTP1: true })
      server.on('unknownProtocol', socket => socket.destroy())
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      const sockets = new Set<Socket>()
      server.on('connection', socket => sockets.add(socket))
      loopback.afterwards(async () => {
        for (const socket of sockets) socket.destroy()
        await new Promise<unknown>(resolve => server.close(resolve))
      })
      new WebSocketServer({ server: server as never }).on('connection', peer => {
        peer.on('message', (data, binary) => peer.send(data, { binary }))
      })
      const plain = await loopback.serve({ tls: made.certificate })
      const proxy = await startProxy()
      const options: WebSocketOptions = { http2: 'auto', tls: made.tls, proxy: `http://localhost:${proxy.port}` }
      for (const [url, tunnels] of [
        // It picks HTTP/1.1.
        [plain.url.replace('127.0.0.1', 'localhost'), [1, 2]],
        // It picks HTTP/2 and does not announce extended CONNECT.
        [`wss://localhost:${(server.address() as AddressInfo).port}/`, [2, 3]],
      ] as const) {
        proxy.asked.length = 0
        for (const count of tunnels) {
          const socket = await loopback.open(url, options)
          expect(handshake(socket)!.http, url).to.equal('1.1')
          expect(proxy.asked, url).to.have.length(count)
        }
      }
    })

    it('"auto" is HTTP/1.1 for ws URLs, and where "tls.ALPNProtocols" says so', async () => {
      const proxy = await startProxy()
      const options: WebSocketOptions = { http2: 'auto', proxy: `http://localhost:${proxy.port}` }
      expect(handshake(await loopback.open((await loopback.serve()).url, options))!.http).to.equal('1.1')
      const secure = (await loopback.serve({ tls: made.certificate })).url.replace('127.0.0.1', 'localhost')
      const trust = { ...made.tls, ALPNProtocols: ['http/1.1'] as const }
      expect(handshake(await loopback.open(secure, { ...options, tls: trust }))!.http).to.equal('1.1')
      expect(proxy.asked).to.have.length(2)
    })

    it('does not share a tunnel between other credentials, other fields, or another TLS to the proxy', async () => {
      const server = await serve()
      const proxy = await startProxy({ tls: made.certificate })
      const url = `https://localhost:${proxy.port}`
      const different = [
        { url, tls: made.tls },
        { url: url.replace('//', '//user:secret@'), tls: made.tls },
        { url, tls: made.tls, headers: { 'X-From': 'me' } },
        { url, tls: { rejectUnauthorized: false } },
      ]
      for (const [index, one] of different.entries()) {
        for (let count = 0; count < 2; count++) await loopback.open(server.url, { ...only, proxy: one })
        expect(proxy.asked).to.have.length(index + 1)
      }
      await loopback.open(server.url, only)
      expect(server.connections).to.equal(different.length + 1)
    })

    it('shares a tunnel with sockets whose "allowAddress" allows the address that the proxy was asked for', async () => {
      const server = await serve()
      const proxy = await startProxy({ leadsTo: server.port })
      const options: WebSocketOptions = {
        ...only,
        proxy: `http://127.0.0.1:${proxy.port}`,
        lookup: (_name, _options, callback) =>
          callback(null, [
            { address: '10.0.0.1', family: 4 },
            { address: '192.0.2.1', family: 4 },
          ]),
      }
      const allowAddress = (address: string): boolean => address.startsWith('192.')
      for (let count = 0; count < 2; count++) await loopback.open('ws://server.test/', { ...options, allowAddress })
      expect(proxy.asked.map(({ target }) => target)).to.deep.equal(['192.0.2.1:80'])
      const error = await failed('ws://server.test/', { ...options, allowAddress: () => false })
      expect(error.code).to.equal('WS_ERR_ADDRESS_REFUSED')
      await loopback.open('ws://server.test/', { ...options, allowAddress: address => address.startsWith('10.') })
      expect(proxy.asked.map(({ target }) => target)).to.deep.equal(['192.0.2.1:80', '10.0.0.1:80'])
    })

    it('lets messages of 20 MiB through both ways, and a server that does not read holds back the sender', async () => {
      const server = await startHttp2Server({ tls: made.certificate })
      loopback.afterwards(() => server.close())
      const proxy = await startProxy()
      const options: WebSocketOptions = { ...only, tls: made.tls, proxy: `http://localhost:${proxy.port}` }
      const slow = loopback.socket(server.url, options)
      const peer = (await server.request()).accept()
      await next(slow, 'open')
      peer.pause()
      const MEBIBYTE = 1024 * 1024
      for (let count = 0; count < 8; count++) slow.send(Buffer.alloc(MEBIBYTE))
      server.acceptAll()
      const other = await loopback.open(server.url, options)
      other.binaryType = 'arraybuffer'
      const bytes = Buffer.alloc(20 * MEBIBYTE)
      for (let at = 0; at < bytes.length; at += 4096) bytes.writeUInt32LE(at, at)
      other.send(bytes)
      const { data } = await next(other, 'message')
      expect(Buffer.from(data as ArrayBuffer).equals(bytes)).to.equal(true)
      expect(slow.bufferedAmount).to.be.above(6 * MEBIBYTE)
      expect(server.connections).to.equal(1)
      peer.resume()
      slow.close()
      expect((await next(slow, 'close')).wasClean).to.equal(true)
    })

    it('carries a WebSocketStream that is read late', async () => {
      const server = await startHttp2Server()
      loopback.afterwards(() => server.close())
      const proxy = await startProxy()
      const stream = new WebSocketStream(server.url, { ...only, proxy: `http://localhost:${proxy.port}` })
      const peer = (await server.request()).accept()
      const { readable } = await stream.opened
      for (let count = 0; count < 32; count++) peer.send(Buffer.alloc(1024 * 1024))
      let read = 0
      for await (const message of readable) {
        read += (message as Uint8Array).byteLength
        if (read === 32 * 1024 * 1024) break
      }
    })

    it('fails as a tunnel for HTTP/1.1 does: refused, not trusted, closed, and too slow', async () => {
      const proxy = await startProxy({ credentials: 'user:secret' })
      const refused = await failed('wss://server.test/', { ...only, proxy: `http://a:wrong@localhost:${proxy.port}` })
      expect([refused.code, refused.step, refused.response!.status]).to.deep.equal([
        'WS_ERR_PROXY_REFUSED',
        'proxy',
        407,
      ])

      const server = await serve({ tls: made.certificate })
      const open = await startProxy()
      const untrusted = await failed(server.url, { ...only, proxy: `http://localhost:${open.port}` })
      expect([untrusted.code, untrusted.step]).to.deep.equal(['WS_ERR_TLS', 'tls'])

      const leaving = await fake(socket => socket.once('data', () => socket.end()))
      const closed = await failed('wss://server.test/', { ...only, proxy: `http://localhost:${leaving}` })
      expect([closed.code, closed.step]).to.deep.equal(['WS_ERR_PROXY', 'proxy'])

      const silent = await fake(socket => socket.on('end', () => socket.end()).resume())
      const slow = await failed('wss://server.test/', {
        ...only,
        proxy: `http://localhost:${silent}`,
        handshakeTimeout: 50,
      })
      expect([slow.code, slow.step]).to.deep.equal(['WS_ERR_HANDSHAKE_TIMEOUT', 'proxy'])
    })

    it('that drops the tunnel ends all of its sockets, and the next one opens another', async () => {
      const server = await serve({ tls: made.certificate })
      const first = await startHttpProxy()
      const options = (port: number): WebSocketOptions => ({
        ...only,
        tls: made.tls,
        proxy: `http://localhost:${port}`,
      })
      const sockets = await Promise.all([1, 2, 3].map(() => loopback.open(server.url, options(first.port))))
      const closed = Promise.all(sockets.map(socket => next(socket, 'close')))
      await first.close()
      for (const { code } of await closed) expect(code).to.equal(1006)
      for (const socket of sockets) expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
      const second = await startProxy()
      await echo(await loopback.open(server.url, options(second.port)), 'again')
    })

    for (const secure of [false, true]) {
      it(`of the environment, ${secure ? 'wss' : 'ws'}: an idle tunnel lets the process end, an open socket does not`, async () => {
        const server = await serve(secure ? { tls: made.certificate } : {})
        const proxy = await startProxy()
        const script = `
          import { WebSocket, handshake, unref } from '#lib/entry/node.js'
          const [, url, proxy] = process.argv
          process.env.${secure ? 'HTTPS' : 'HTTP'}_PROXY = proxy
          const options = { http2: 'only', proxy: 'env', tls: { rejectUnauthorized: false } }
          const open = () => new Promise(resolve => {
            const socket = new WebSocket(url, options)
            socket.onopen = () => resolve(socket)
          })
          const idle = await open()
          console.log(handshake(idle).http, handshake(idle).proxy === proxy)
          idle.close()
          unref(await open())
          const socket = await open()
          socket.onmessage = ({ data }) => {
            console.log(data)
            socket.close()
          }
          // The timer does not keep the process alive.
          setTimeout(() => socket.send('still there'), 100).unref()`
        const { lines, errors, exitCode } = await runModule(script, [server.url, `http://localhost:${proxy.port}`])
        expect(errors).to.equal('')
        expect(lines).to.deep.equal(['2 true', 'still there'])
        expect(exitCode).to.equal(0)
        expect(proxy.asked).to.have.length(1)
      })
    }
  })

  describe('over what connect opens', () => {
    it('"only" shares what one function has opened, by prior knowledge', async () => {
      const server = await serve()
      let calls = 0
      const connect: WebSocketOptions['connect'] = ({ host, port }) => {
        calls++
        return connectTcp(port, host)
      }
      const options = { ...only, connect }
      const sockets = await Promise.all([1, 2, 3].map(() => loopback.open(server.url, options)))
      await Promise.all(sockets.map((socket, index) => echo(socket, String(index))))
      expect([calls, server.connections]).to.deep.equal([1, 1])
      for (const socket of sockets) expect(handshake(socket)!.http).to.equal('2')
      await loopback.open(server.url, { ...only, connect: target => connect(target) })
      expect([calls, server.connections]).to.deep.equal([2, 2])
    })

    it('takes what is encrypted already, and web streams', async () => {
      const server = await serve({ tls: made.certificate })
      const socket = await loopback.open(server.url, {
        ...only,
        connect: ({ host, port }) => connectTls({ port, host, servername: host, ...made.tls, ALPNProtocols: ['h2'] }),
      })
      await echo(socket, 'x'.repeat(300_000))
      const plain = await serve()
      const overStreams = await loopback.open(plain.url, {
        ...only,
        connect: ({ host, port }) => Duplex.toWeb(connectTcp(port, host)) as never,
      })
      await echo(overStreams, 'x'.repeat(300_000))
    })

    it('has what the function throws as the cause of a failure, and fails where HTTP/1.1 is spoken', async () => {
      const thrown = new Error('not today')
      const error = await failed('ws://server.test/', { ...only, connect: () => Promise.reject(thrown) })
      expect([error.code, error.cause]).to.deep.equal(['WS_ERR_CONNECT', thrown])
      const own = await failed('ws://server.test/', { ...only, connect: () => Promise.reject(error) })
      expect(own).not.to.equal(error)
      expect(own.cause).to.equal(error)
      const http1 = await fake(socket => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
      const mistaken = await failed('ws://server.test/', { ...only, connect: () => connectTcp(http1, '127.0.0.1') })
      expect(mistaken.code).to.equal('WS_ERR_HTTP2')
    })

    it('ends all of its sockets when the other end ends the connection, behind its last messages', async () => {
      const server = await serve()
      const relays: Socket[] = []
      const port = await fake(socket => {
        relays.push(socket)
        const upstream = connectTcp(server.port, '127.0.0.1')
        upstream.on('error', () => {})
        // Nobody reads then what still comes from the server.
        socket.on('close', () => upstream.destroy())
        socket.pipe(upstream).pipe(socket, { end: false })
      })
      const connect = () => connectTcp(port, '127.0.0.1')
      const sockets = await Promise.all([1, 2, 3].map(() => loopback.open(server.url, { ...only, connect })))
      const messages = Promise.all(sockets.map(socket => next(socket, 'message')))
      const closed = Promise.all(sockets.map(socket => next(socket, 'close')))
      for (const socket of sockets) socket.send('last')
      for (const { data } of await messages) expect(data).to.equal('last')
      for (const relay of relays) relay.end()
      for (const { code } of await closed) expect(code).to.equal(1006)
      for (const socket of sockets) expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
    })

    it('"auto" means HTTP/1.1', async () => {
      const server = await loopback.serve()
      const connect: WebSocketOptions['connect'] = ({ host, port }) => connectTcp(port, host)
      expect(handshake(await loopback.open(server.url, { http2: 'auto', connect }))!.http).to.equal('1.1')
    })
  })

  for (const secure of [false, true]) {
    for (const way of ['directly', 'through a proxy', 'over what connect opens']) {
      it(`${secure ? 'wss' : 'ws'}, ${way}: Close frames with the end of TCP behind them are answered, and clean`, async () => {
        const server = await startRawHttp2Server(ENABLE_CONNECT_PROTOCOL, secure ? made.certificate : undefined)
        loopback.afterwards(() => server.close())
        const options: WebSocketOptions = { ...only, tls: made.tls }
        const port = Number(new URL(server.url).port)
        const toServer = { host: 'localhost', port, family: 4 }
        const byTls = { ...toServer, ...made.tls, servername: 'localhost', ALPNProtocols: ['h2'] }
        const connect = () => (secure ? connectTls(byTls) : connectTcp(toServer))
        if (way === 'over what connect opens') Object.assign(options, { connect })
        if (way === 'through a proxy')
          Object.assign(options, { proxy: `http://localhost:${(await startProxy()).port}` })
        const sockets = [1, 2, 3].map(() => loopback.socket(server.url, options))
        const peer = await server.accept()
        const streams: number[] = []
        for (const socket of sockets) {
          const opened = next(socket, 'open')
          const { stream } = await peer.frame(HEADERS)
          peer.send(HEADERS, END_HEADERS, stream, STATUS_200)
          streams.push(stream)
          await opened
        }
        const messages = Promise.all(sockets.map(socket => next(socket, 'message')))
        const closed = Promise.all(sockets.map(socket => next(socket, 'close')))
        peer.socket.cork()
        for (const stream of streams) peer.send(DATA, 0, stream, Buffer.from('\x81\x02hi\x88\x02\x03\xe8', 'latin1'))
        peer.socket.end()
        for (const { data } of await messages) expect(data).to.equal('hi')
        for (const { code, wasClean } of await closed) expect([code, wasClean]).to.deep.equal([1000, true])
        // The proxy of these tests, where Bun runs it, drops what follows the end of the other side.
        if (process.versions.bun) return
        const answered = new Set<number>()
        while (answered.size < streams.length) {
          const { stream, payload } = await peer.frame(DATA)
          if (payload[0] === 0x88) answered.add(stream)
        }
      })
    }
  }

  it('"only" excludes what speaks HTTP/1.1 itself', () => {
    for (const other of [{ agent: { addRequest() {} } }, { dispatcher: 'global' }, { upgrade: () => {} }]) {
      const make = (): WebSocket => loopback.socket('ws://localhost/', { ...only, ...(other as object) })
      expect(make).to.throw(TypeError, `"http2" and "${Object.keys(other)[0]}" exclude each other`)
    }
  })
})
