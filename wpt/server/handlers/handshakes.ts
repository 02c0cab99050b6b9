import { sleep } from '../connection.ts'
import { acceptOf } from '../exchange.ts'
import { encodeFrame, opcodes } from '../frames.ts'
import { Aborted, type Handler, Refused } from '../handler.ts'
import { responseHead } from '../http1.ts'

async function receiveOne(connection: { receive(): Promise<unknown> }): Promise<void> {
  await connection.receive()
}

/** Sets cookies made of the request, then waits for the client to close. */
function setCookies(cookies: (query: string) => readonly string[]): Handler {
  return {
    handshake({ request, headers }) {
      for (const cookie of cookies(request.query ?? '')) headers.push(['Set-Cookie', cookie])
    },
    open: receiveOne,
  }
}

function sameSiteCookies(query: string): string[] {
  const value = new URLSearchParams(query).get('value') ?? '1'
  const end = `; Path=/${query.includes('clear') ? '; Max-Age=0' : ''}`
  return [
    `samesite-unspecified=${value}${end}`,
    `samesite-lax=${value}; SameSite=Lax${end}`,
    `samesite-strict=${value}; SameSite=Strict${end}`,
    // Browsers take SameSite=None from secure cookies only.
    `samesite-none=${value}; SameSite=None; Secure${end}`,
  ]
}

/** A response 101 whose fields, except for Connection and Upgrade, are up to the handler. */
function forgeResponse(fields: readonly [name: string, value: string][]): string {
  return responseHead(101, [['Connection', 'Upgrade'], ['Upgrade', 'websocket'], ...fields])
}

export const handshakeHandlers: Readonly<Record<string, Handler>> = {
  // Accepts the user "foo" with the password "bar".
  '/basic_auth': {
    handshake({ request }) {
      if (request.headers.get('authorization') === 'Basic Zm9vOmJhcg==') return
      throw new Refused(401, [['WWW-Authenticate', 'Basic realm="camelot"']])
    },
  },

  '/handshake_no_extensions': {
    handshake(handshake) {
      handshake.compression = false
    },
  },

  '/handshake_no_protocol': {},

  // Upstream's server refuses if the client asked for no subprotocol. This one answers with a subprotocol, as the titles of the
  // tests say, so that the client has to fail the connection.
  '/handshake_protocol': {
    handshake(handshake) {
      handshake.protocol = 'foobar'
    },
  },

  '/handshake_sleep_2': { handshake: ({ signal }) => sleep(2000, signal) },

  '/sleep_10_v13': {
    handshake: ({ signal }) => sleep(10_000, signal),
    async open(connection) {
      for (;;) {
        const message = await connection.receive()
        if (message === null || message === 'Goodbye') return
        await connection.send(message.toString())
      }
    },
  },

  // A line that is not HTTP, and then a valid response.
  '/invalid': { handshake: handshake => handshake.write('FOO BAR BAZ\r\n\r\n') },

  '/wrong_accept_key': {
    handshake(handshake) {
      handshake.write(forgeResponse([['Sec-WebSocket-Accept', 'thisisawrongacceptkey']]))
    },
    open: connection => connection.send('test'),
  },

  // The response and a close frame in one packet.
  '/simple_handshake': {
    async handshake(handshake) {
      const accept = acceptOf(handshake.request.headers.get('sec-websocket-key') ?? '')
      const response = forgeResponse([
        ['Set-Cookie', 'ws_test=test'],
        ['Sec-WebSocket-Accept', accept],
      ])
      const close = encodeFrame(opcodes.close, Buffer.from('\x03\xe9PASS', 'latin1'))
      handshake.write(Buffer.concat([Buffer.from(response), close]))
      // The client's close frame: at least two bytes of header and four of masking key.
      await handshake.read(6)
      throw new Aborted()
    },
  },

  '/set-cookie': setCookies(query => [`ws_test_${query}=test; Path=/`]),

  '/set-cookie-secure': setCookies(query => [`ws_test_${query}=test; Secure; Path=/`]),

  '/set-cookie_http': setCookies(query => [`ws_test_${query}=test; Path=/; HttpOnly`]),

  '/set-cookies-samesite': setCookies(sameSiteCookies),
}
