import process from 'node:process'
import { expect } from 'chai'
import { failure, handshake, terminate, type WebSocket, WebSocketStream } from '#lib/entry/node.js'
import { rejectionOf } from '../support/expect.ts'
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HEADERS,
  PING,
  PUSH_PROMISE,
  RST_STREAM,
  uint32,
  WINDOW_UPDATE,
} from '../support/http2-frames.ts'
import {
  ENABLE_CONNECT_PROTOCOL,
  type RawHttp2Peer,
  type RawHttp2Server,
  STATUS_200,
  startRawHttp2Server,
} from '../support/raw-http2-server.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

describe('RFC 8441 section 5: frames of HTTP/2 under a WebSocket', () => {
  const loopback = useLoopback()
  const only = { http2: 'only', perMessageDeflate: false } as const

  /** @param settings of the first SETTINGS frame; null sends none */
  async function serve(settings: Buffer | null = ENABLE_CONNECT_PROTOCOL): Promise<RawHttp2Server> {
    const server = await startRawHttp2Server(settings)
    loopback.afterwards(() => server.close())
    return server
  }

  /** The next request: its stream is answered with status 200. */
  async function accept(peer: RawHttp2Peer): Promise<number> {
    const { stream } = await peer.frame(HEADERS)
    peer.send(HEADERS, END_HEADERS, stream, STATUS_200)
    return stream
  }

  async function openPair(): Promise<{
    server: RawHttp2Server
    socket: WebSocket
    peer: RawHttp2Peer
    stream: number
  }> {
    const server = await serve()
    const socket = loopback.socket(server.url, only)
    const peer = await server.accept()
    const [stream] = await Promise.all([accept(peer), next(socket, 'open')])
    return { server, socket, peer, stream }
  }

  /** An unmasked text message of a server. */
  const text = (message: string): Buffer => Buffer.from([0x81, message.length, ...Buffer.from(message)])
  const CLOSE_1000 = Buffer.of(0x88, 2, 0x03, 0xe8)

  it('END_STREAM is the end of TCP: a closing handshake with it is clean', async () => {
    const { socket, peer, stream } = await openPair()
    peer.send(DATA, 0, stream, text('hi'))
    expect((await next(socket, 'message')).data).to.equal('hi')
    peer.send(DATA, END_STREAM, stream, CLOSE_1000)
    const { code, wasClean } = await next(socket, 'close')
    expect([code, wasClean]).to.deep.equal([1000, true])
    // Our Close frame, and our end.
    let frame = await peer.frame(DATA)
    expect(frame.payload[0]).to.equal(0x88)
    while ((frame.flags & END_STREAM) === 0) frame = await peer.frame(DATA)
    expect(frame.stream).to.equal(stream)
  })

  it('END_STREAM without a Close frame is the loss of the connection', async () => {
    const { socket, peer, stream } = await openPair()
    peer.send(DATA, END_STREAM, stream)
    expect((await next(socket, 'close')).code).to.equal(1006)
    expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
  })

  for (const [code, name] of [
    [0, 'NO_ERROR'],
    [2, 'INTERNAL_ERROR'],
    [8, 'CANCEL'],
    [0xab, 'error code 171'],
  ] as const) {
    it(`RST_STREAM with ${name} is the reset of TCP, for this socket alone`, async () => {
      const { server, socket, peer, stream } = await openPair()
      const other = loopback.socket(server.url, only)
      const [otherStream] = await Promise.all([accept(peer), next(other, 'open')])
      peer.send(RST_STREAM, 0, stream, uint32(code))
      const { code: closeCode, wasClean } = await next(socket, 'close')
      expect([closeCode, wasClean]).to.deep.equal([1006, false])
      expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
      expect(String(failure(socket)!.cause)).to.match(/HTTP2|reset the stream/)
      peer.send(DATA, 0, otherStream, text('still here'))
      expect((await next(other, 'message')).data).to.equal('still here')
    })
  }

  it('RST_STREAM with NO_ERROR right behind the response ends a WebSocketStream that is writing', async () => {
    const server = await serve()
    const stream = new WebSocketStream(server.url, only)
    const peer = await server.accept()
    const { stream: id } = await peer.frame(HEADERS)
    peer.socket.cork()
    peer.send(HEADERS, END_HEADERS, id, STATUS_200)
    peer.send(RST_STREAM, 0, id, uint32(0))
    peer.socket.uncork()
    const { readable, writable } = await stream.opened
    const writing = writable.getWriter().write('into the void')
    writing.catch(() => {})
    await rejectionOf(readable.getReader().read())
    await rejectionOf(stream.closed)
    expect(failure(stream)!.code).to.equal('WS_ERR_CONNECTION_LOST')
  })

  for (const [silence, options] of [
    ['a handshake', { handshakeTimeout: 50 }],
    ['a heartbeat', { heartbeat: { interval: 20, timeout: 30 } }],
    ['a closing handshake', { closeTimeout: 50 }],
  ] as const) {
    it(`after the time limit of ${silence} the next socket opens a connection of its own, and others stay`, async () => {
      const { server, socket: other, peer, stream: otherStream } = await openPair()
      const socket = loopback.socket(server.url, { ...only, ...options })
      if (silence !== 'a handshake') await Promise.all([accept(peer), next(socket, 'open')])
      if (silence === 'a closing handshake') socket.close()
      await next(socket, 'close')
      expect(failure(socket)!.code).to.match(/TIMEOUT/)
      const later = loopback.socket(server.url, only)
      await Promise.all([accept(await server.accept()), next(later, 'open')])
      expect(server.connections).to.equal(2)
      peer.send(DATA, 0, otherStream, text('still here'))
      expect((await next(other, 'message')).data).to.equal('still here')
    })
  }

  it('terminate() sends RST_STREAM with CANCEL', async () => {
    const { socket, peer, stream } = await openPair()
    terminate(socket)
    const frame = await peer.frame(RST_STREAM)
    expect([frame.stream, frame.payload.readUInt32BE()]).to.deep.equal([stream, 8])
  })

  it('close() before the response sends RST_STREAM with CANCEL, and the connection stays', async () => {
    const server = await serve()
    const socket = loopback.socket(server.url, only)
    const peer = await server.accept()
    const { stream } = await peer.frame(HEADERS)
    socket.close()
    expect((await peer.frame(RST_STREAM)).stream).to.equal(stream)
    const second = loopback.socket(server.url, only)
    await Promise.all([accept(peer), next(second, 'open')])
    expect(server.connections).to.equal(1)
  })

  it('a stream that was reset as REFUSED_STREAM is opened again', async () => {
    const server = await serve()
    const socket = loopback.socket(server.url, only)
    const peer = await server.accept()
    peer.send(RST_STREAM, 0, (await peer.frame(HEADERS)).stream, uint32(7))
    await Promise.all([accept(peer), next(socket, 'open')])
  })

  it('a server that refuses each stream is asked three times', async () => {
    const server = await serve()
    const socket = loopback.socket(server.url, only)
    const peer = await server.accept()
    const closed = next(socket, 'close')
    for (let count = 0; count < 3; count++) peer.send(RST_STREAM, 0, (await peer.frame(HEADERS)).stream, uint32(7))
    await closed
    expect(failure(socket)!).to.include({ code: 'WS_ERR_CONNECTION_LOST' })
    expect(failure(socket)!.message).to.match(/REFUSED_STREAM/)
  })

  it('a stream that was reset in another way before the response is not opened again', async () => {
    const server = await serve()
    const socket = loopback.socket(server.url, only)
    const peer = await server.accept()
    peer.send(RST_STREAM, 0, (await peer.frame(HEADERS)).stream, uint32(2))
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
    expect(failure(socket)!.message).to.match(/INTERNAL_ERROR/)
  })

  it('a server that asks for HTTP/1.1 (HTTP_1_1_REQUIRED) does not get it with "only"', async () => {
    const server = await serve()
    const socket = loopback.socket(server.url, only)
    const peer = await server.accept()
    peer.send(RST_STREAM, 0, (await peer.frame(HEADERS)).stream, uint32(13))
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_HTTP2')
  })

  it('GOAWAY: sockets go on, and new ones open a new connection', async () => {
    const { server, socket, peer, stream } = await openPair()
    peer.send(GOAWAY, 0, 0, uint32(stream, 0))
    peer.send(DATA, 0, stream, text('before the end'))
    expect((await next(socket, 'message')).data).to.equal('before the end')
    const second = loopback.socket(server.url, only)
    const newPeer = await server.accept()
    await Promise.all([accept(newPeer), next(second, 'open')])
    expect(server.connections).to.equal(2)
    socket.send('still open')
    await peer.frame(DATA)
    peer.send(DATA, END_STREAM, stream, CLOSE_1000)
    expect((await next(socket, 'close')).wasClean).to.equal(true)
    // The connection ends with its last stream.
    await new Promise(resolve => peer.socket.once('close', resolve))
  })

  for (const [what, end] of [
    ['GOAWAY', (peer, stream) => peer.send(GOAWAY, 0, 0, uint32(stream, 0))],
    ['a reset of TCP', peer => peer.socket.resetAndDestroy()],
    ['the end of TCP', peer => peer.socket.end()],
  ] as [string, (peer: RawHttp2Peer, stream: number) => void][]) {
    it(`${what} on a connection without sockets: the next socket opens another one`, async () => {
      const { server, socket, peer, stream } = await openPair()
      socket.close(1000)
      await peer.frame(DATA)
      peer.send(DATA, END_STREAM, stream, CLOSE_1000)
      await next(socket, 'close')
      const gone = new Promise(resolve => peer.socket.once('close', resolve))
      end(peer, stream)
      await gone
      const second = loopback.socket(server.url, only)
      const newPeer = await server.accept()
      await Promise.all([accept(newPeer), next(second, 'open')])
      expect(server.connections).to.equal(2)
    })
  }

  it('GOAWAY that leaves out the stream of a request: another connection is opened for it', async () => {
    const { server, peer, stream } = await openPair()
    const second = loopback.socket(server.url, only)
    await peer.frame(HEADERS)
    peer.send(GOAWAY, 0, 0, uint32(stream, 0))
    const newPeer = await server.accept()
    await Promise.all([accept(newPeer), next(second, 'open')])
  })

  it('GOAWAY with an error ends the sockets of the connection', async () => {
    const { socket, peer, stream } = await openPair()
    peer.send(GOAWAY, 0, 0, uint32(stream, 2))
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
    expect(String(failure(socket)!.cause)).to.match(/HTTP2_SESSION_ERROR|INTERNAL_ERROR/)
  })

  it('a connection that the server ends just then, idle as it was, is opened anew', async () => {
    const { server, peer } = await openPair()
    const second = loopback.socket(server.url, only)
    await peer.frame(HEADERS)
    peer.socket.destroy()
    const newPeer = await server.accept()
    await Promise.all([accept(newPeer), next(second, 'open')])
  })

  it('a server that reads no more and ends TCP has lost all of its sockets, and the next one opens another connection', async () => {
    // SETTINGS_INITIAL_WINDOW_SIZE, and the window of the connection: what waits does so in TCP.
    const server = await serve(Buffer.concat([ENABLE_CONNECT_PROTOCOL, Buffer.of(0, 4), uint32(2 ** 30)]))
    // Up to version 22, Node.js does not read while a write waits: there a PING frame without an answer tells.
    const options = { ...only, keepAlive: 500 }
    const sockets = [1, 2, 3].map(() => loopback.socket(server.url, options))
    const peer = await server.accept()
    peer.send(WINDOW_UPDATE, 0, 0, uint32(2 ** 30))
    for (const socket of sockets) await Promise.all([accept(peer), next(socket, 'open')])
    peer.socket.pause()
    for (const socket of sockets) {
      for (let count = 0; count < 8; count++) socket.send(new Uint8Array(2 ** 20))
    }
    const closed = Promise.all(sockets.map(socket => next(socket, 'close')))
    peer.socket.end()
    for (const { code } of await closed) expect(code).to.equal(1006)
    for (const socket of sockets) {
      expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
      expect(socket.bufferedAmount).to.be.above(2 ** 20)
    }
    const again = loopback.socket(server.url, options)
    await Promise.all([accept(await server.accept()), next(again, 'open')])
  })

  it('a server that ends TCP before it answers: another connection is opened for the request', async () => {
    const server = await serve()
    const first = loopback.socket(server.url, only)
    const peer = await server.accept()
    await Promise.all([accept(peer), next(first, 'open')])
    const socket = loopback.socket(server.url, only)
    await peer.frame(HEADERS)
    peer.socket.end()
    await Promise.all([accept(await server.accept()), next(socket, 'open')])
  })

  it('PUSH_PROMISE is against the settings, and ends the connection', async () => {
    const { socket, peer, stream } = await openPair()
    // Our SETTINGS, which turn pushes off, are acknowledged by now.
    const block = Buffer.from([0x82, 0x84, 0x86, 0x01, 0x01, 0x61])
    peer.send(PUSH_PROMISE, END_HEADERS, stream, Buffer.concat([uint32(2), block]))
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
  })

  // Node.js 20 reads no more after three of these, without an event: there the connection is given up when a PING frame is not answered.
  for (const [what, type, flags, stream, payload] of [
    ['header fields that cannot be decoded', HEADERS, END_HEADERS, 1, Buffer.of(0xff)],
    ['a WINDOW_UPDATE frame of no bytes', WINDOW_UPDATE, 0, 0, uint32(0)],
    ['a PING frame of one byte', PING, 0, 0, Buffer.of(0)],
    // Bun ignores it, and the connection goes on.
    ...(process.versions.bun ? [] : [['DATA of a stream that nobody opened', DATA, 0, 9, Buffer.of(0)] as const]),
  ] as const) {
    it(`${what}: the connection is lost, and the next socket has one of its own`, async () => {
      const server = await serve()
      const options = { ...only, keepAlive: 1000 }
      const socket = loopback.socket(server.url, options)
      const peer = await server.accept()
      await Promise.all([accept(peer), next(socket, 'open')])
      peer.send(type, flags, stream, payload)
      const { code, wasClean } = await next(socket, 'close')
      expect([code, wasClean]).to.deep.equal([1006, false])
      const lost = failure(socket)!
      expect(lost.code).to.equal('WS_ERR_CONNECTION_LOST')
      if (process.versions.node.startsWith('20.') && type !== WINDOW_UPDATE) {
        expect((lost.cause as Error).message).to.include('a PING frame within 1000 ms ("keepAlive")')
      }
      const other = loopback.socket(server.url, options)
      await Promise.all([accept(await server.accept()), next(other, 'open')])
    })
  }

  it('a connection whose PING frames are answered stays, however long nothing else comes', async () => {
    const server = await serve()
    const socket = loopback.socket(server.url, { ...only, keepAlive: 1000 })
    const peer = await server.accept()
    const [stream] = await Promise.all([accept(peer), next(socket, 'open')])
    if (Number.parseInt(process.versions.node, 10) < 24) for (let pings = 0; pings < 3; pings++) await peer.frame(PING)
    peer.send(DATA, 0, stream, text('still here'))
    expect((await next(socket, 'message')).data).to.equal('still here')
  })

  it('a server that never sends SETTINGS is given up with the time of the handshake', async () => {
    const server = await serve(null)
    const socket = loopback.socket(server.url, { ...only, handshakeTimeout: 50 })
    const peer = await server.accept()
    const dropped = new Promise(resolve => peer.socket.once('close', resolve))
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_HANDSHAKE_TIMEOUT')
    await dropped
  })

  it('SETTINGS without SETTINGS_ENABLE_CONNECT_PROTOCOL: no request is made', async () => {
    const server = await serve(Buffer.alloc(0))
    const socket = loopback.socket(server.url, only)
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_HTTP2')
    expect(failure(socket)!.message).to.match(/RFC 8441/)
  })

  it('a response without a body, and other statuses than 200, are refusals', async () => {
    const server = await serve()
    const socket = loopback.socket(server.url, only)
    const peer = await server.accept()
    // Status 204 of the static table.
    peer.send(HEADERS, END_HEADERS | END_STREAM, (await peer.frame(HEADERS)).stream, Buffer.of(0x89))
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_UNEXPECTED_STATUS')
    expect(handshake(socket)).to.include({ http: '2', status: 204, statusText: '' })
  })

  it('a refusal whose body never ends is reported with what has come', async () => {
    const server = await serve()
    const socket = loopback.socket(server.url, only)
    const peer = await server.accept()
    const { stream } = await peer.frame(HEADERS)
    // Status 404 of the static table.
    peer.send(HEADERS, END_HEADERS, stream, Buffer.of(0x8d))
    peer.send(DATA, 0, stream, Buffer.from('not '))
    peer.send(DATA, 0, stream, Buffer.from('here'))
    await next(socket, 'close')
    expect(handshake(socket)!.status).to.equal(404)
    expect(Buffer.from(handshake(socket)!.body).toString()).to.equal('not here')
    expect((await peer.frame(RST_STREAM)).stream).to.equal(stream)
  })

  it('events come in the order of any other socket', async () => {
    const { socket, peer, stream } = await openPair()
    const lines = record(socket)
    peer.send(DATA, 0, stream, text('one'))
    peer.send(RST_STREAM, 0, stream, uint32(8))
    await next(socket, 'close')
    expect(lines.slice(-2)).to.deep.equal(['error', 'close 1006 unclean'])
  })
})
