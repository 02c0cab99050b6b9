import { expect } from 'chai'
import { failure, handshake, type WebSocket } from '#lib/entry/node.js'
import { CLOSE, closeBody, frame, PING, PONG, type RawPeer, type RawRequest, TEXT } from '../support/raw-server.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

type Options = ConstructorParameters<typeof WebSocket>[1]

describe('RFC 6455 section 4.1: opening handshake', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  const loopback = useLoopback()

  describe('the request', () => {
    const request = async (path = '/', options?: Options): Promise<RawRequest & { port: number }> => {
      const server = await loopback.serveRaw()
      loopback.socket(`ws://127.0.0.1:${server.port}${path}`, options)
      const peer = await server.accept()
      return { ...peer.request, values: name => peer.request.values(name), port: server.port }
    }

    it('is a GET of HTTP/1.1 with each field of the handshake once', async () => {
      const { method, version, values, fields, port } = await request()
      expect([method, version]).to.deep.equal(['GET', 'HTTP/1.1'])
      expect(values('host')).to.deep.equal([`127.0.0.1:${port}`])
      expect(values('upgrade')).to.deep.equal(['websocket'])
      expect(values('connection')).to.deep.equal(['Upgrade'])
      expect(values('sec-websocket-version')).to.deep.equal(['13'])
      expect(values('sec-websocket-key')).to.have.length(1)
      expect(values('origin')).to.deep.equal([])
      expect(values('sec-websocket-protocol')).to.deep.equal([])
      const names = fields.map(([name]) => name.toLowerCase())
      expect(new Set(names).size).to.equal(names.length)
    })

    it('is written line by line with CR LF, and ends in an empty one', async () => {
      const { raw } = await request()
      expect(raw).to.match(/^GET \/ HTTP\/1\.1\r\n(?:[A-Za-z-]+: [^\r\n]+\r\n)+\r\n$/)
    })

    it('has the path and the query as they stand in the URL, and no fragment', async () => {
      for (const target of ['/', '/a/b', '/a?b=c&d', '/%20%C3%A9?x=%00', '//two', '/a;b=c/..%2f']) {
        expect((await request(target)).target).to.equal(target)
      }
      // Section 3: the "?" belongs to a query that is not empty.
      expect((await request('/a?')).target).to.equal('/a')
      const server = await loopback.serveRaw()
      loopback.socket(`ws://127.0.0.1:${server.port}`)
      expect((await server.accept()).request.target).to.equal('/')
    })

    it('has a key of 16 random bytes in base64, another one each time', async () => {
      const keys = new Set<string>()
      const server = await loopback.serveRaw()
      for (let index = 0; index < 20; index++) {
        const socket = loopback.socket(server.url)
        const peer = await server.accept()
        const [key] = peer.request.values('sec-websocket-key')
        expect(key).to.match(/^[A-Za-z0-9+/]{22}==$/)
        expect(Buffer.from(key!, 'base64').length).to.equal(16)
        keys.add(key!)
        await Promise.all([next(socket, 'open'), peer.accept()])
      }
      expect(keys.size).to.equal(20)
    })

    it('names several subprotocols in one field, in order, with a space behind the comma', async () => {
      expect((await request('/', 'one')).values('sec-websocket-protocol')).to.deep.equal(['one'])
      expect((await request('/', ['b', 'a', 'C'])).values('sec-websocket-protocol')).to.deep.equal(['b, a, C'])
    })

    it('has an Origin if the option says so', async () => {
      const { values } = await request('/', { origin: 'https://example.com' })
      expect(values('origin')).to.deep.equal(['https://example.com'])
    })

    it("has the caller's own fields, as they were given, and a Host among them replaces ours", async () => {
      const { fields, values } = await request('/', {
        headers: [
          ['X-One', '1'],
          ['x-one', '2'],
          ['hOsT', 'example.com'],
          ['X-Empty', ''],
          ['X-High', 'gr\u00fcn'],
        ],
      })
      expect(values('x-one')).to.deep.equal(['1', '2'])
      expect(values('host')).to.deep.equal(['example.com'])
      expect(values('x-empty')).to.deep.equal([''])
      expect(values('x-high')).to.deep.equal(['gr\u00fcn'])
      expect(fields.map(([name]) => name)).to.include.members(['X-One', 'x-one', 'hOsT'])
    })

    it('is followed by nothing until the answer is here', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url)
      const peer = await server.accept()
      await Promise.all([next(socket, 'open'), peer.accept()])
      socket.send('first')
      expect((await peer.readFrame()).text).to.equal('first')
    })
  })

  interface Attempt {
    readonly socket: WebSocket
    readonly peer: RawPeer
    readonly server: { readonly accepted: number }
    readonly events: string[]
    readonly opened: Promise<unknown>
    readonly closed: Promise<unknown>
  }

  /** Answers a handshake with what `answer` writes. */
  async function attempt(answer: (peer: RawPeer) => unknown, options?: Options): Promise<Attempt> {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(server.url, options)
    const events = record(socket)
    const opened = next(socket, 'open')
    opened.catch(() => {})
    const closed = next(socket, 'close')
    const peer = await server.accept()
    await answer(peer)
    return { socket, peer, server, events, opened, closed }
  }

  /** A 101 of these lines, with the right Sec-WebSocket-Accept where `ACCEPT` stands. */
  function response(peer: RawPeer, lines: readonly string[]): string {
    const all = ['HTTP/1.1 101 Switching Protocols', ...lines]
    return `${all.join('\r\n').replaceAll('ACCEPT', peer.acceptValue)}\r\n\r\n`
  }

  describe('a response that is taken', () => {
    const usual = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: ACCEPT']
    const cases: [what: string, lines: string[], protocol?: string][] = [
      ['as usual', usual],
      ['names and values in any case', ['uPGRADE: WebSocket', 'CONNECTION: UPGRADE', 'sec-websocket-accept: ACCEPT']],
      [
        'no space, and more space',
        ['Upgrade:websocket', 'Connection:\t upgrade \t', 'Sec-WebSocket-Accept:  ACCEPT \t'],
      ],
      ['several connection options', [usual[0]!, 'Connection: keep-alive, Upgrade', usual[2]!]],
      ['empty connection options', [usual[0]!, 'Connection: ,, ,upgrade,', usual[2]!]],
      ['several Connection fields', [usual[0]!, 'Connection: keep-alive', 'Connection: upgrade', usual[2]!]],
      ['any order, and other fields', ['X: 1', usual[2]!, 'Content-Length: 7', usual[0]!, 'x: 2', usual[1]!]],
      ['an empty list of extensions', [...usual, 'Sec-WebSocket-Extensions: ', 'Sec-WebSocket-Extensions: ,']],
      ['a subprotocol that was asked for', [...usual, 'Sec-WebSocket-Protocol: two'], 'two'],
      ['values with colons', [...usual, 'X-Address: ws://[::1]:80/', 'X-Colon: :']],
      ['names that objects have by themselves', [...usual, '__proto__: a', 'constructor: b', 'hasOwnProperty: c']],
    ]
    for (const [what, lines, protocol] of cases) {
      it(what, async () => {
        const options = protocol === undefined ? undefined : ['one', 'two']
        const { socket, peer, opened } = await attempt(peer => peer.write(response(peer, lines)), options)
        await opened
        expect(socket).to.include({ readyState: 1, protocol: protocol ?? '', extensions: '' })
        const answer = handshake(socket)!
        expect(answer).to.include({ status: 101, statusText: 'Switching Protocols' })
        const expected = lines.map(line => {
          const colon = line.indexOf(':')
          const value = line.slice(colon + 1).replaceAll('ACCEPT', peer.acceptValue)
          return [line.slice(0, colon).toLowerCase(), value.replace(/^[ \t]+|[ \t]+$/g, '')]
        })
        expect(answer.headers).to.deep.equal(expected)
        expect(answer.body.length).to.equal(0)
      })
    }

    it('its status line needs no reason, and may have any', async () => {
      for (const line of ['HTTP/1.1 101', 'HTTP/1.1 101 ', 'HTTP/1.1 101 Bienvenue \u00e0 tous\t!']) {
        const { socket, opened } = await attempt(peer =>
          peer.write(
            peer
              .acceptance()
              .toString('latin1')
              .replace(/^[^\r]*/, line),
          ),
        )
        await opened
        expect(handshake(socket)?.statusText).to.equal(line.slice(13))
      }
    })

    it('other 1xx responses may come before it (RFC 9110 section 15.2), and count for nothing', async () => {
      const { socket, events, opened } = await attempt(peer =>
        peer.write(
          [
            'HTTP/1.1 100 Continue\r\n\r\n',
            'HTTP/1.1 102 Processing\r\nX: y\r\n\r\n',
            'HTTP/1.1 103 Early Hints\r\nSec-WebSocket-Protocol: nobody\r\nUpgrade: h2c\r\n\r\n',
            'HTTP/1.1 199 What\r\n\r\n',
            peer.acceptance('X-Last: 1').toString('latin1'),
          ].join(''),
        ),
      )
      await opened
      expect(events).to.deep.equal(['open'])
      expect(handshake(socket)?.headers.filter(([name]) => name.startsWith('x'))).to.deep.equal([['x-last', '1']])
    })

    it('frames may stand in the same packet: open comes first, then each message', async () => {
      const { peer, events, closed } = await attempt(peer =>
        peer.write(
          Buffer.concat([
            Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'),
            peer.acceptance(),
            frame(TEXT, 'one'),
            frame(PING, 'now'),
            frame(TEXT, 'two'),
            frame(CLOSE, closeBody(1000)),
          ]),
        ),
      )
      expect(await peer.readFrame()).to.include({ opcode: PONG, text: 'now' })
      expect(await peer.readFrame()).to.deep.include({ opcode: CLOSE, payload: closeBody(1000) })
      peer.end()
      await closed
      expect(events).to.deep.equal(['open', 'message one', 'message two', 'close 1000 clean'])
    })

    it('half a frame may stand in the same packet', async () => {
      const bytes = frame(TEXT, 'whole')
      const { socket, peer, opened } = await attempt(peer =>
        peer.write(Buffer.concat([peer.acceptance(), bytes.subarray(0, 3)])),
      )
      const arrived = next(socket, 'message')
      await opened
      await peer.write(bytes.subarray(3))
      expect((await arrived).data).to.equal('whole')
    })

    it('may come byte by byte', async () => {
      const { opened } = await attempt(async peer => {
        for (const byte of peer.acceptance('X: y')) await peer.write(Uint8Array.of(byte))
      })
      await opened
    })
  })

  /** Expects an answer to be refused: no Close frame, since the connection never was open, and no second request. */
  async function expectRefusal(
    code: string,
    answer: (peer: RawPeer) => unknown,
    options?: Options,
  ): Promise<{ socket: WebSocket; peer: RawPeer }> {
    const { socket, peer, server, events, closed } = await attempt(answer, options)
    await closed
    expect(events).to.deep.equal(['error', 'close 1006 unclean'])
    expect(failure(socket)?.code, failure(socket)?.message).to.equal(code)
    expect(server.accepted).to.equal(1)
    return { socket, peer }
  }

  describe('a 101 that is refused', () => {
    const upgrade = 'Upgrade: websocket'
    const connection = 'Connection: Upgrade'
    const accept = 'Sec-WebSocket-Accept: ACCEPT'
    const usual = [upgrade, connection, accept]
    const off = { perMessageDeflate: false }
    const cases: [what: string, code: string, lines: string[], options?: Options][] = [
      ['no Upgrade', 'UPGRADE', [connection, accept]],
      ['another Upgrade', 'UPGRADE', ['Upgrade: h2c', connection, accept]],
      ['an Upgrade that only begins so', 'UPGRADE', ['Upgrade: websocket2', connection, accept]],
      ['an empty Upgrade', 'UPGRADE', ['Upgrade:', connection, accept]],
      ['a list in Upgrade', 'UPGRADE', ['Upgrade: websocket, h2c', connection, accept]],
      ['Upgrade twice', 'UPGRADE', [upgrade, upgrade, connection, accept]],
      ['no Connection', 'CONNECTION', [upgrade, accept]],
      ['another Connection', 'CONNECTION', [upgrade, 'Connection: close', accept]],
      ['a Connection that only begins so', 'CONNECTION', [upgrade, 'Connection: upgraded, x-upgrade', accept]],
      ['no Sec-WebSocket-Accept', 'ACCEPT', [upgrade, connection]],
      ['an empty Sec-WebSocket-Accept', 'ACCEPT', [upgrade, connection, 'Sec-WebSocket-Accept:']],
      ['another Sec-WebSocket-Accept', 'ACCEPT', [upgrade, connection, `${accept.replace('ACCEPT', 'a'.repeat(27))}=`]],
      ['more behind Sec-WebSocket-Accept', 'ACCEPT', [upgrade, connection, `${accept}=`]],
      ['Sec-WebSocket-Accept twice', 'ACCEPT', [upgrade, connection, accept, accept]],
      ['an unknown extension', 'EXTENSIONS', [...usual, 'Sec-WebSocket-Extensions: x-unknown']],
      [
        'an extension that was not offered',
        'EXTENSIONS',
        [...usual, 'Sec-WebSocket-Extensions: permessage-deflate'],
        off,
      ],
      ['extensions that are not of the grammar', 'EXTENSIONS', [...usual, 'Sec-WebSocket-Extensions: ;']],
      ['a subprotocol, and none was asked for', 'SUBPROTOCOL', [...usual, 'Sec-WebSocket-Protocol: one']],
      ['an empty subprotocol', 'SUBPROTOCOL', [...usual, 'Sec-WebSocket-Protocol:'], ['one']],
      ['no subprotocol, and one was asked for', 'SUBPROTOCOL', usual, ['one']],
      ['another subprotocol', 'SUBPROTOCOL', [...usual, 'Sec-WebSocket-Protocol: three'], ['one', 'two']],
      ['a subprotocol in another case', 'SUBPROTOCOL', [...usual, 'Sec-WebSocket-Protocol: One'], ['one']],
      ['a list of subprotocols', 'SUBPROTOCOL', [...usual, 'Sec-WebSocket-Protocol: one, two'], ['one', 'two']],
      [
        'a subprotocol twice',
        'SUBPROTOCOL',
        [...usual, 'Sec-WebSocket-Protocol: one', 'Sec-WebSocket-Protocol: one'],
        ['one'],
      ],
    ]
    for (const [what, code, lines, options] of cases) {
      it(what, async () => {
        const { peer, socket } = await expectRefusal(
          `WS_ERR_INVALID_${code}`,
          peer => peer.write(response(peer, lines)),
          options,
        )
        expect((await peer.readToEnd()).length).to.equal(0)
        expect(handshake(socket)?.status).to.equal(101)
        expect(failure(socket)?.response).to.equal(handshake(socket))
      })
    }

    it('Sec-WebSocket-Accept in another case', async () => {
      await expectRefusal('WS_ERR_INVALID_ACCEPT', peer => {
        const value = peer.acceptValue
        const swapped = value.replace(/[A-Za-z]/g, letter =>
          letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
        )
        return peer.write(response(peer, [upgrade, connection, `Sec-WebSocket-Accept: ${swapped}`]))
      })
    })

    it('the Sec-WebSocket-Accept of an interim response does not count', async () => {
      await expectRefusal('WS_ERR_INVALID_ACCEPT', peer =>
        peer.write(response(peer, usual).replace('101 Switching', '103 Early') + response(peer, [upgrade, connection])),
      )
    })

    it('frames behind it are not read', async () => {
      const { peer } = await expectRefusal('WS_ERR_INVALID_UPGRADE', peer =>
        peer.write(response(peer, [connection, accept]) + frame(TEXT, 'a').toString('latin1')),
      )
      expect((await peer.readToEnd()).length).to.equal(0)
    })
  })

  describe('no response', () => {
    const cases: [what: string, before: string][] = [
      ['at all', ''],
      ['in the middle of the status line', 'HTTP/1.1 10'],
      ['in the middle of the fields', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'],
      ['but an interim one', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ]
    for (const [what, before] of cases) {
      it(`${what}: FIN`, async () => {
        const { peer } = await expectRefusal('WS_ERR_CONNECTION_LOST', peer => {
          if (before !== '') void peer.write(before)
          peer.end()
        })
        await peer.ended
      })
    }

    it('at all: reset', async () => {
      const { socket } = await expectRefusal('WS_ERR_CONNECTION_LOST', peer => peer.reset())
      expect(failure(socket)?.cause).to.include({ code: 'ECONNRESET' })
    })

    it('in time: the server is let go after handshakeTimeout', async () => {
      const { peer } = await expectRefusal('WS_ERR_HANDSHAKE_TIMEOUT', () => {}, { handshakeTimeout: 30 })
      await peer.ended
    })
  })
})
