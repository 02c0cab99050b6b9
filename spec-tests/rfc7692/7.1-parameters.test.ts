import { expect } from 'chai'
import { failure, type WebSocketOptions } from '#lib/entry/node.js'
import { acceptExtensions, type DeflateOffer, type DeflateParameters } from '#lib/protocol/extensions.js'
import { next, record, useLoopback } from '../support/ws-server.ts'

type DeflateOption = WebSocketOptions['perMessageDeflate']

const DEFAULT_OFFER: DeflateOffer = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: undefined,
  clientMaxWindowBits: true,
}

const DEFAULT_PARAMETERS: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
}

/** What the client makes of an answer: parameters, undefined for no extension, or what is wrong. */
function judge(response: string | readonly string[], offer: DeflateOffer = DEFAULT_OFFER): unknown {
  return acceptExtensions(headers(response), offer)
}

/** The same where nothing was offered. */
function judgeUnoffered(response: string | readonly string[]): unknown {
  return acceptExtensions(headers(response), undefined)
}

function headers(response: string | readonly string[]): [name: string, value: string][] {
  const values = typeof response === 'string' ? [response] : response
  return values.map(value => ['Sec-WebSocket-Extensions', value])
}

describe('RFC 7692 section 7.1: parameters of permessage-deflate', () => {
  const loopback = useLoopback()

  describe('the offer', () => {
    const offers: readonly (readonly [option: DeflateOption, value: string])[] = [
      [undefined, 'permessage-deflate; client_max_window_bits'],
      [true, 'permessage-deflate; client_max_window_bits'],
      [{}, 'permessage-deflate; client_max_window_bits'],
      [{ threshold: 0, level: 9, memLevel: 9 }, 'permessage-deflate; client_max_window_bits'],
      [{ clientMaxWindowBits: true }, 'permessage-deflate; client_max_window_bits'],
      [{ clientMaxWindowBits: false }, 'permessage-deflate'],
      [{ clientMaxWindowBits: 8 }, 'permessage-deflate; client_max_window_bits=8'],
      [{ clientMaxWindowBits: 15 }, 'permessage-deflate; client_max_window_bits=15'],
      [{ serverMaxWindowBits: 8 }, 'permessage-deflate; server_max_window_bits=8; client_max_window_bits'],
      [{ serverMaxWindowBits: 15 }, 'permessage-deflate; server_max_window_bits=15; client_max_window_bits'],
      [{ serverNoContextTakeover: true }, 'permessage-deflate; server_no_context_takeover; client_max_window_bits'],
      [{ clientNoContextTakeover: true }, 'permessage-deflate; client_no_context_takeover; client_max_window_bits'],
      [
        {
          serverNoContextTakeover: true,
          clientNoContextTakeover: true,
          serverMaxWindowBits: 10,
          clientMaxWindowBits: 11,
        },
        'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11',
      ],
    ]
    for (const [option, value] of offers) {
      it(`${JSON.stringify(option)}: ${value}`, async () => {
        const server = await loopback.serveRaw()
        loopback.socket(server.url, option === undefined ? {} : { perMessageDeflate: option })
        const peer = await server.accept()
        expect(peer.request.values('sec-websocket-extensions')).to.deep.equal([value])
      })
    }

    it('is not made where perMessageDeflate is false, and then none may be answered', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url, { perMessageDeflate: false })
      const peer = await server.accept()
      expect(peer.request.values('sec-websocket-extensions')).to.deep.equal([])
      const closed = next(socket, 'close')
      await peer.accept('Sec-WebSocket-Extensions: permessage-deflate')
      await closed
      expect(failure(socket)?.code).to.equal('WS_ERR_INVALID_EXTENSIONS')
    })
  })

  describe('an answer that is accepted', () => {
    const answers: readonly (readonly [response: string, changes: Partial<DeflateParameters>])[] = [
      ['permessage-deflate', {}],
      ['permessage-deflate; server_no_context_takeover', { serverNoContextTakeover: true }],
      ['permessage-deflate; client_no_context_takeover', { clientNoContextTakeover: true }],
      ['permessage-deflate; server_max_window_bits=8', { serverMaxWindowBits: 8 }],
      ['permessage-deflate; server_max_window_bits=15', { serverMaxWindowBits: 15 }],
      ['permessage-deflate; client_max_window_bits=8', { clientMaxWindowBits: 8 }],
      ['permessage-deflate; client_max_window_bits=15', { clientMaxWindowBits: 15 }],
      ['permessage-deflate; client_max_window_bits="9"', { clientMaxWindowBits: 9 }],
      ['permessage-deflate; client_max_window_bits="1\\0"', { clientMaxWindowBits: 10 }],
      ['permessage-deflate;server_max_window_bits="12"', { serverMaxWindowBits: 12 }],
      ['permessage-deflate;client_max_window_bits = 9', { clientMaxWindowBits: 9 }],
      [' \tpermessage-deflate \t; \tserver_no_context_takeover \t', { serverNoContextTakeover: true }],
      [', permessage-deflate ,,', {}],
      [
        'permessage-deflate; client_max_window_bits=9; server_max_window_bits=10; client_no_context_takeover; server_no_context_takeover',
        {
          serverNoContextTakeover: true,
          clientNoContextTakeover: true,
          serverMaxWindowBits: 10,
          clientMaxWindowBits: 9,
        },
      ],
    ]
    for (const [response, changes] of answers) {
      it(response.trim(), () => {
        expect(judge(response)).to.deep.equal({ ...DEFAULT_PARAMETERS, ...changes })
      })
    }

    for (let bits = 8; bits <= 15; bits++) {
      it(`windows of ${bits} bits`, () => {
        expect(
          judge(`permessage-deflate; server_max_window_bits=${bits}; client_max_window_bits=${bits}`),
        ).to.deep.equal({
          ...DEFAULT_PARAMETERS,
          serverMaxWindowBits: bits,
          clientMaxWindowBits: bits,
        })
      })
    }

    it('is none at all', () => {
      for (const response of [[], [''], [' '], [','], ['', '']]) {
        expect(judge(response)).to.equal(undefined)
        expect(judgeUnoffered(response)).to.equal(undefined)
      }
    })

    it('stands in a second field where the first one is empty', () => {
      expect(judge(['', 'permessage-deflate'])).to.deep.equal(DEFAULT_PARAMETERS)
    })
  })

  describe('an answer that fails the handshake', () => {
    const windows = ['server_max_window_bits', 'client_max_window_bits'].flatMap(name =>
      [
        '0',
        '7',
        '16',
        '-8',
        '8.0',
        '08',
        '+8',
        '8e0',
        '0x9',
        '1e1',
        '100',
        'a',
        '٩',
        '"7"',
        '"16"',
        '""',
        '" 9"',
        '"9',
      ].map(value => `permessage-deflate; ${name}=${value}`),
    )
    const bad = [
      ...windows,
      'permessage-deflate; server_max_window_bits',
      'permessage-deflate; client_max_window_bits',
      'permessage-deflate; server_max_window_bits=',
      'permessage-deflate; client_max_window_bits=',
      'permessage-deflate; client_max_window_bits=9 9',
      'permessage-deflate; client_max_window_bits==9',
      'permessage-deflate; server_no_context_takeover=',
      'permessage-deflate; server_no_context_takeover=true',
      'permessage-deflate; server_no_context_takeover=""',
      'permessage-deflate; server_no_context_takeover="1"',
      'permessage-deflate; client_no_context_takeover=0',
      'permessage-deflate; client_no_context_takeover=8',
      // Twice, whether or not it says the same.
      'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
      'permessage-deflate; client_no_context_takeover; client_no_context_takeover',
      'permessage-deflate; server_max_window_bits=9; server_max_window_bits=9',
      'permessage-deflate; client_max_window_bits=9; client_max_window_bits=10',
      'permessage-deflate, permessage-deflate',
      'permessage-deflate, permessage-deflate; server_no_context_takeover',
      // What nobody knows.
      'permessage-deflate; unknown',
      'permessage-deflate; unknown=1',
      'permessage-deflate; Server_no_context_takeover',
      'permessage-deflate; server_no_context_takeove',
      'permessage-deflate; __proto__',
      'permessage-deflate; __proto__=9',
      'permessage-deflate; constructor',
      'permessage-deflate; toString=9',
      'permessage-deflate; hasOwnProperty',
      '__proto__',
      'constructor',
      'permessage-deflat',
      'permessage-bzip2',
      'x-webkit-deflate-frame',
      'x-webkit-deflate-frame, permessage-deflate',
      'permessage-deflate, x-unknown',
      // What is not of the grammar (RFC 6455 section 9.1).
      'permessage-deflate;',
      'permessage-deflate;;server_no_context_takeover',
      'permessage-deflate; =9',
      'permessage-deflate; "server_no_context_takeover"',
      '"permessage-deflate"',
      'permessage-deflate server_no_context_takeover',
      'permessage deflate',
      'permessage-deflate; client_max_window_bits="9" x',
      'permessage-deflate; client_max_window_bits="9\\"',
      'permessage-deflate=1',
      ';',
      '=',
      '"',
      '",permessage-deflate',
    ]
    for (const response of bad) {
      it(response, () => {
        expect(judge(response)).to.be.a('string').that.is.not.equal('')
      })
    }

    it('permessage-deflate, in two fields', () => {
      expect(judge(['permessage-deflate', 'permessage-deflate'])).to.be.a('string')
    })

    it('anything, where nothing was offered', () => {
      for (const response of ['permessage-deflate', 'foo', 'permessage-deflate; client_max_window_bits=9']) {
        expect(judgeUnoffered(response)).to.be.a('string')
      }
    })
  })

  describe('an answer beside the offer', () => {
    it('gives up the server context if that was asked for', () => {
      const offer = { ...DEFAULT_OFFER, serverNoContextTakeover: true }
      expect(judge('permessage-deflate', offer)).to.be.a('string')
      expect(judge('permessage-deflate; client_no_context_takeover', offer)).to.be.a('string')
      expect(judge('permessage-deflate; server_no_context_takeover', offer)).to.deep.equal({
        ...DEFAULT_PARAMETERS,
        serverNoContextTakeover: true,
      })
    })

    it('repeats server_max_window_bits, or a smaller one', () => {
      for (let offered = 8; offered <= 15; offered++) {
        const offer = { ...DEFAULT_OFFER, serverMaxWindowBits: offered }
        expect(judge('permessage-deflate', offer), `${offered}`).to.be.a('string')
        for (let bits = 8; bits <= 15; bits++) {
          const judged = judge(`permessage-deflate; server_max_window_bits=${bits}`, offer)
          if (bits > offered) expect(judged, `${bits} for ${offered}`).to.be.a('string')
          else expect(judged).to.deep.equal({ ...DEFAULT_PARAMETERS, serverMaxWindowBits: bits })
        }
      }
    })

    it('has client_max_window_bits only if that was offered, and no larger', () => {
      for (let bits = 8; bits <= 15; bits++) {
        const response = `permessage-deflate; client_max_window_bits=${bits}`
        expect(judge(response, { ...DEFAULT_OFFER, clientMaxWindowBits: false })).to.be.a('string')
        for (let offered = 8; offered <= 15; offered++) {
          const judged = judge(response, { ...DEFAULT_OFFER, clientMaxWindowBits: offered })
          if (bits > offered) expect(judged, `${bits} for ${offered}`).to.be.a('string')
          else expect(judged).to.deep.equal({ ...DEFAULT_PARAMETERS, clientMaxWindowBits: bits })
        }
      }
    })

    it('may be silent about what the client only says of itself, which then holds all the same', () => {
      const offer = { ...DEFAULT_OFFER, clientNoContextTakeover: true, clientMaxWindowBits: 9 }
      const expected = { ...DEFAULT_PARAMETERS, clientNoContextTakeover: true, clientMaxWindowBits: 9 }
      expect(judge('permessage-deflate', offer)).to.deep.equal(expected)
      expect(judge('permessage-deflate; client_no_context_takeover', offer)).to.deep.equal(expected)
    })
  })

  describe('on a connection', () => {
    const DECLINED = 'Sec-WebSocket-Extensions:'

    async function connect(answer: string, option: DeflateOption = true) {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url, { perMessageDeflate: option })
      const events = record(socket)
      const peer = await server.accept()
      return { socket, peer, events, answered: peer.accept(answer) }
    }

    for (const answer of [
      'permessage-deflate',
      'permessage-deflate; client_max_window_bits="9"; server_no_context_takeover',
      'permessage-deflate;server_max_window_bits=15',
    ]) {
      it(`extensions is what the server said: ${answer}`, async () => {
        const { socket, answered } = await connect(`Sec-WebSocket-Extensions: ${answer}`)
        expect(socket.extensions).to.equal('')
        await Promise.all([next(socket, 'open'), answered])
        expect(socket.extensions).to.equal(answer)
      })
    }

    it('extensions is empty where the server declined', async () => {
      const { socket, answered } = await connect(DECLINED)
      await Promise.all([next(socket, 'open'), answered])
      expect(socket.extensions).to.equal('')
      expect(socket.readyState).to.equal(socket.OPEN)
    })

    for (const [answer, option] of [
      ['permessage-deflate; client_max_window_bits=7', true],
      ['permessage-deflate; client_max_window_bits=9', { clientMaxWindowBits: false }],
      ['permessage-deflate; server_max_window_bits=11', { serverMaxWindowBits: 10 }],
      ['permessage-deflate', { serverNoContextTakeover: true }],
      ['permessage-deflate; __proto__', true],
      ['permessage-deflate, permessage-deflate', true],
    ] as const) {
      it(`fails for ${answer} to ${JSON.stringify(option)}: the server's fault, nothing thrown`, async () => {
        const { socket, peer, events } = await connect(`Sec-WebSocket-Extensions: ${answer}`, option)
        await next(socket, 'close')
        expect(events).to.deep.equal(['error', 'close 1006 unclean'])
        const error = failure(socket)
        expect(error?.code).to.equal('WS_ERR_INVALID_EXTENSIONS')
        expect(error?.response?.status).to.equal(101)
        peer.end()
        await peer.closed
      })
    }
  })
})
