import { createServer } from 'node:net'
import { expect } from 'chai'
import {
  ConnectionError,
  type FailureCode,
  failure,
  handshake,
  terminate,
  type WebSocket,
  type WebSocketOptions,
} from '#lib/entry/node.js'
import { certificate, privateKey } from '../../wpt/server/certificate.ts'
import { foreignBlob } from '../support/foreign-blob.ts'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, type RawPeer, TEXT } from '../support/raw-server.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

interface Case {
  /** Makes a socket that is about to fail. */
  readonly provoke: () => Promise<WebSocket>
  /** What the message has to say. */
  readonly says: RegExp
  /** The code of the Close frame that tells the server. */
  readonly closeCode?: number
  /** The `code` of the system's error below, or the error. */
  readonly cause?: unknown
  /** The status of the server's answer, if it is that which failed. */
  readonly status?: number
}

/** The error behind a WebSocket that failed. */
describe('failure()', () => {
  const loopback = useLoopback()
  const aborted = new Error('enough')
  const unreadable = new Error('unreadable')
  let closeFrame: Promise<Buffer> | undefined

  /** A socket whose handshake is answered with what `answer` gives. */
  async function answered(
    answer: (peer: RawPeer) => string | Uint8Array,
    options?: WebSocketOptions,
  ): Promise<WebSocket> {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(server.url, options)
    void server.accept().then(peer => peer.write(answer(peer)))
    return socket
  }

  /** An open socket that the server sends these bytes. */
  async function sent(options: WebSocketOptions, ...frames: Uint8Array[]): Promise<WebSocket> {
    const { socket, peer } = await loopback.rawPair(options)
    closeFrame = peer.readFrame().then(({ opcode, payload }) => {
      expect(opcode).to.equal(CLOSE)
      return Buffer.from(payload)
    })
    void peer.write(Buffer.concat(frames))
    return socket
  }

  /** The 101 with a line of its head replaced. */
  const changed = (from: RegExp, to: string) => (peer: RawPeer) =>
    peer.acceptance().toString('latin1').replace(from, to)

  async function unusedPort(): Promise<number> {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await new Promise(resolve => server.close(resolve))
    return port
  }

  // One for each code there is: a new one does not compile without its case. That of browsers is tested in a browser.
  const cases: Record<Exclude<FailureCode, 'WS_ERR_UNREAD_LIMIT'>, Case> = {
    WS_ERR_ABORTED: {
      provoke: async () => loopback.socket('ws://host.test/', { signal: AbortSignal.abort(aborted) }),
      says: /aborted/,
      cause: aborted,
    },
    WS_ERR_ADDRESS_REFUSED: {
      provoke: async () => loopback.socket('ws://[::ffff:127.0.0.1]/', { allowAddress: () => false }),
      says: /"allowAddress" does not allow ::ffff:7f00:1/,
    },
    WS_ERR_BLOCKED_PORT: { provoke: async () => loopback.socket('ws://127.0.0.1:25/'), says: /Port 25 is blocked/ },
    WS_ERR_CLOSED_BEFORE_OPEN: {
      provoke: async () => {
        const socket = loopback.socket((await loopback.serve()).url)
        socket.close()
        return socket
      },
      says: /closed before it was open/,
    },
    WS_ERR_CONNECT: {
      provoke: async () => loopback.socket(`ws://127.0.0.1:${await unusedPort()}/`),
      says: /connect to 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
      cause: 'ECONNREFUSED',
    },
    WS_ERR_COOKIE_JAR: {
      provoke: async () => {
        const cookieJar = { getCookieString: () => Promise.reject(unreadable), setCookie() {} }
        return loopback.socket((await loopback.serveRaw()).url, { cookieJar })
      },
      says: /"cookieJar" could not give the cookies/,
      cause: unreadable,
    },
    WS_ERR_DNS: {
      provoke: async () => {
        const error = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
        return loopback.socket('ws://name.test/', { lookup: (_name, _options, callback) => callback(error, []) })
      },
      says: /connect to name\.test by the option "lookup": no such name/,
      cause: 'ENOTFOUND',
    },
    WS_ERR_HANDSHAKE_TIMEOUT: {
      provoke: async () => loopback.socket((await loopback.serveRaw()).url, { handshakeTimeout: 15 }),
      says: /handshake .* 15 ms \("handshakeTimeout"\)/,
    },
    WS_ERR_HTTP2: {
      provoke: async () => loopback.socket((await loopback.serve()).url, { http2: 'only' }),
      says: /may not speak HTTP\/2/,
      cause: 'ERR_HTTP2_ERROR',
    },
    WS_ERR_INVALID_ACCEPT: {
      provoke: () => answered(changed(/(Accept: ).*/, '$1AAAAAAAAAAAAAAAAAAAAAAAAAAA=')),
      says: /Sec-WebSocket-Accept/,
      status: 101,
    },
    WS_ERR_INVALID_CONNECTION: {
      provoke: () => answered(changed(/Connection: Upgrade/, 'Connection: close')),
      says: /Connection/,
      status: 101,
    },
    WS_ERR_INVALID_EXTENSIONS: {
      provoke: () => answered(peer => peer.acceptance('Sec-WebSocket-Extensions: x-unknown')),
      says: /extension/,
      status: 101,
    },
    WS_ERR_INVALID_RESPONSE: { provoke: () => answered(() => 'SSH-2.0-OpenSSH_9.0\r\n\r\n'), says: /not HTTP/ },
    WS_ERR_INVALID_SUBPROTOCOL: {
      provoke: () => answered(peer => peer.acceptance('Sec-WebSocket-Protocol: other'), { protocols: 'mine' }),
      says: /subprotocol/,
      status: 101,
    },
    WS_ERR_INVALID_UPGRADE: {
      provoke: () => answered(changed(/Upgrade: websocket/, 'Upgrade: h2c')),
      says: /Upgrade/,
      status: 101,
    },
    WS_ERR_PROXY: {
      provoke: async () => loopback.socket('ws://host.test/', { proxy: `http://127.0.0.1:${await unusedPort()}` }),
      says: /connect to the proxy http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/,
      cause: 'ECONNREFUSED',
    },
    WS_ERR_PROXY_REFUSED: {
      provoke: async () => {
        const proxy = await loopback.serveRaw()
        void proxy.accept().then(peer => peer.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'))
        return loopback.socket('ws://host.test/', { proxy: `http://127.0.0.1:${proxy.port}` })
      },
      says: /proxy answered CONNECT with status 403 Forbidden/,
      status: 403,
    },
    WS_ERR_TLS: {
      provoke: async () => {
        const server = await loopback.serve({ tls: { cert: certificate, key: privateKey } })
        return loopback.socket(server.url)
      },
      says: /certificate/,
      cause: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    },
    WS_ERR_RESPONSE_TOO_LARGE: {
      provoke: () => answered(() => `HTTP/1.1 101 Switching Protocols\r\nx-filler: ${'x'.repeat(70_000)}`),
      says: /65536 bytes/,
    },
    WS_ERR_UNEXPECTED_STATUS: {
      provoke: () => answered(() => 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'),
      says: /status 403 Forbidden/,
      status: 403,
    },
    WS_ERR_BLOB_READ: {
      provoke: async () => {
        const socket = await sent({})
        socket.send(foreignBlob(4, { arrayBuffer: () => Promise.reject(unreadable) }))
        return socket
      },
      says: /Blob .* could not be read/,
      cause: unreadable,
      closeCode: 1001,
    },
    WS_ERR_CLOSE_TIMEOUT: {
      provoke: async () => {
        const { socket } = await loopback.rawPair({ closeTimeout: 15 })
        socket.close()
        return socket
      },
      says: /closing handshake .* 15 ms \("closeTimeout"\)/,
    },
    WS_ERR_CONNECTION_LOST: {
      provoke: async () => {
        const { socket, peer } = await loopback.rawPair()
        peer.reset()
        return socket
      },
      says: /connection was lost/,
      cause: 'ECONNRESET',
    },
    WS_ERR_HEARTBEAT_TIMEOUT: {
      provoke: async () => (await loopback.rawPair({ heartbeat: { interval: 10, timeout: 15 } })).socket,
      says: /sent nothing within 15 ms of a ping \("heartbeat.timeout"\)/,
    },
    WS_ERR_TERMINATED: {
      provoke: async () => {
        const { socket } = await loopback.pair()
        terminate(socket)
        return socket
      },
      says: /terminated/,
    },
    WS_ERR_INVALID_CLOSE: {
      provoke: () => sent({}, frame(CLOSE, closeBody(1005))),
      says: /Close frame/,
      closeCode: 1002,
    },
    WS_ERR_FRAGMENTED_CONTROL: {
      provoke: () => sent({}, frame(PING, '', { fin: false })),
      says: /control frame is fragmented/,
      closeCode: 1002,
    },
    WS_ERR_INVALID_COMPRESSION: {
      provoke: async () => {
        const socket = await answered(peer => {
          closeFrame = peer.readFrame().then(({ payload }) => Buffer.from(payload))
          const garbage = frame(TEXT, Buffer.alloc(20, 0xff), { rsv: 4 })
          return Buffer.concat([peer.acceptance('Sec-WebSocket-Extensions: permessage-deflate'), garbage])
        })
        await next(socket, 'open')
        return socket
      },
      says: /compress/,
      closeCode: 1007,
    },
    WS_ERR_INVALID_LENGTH: {
      provoke: () => sent({}, frame(BINARY, 'short', { lengthBits: 16 })),
      says: /length/,
      closeCode: 1002,
    },
    WS_ERR_INVALID_OPCODE: { provoke: () => sent({}, frame(0x3)), says: /opcode 0x3/, closeCode: 1002 },
    WS_ERR_INVALID_UTF8: {
      provoke: () => sent({}, frame(TEXT, Uint8Array.of(0xc0, 0x80))),
      says: /UTF-8/,
      closeCode: 1007,
    },
    WS_ERR_LONG_CONTROL: {
      provoke: () => sent({}, frame(PING, Buffer.alloc(126))),
      says: /control frame .* 125 bytes/,
      closeCode: 1002,
    },
    WS_ERR_MASKED_FRAME: {
      provoke: () => sent({}, frame(TEXT, 'text', { mask: Uint8Array.of(1, 2, 3, 4) })),
      says: /masked/,
      closeCode: 1002,
    },
    WS_ERR_MESSAGE_TOO_BIG: {
      provoke: () => sent({ maxPayload: 10 }, frame(TEXT, 'x'.repeat(11))),
      says: /^The server exceeded a limit: a message exceeds 10 bytes/,
      closeCode: 1009,
    },
    WS_ERR_RESERVED_BITS: {
      provoke: () => sent({}, frame(TEXT, '', { rsv: 1 })),
      says: /^The server broke the protocol: .*reserved bit/,
      closeCode: 1002,
    },
    WS_ERR_TOO_MANY_FRAGMENTS: {
      provoke: () => sent({ maxFragments: 1 }, frame(TEXT, 'a', { fin: false }), frame(CONTINUATION, 'b')),
      says: /^The server exceeded a limit: .*exceeds 1 fragments \("maxFragments"\)/,
      closeCode: 1008,
    },
    WS_ERR_UNEXPECTED_CONTINUATION: {
      provoke: () => sent({}, frame(CONTINUATION, 'a')),
      says: /continuation/,
      closeCode: 1002,
    },
    WS_ERR_UNFINISHED_MESSAGE: {
      provoke: () => sent({}, frame(TEXT, 'a', { fin: false }), frame(TEXT, 'b')),
      says: /message begins before the last one has ended/,
      closeCode: 1002,
    },
  }

  for (const [code, { provoke, says, closeCode, cause, status }] of Object.entries(cases)) {
    it(`is ${code}`, async () => {
      closeFrame = undefined
      const socket = await provoke()
      const events = record(socket)
      let seen: unknown
      socket.addEventListener('error', () => {
        seen = failure(socket)
      })
      await next(socket, 'close')
      expect(events).to.deep.equal(['error', 'close 1006 unclean'])

      const error = failure(socket)!
      expect(seen, 'there from the error event on').to.equal(error)
      expect(error).to.be.an.instanceof(ConnectionError)
      expect(error).to.be.an.instanceof(Error)
      expect(error.name).to.equal('ConnectionError')
      expect(error.code).to.equal(code)
      expect(error.message).to.match(says)
      expect(error.message).to.match(/^(The|A|Could|Port) /)
      expect(error.message).not.to.match(/undefined|null|\[object/)
      if (typeof cause === 'string') expect(error.cause).to.have.property('code', cause)
      else expect(error.cause).to.equal(cause)
      expect(Object.hasOwn(error, 'cause'), 'no cause where there is none').to.equal(cause !== undefined)
      if (closeCode !== undefined) {
        expect(error.closeCode).to.equal(closeCode)
        expect(await closeFrame).to.deep.equal(closeBody(closeCode))
      }
      expect(error.response?.status).to.equal(status)
      // What a proxy answered is no response of the server.
      if (error.step === 'proxy') expect(handshake(socket)).to.equal(undefined)
      else if (status !== undefined) expect(handshake(socket)).to.deep.equal(error.response)
    })
  }

  it('is undefined while nothing has failed, and after a clean close', async () => {
    const server = await loopback.serve()
    const socket = loopback.socket(server.url)
    expect(failure(socket)).to.equal(undefined)
    await next(socket, 'open')
    expect(failure(socket)).to.equal(undefined)
    socket.close()
    expect(failure(socket)).to.equal(undefined)
    await next(socket, 'close')
    expect(failure(socket)).to.equal(undefined)
  })

  it('is the first thing that failed, and stays it', async () => {
    const socket = await cases.WS_ERR_INVALID_UTF8.provoke()
    await next(socket, 'close')
    const error = failure(socket)
    terminate(socket)
    socket.close()
    expect(failure(socket)).to.equal(error)
    expect(error!.code).to.equal('WS_ERR_INVALID_UTF8')
  })

  it('has as its cause that a name is not known', async () => {
    const socket = loopback.socket('ws://name.invalid/')
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_DNS')
    expect(failure(socket)!.message).to.contain('name.invalid')
    expect((failure(socket)!.cause as { code: string }).code).to.match(/^(ENOTFOUND|EAI_AGAIN)$/)
  })

  it('has as its cause that the connection was reset during the handshake', async () => {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(server.url)
    ;(await server.accept()).reset()
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
    expect(failure(socket)!.message).to.match(/during the handshake/)
    expect(failure(socket)!.cause).to.have.property('code', 'ECONNRESET')
  })

  it('tells that the server ended the connection during the handshake', async () => {
    for (const begun of ['', 'HTTP/1.1 101 Swit', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n']) {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url)
      const peer = await server.accept()
      if (begun !== '') await peer.write(begun)
      peer.end()
      await next(socket, 'close')
      expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
      expect(failure(socket)!.message).to.match(/during the handshake/)
    }
  })

  it('sends no second Close frame for what goes wrong after the first', async () => {
    const { socket, peer } = await loopback.rawPair()
    socket.close(3001)
    expect((await peer.readFrame()).opcode).to.equal(CLOSE)
    const rest = peer.readToEnd()
    await peer.write(frame(0xb))
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_INVALID_OPCODE')
    peer.end()
    expect(await rest).to.have.lengthOf(0)
  })
})

/** https://fetch.spec.whatwg.org/#port-blocking */
describe('Blocked ports', () => {
  const loopback = useLoopback()
  const blocked =
    `0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117
    119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990
    993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080`
      .split(/\s+/)
      .map(Number)

  async function isRefused(url: string): Promise<boolean> {
    let asked = false
    const socket = loopback.socket(url, {
      connect: () => {
        asked = true
        throw new Error('asked')
      },
    })
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal(asked ? 'WS_ERR_CONNECT' : 'WS_ERR_BLOCKED_PORT')
    return !asked
  }

  it('are those of Fetch', async () => {
    for (const scheme of ['ws', 'wss']) {
      for (const port of blocked) expect(await isRefused(`${scheme}://host.test:${port}/`), `${port}`).to.equal(true)
    }
  })

  it('are no others', async () => {
    const near = blocked.flatMap(port => [port - 1, port + 1]).filter(port => port > 0 && !blocked.includes(port))
    for (const port of new Set([80, 443, 3000, 8080, 65535, ...near])) {
      expect(await isRefused(`ws://host.test:${port}/`), `${port}`).to.equal(false)
    }
  })
})
