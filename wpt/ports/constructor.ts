import type { Port } from '../port.ts'
import * as assert from './support/assert.ts'
import { type EventName, throughAttributes } from './support/events.ts'
import { type Act, everyVariant, long, overHttp1, type Stage, windowOnly } from './support/stage.ts'
import { throwsDOMException, throwsTypeError } from './support/throws.ts'

function refusesProtocol(protocol: string): Act {
  return stage => throwsDOMException('SyntaxError', () => stage.socket('/empty-message', protocol))
}

function refusedCharacters(): Record<string, Act> {
  const acts: Record<string, Act> = { 'an empty subprotocol': refusesProtocol('') }
  for (let code = 1; code < 0x100; code++) {
    if (code >= 0x20 && code < 0x7f) continue
    const digits = code.toString(16).toUpperCase().padStart(4, '0')
    acts[`a subprotocol with U+${digits}`] = refusesProtocol(`a${String.fromCharCode(code)}b`)
  }
  return acts
}

function constructs(...args: unknown[]): Act {
  return stage => {
    stage.construct(...args)
  }
}

/** Expects the server to choose the subprotocol `chosen` and to send a message, then closes. */
function agreesOn(chosen: string, path: string, protocols: string | string[]): Act {
  return async stage => {
    const socket = stage.socket(path, protocols)
    await throughAttributes(
      socket,
      {
        message: () => {
          assert.equal(socket.protocol, chosen)
          socket.close()
        },
      },
      { allow: ['open'], quiet: true },
    )
  }
}

/** Expects the URL of the test server to open when `change` has rewritten its scheme and authority. */
function opensWith(change: (scheme: string, authority: string) => string): Act {
  return async stage => {
    const [scheme, authority] = stage.url('').split('://') as [string, string]
    await throughAttributes(stage.construct(`${change(scheme, authority)}/echo`), {}, { until: 'open' })
  }
}

/** Sends on each of many sockets, closes each at its echo, and expects the three events of each once. */
async function opensMany(stage: Stage): Promise<void> {
  const lives = Array.from({ length: 25 }, async (_, index) => {
    const socket = stage.socket('/echo')
    const seen: EventName[] = []
    await throughAttributes(
      socket,
      {
        open: () => {
          seen.push('open')
          Reflect.apply(socket.send, socket, [index])
        },
        message: ({ data }) => {
          seen.push('message')
          assert.equal(data, String(index))
          socket.close()
        },
        close: () => {
          seen.push('close')
        },
      },
      { quiet: true },
    )
    assert.deepEqual(seen, ['open', 'message', 'close'])
  })
  await Promise.all(lives)
}

/** Two sockets to a server that takes two seconds to answer each: the second handshake starts when the first is done. */
async function opensInTurn(stage: Stage): Promise<void> {
  const openings: number[] = []
  const lives = [1, 2].map(() =>
    throughAttributes(
      stage.socket('/handshake_sleep_2'),
      {
        open: () => {
          openings.push(performance.now())
        },
      },
      { quiet: true },
    ),
  )
  await Promise.all(lives)
  assert.isAtLeast(openings[1]! - openings[0]!, 1000)
}

export const ports: Port[] = [
  windowOnly('constructor/001.html', everyVariant, {
    'no argument at all': stage => throwsTypeError(() => stage.construct()),
  }),
  windowOnly('constructor/004.html', everyVariant, refusedCharacters()),
  windowOnly('constructor/005.html', everyVariant, {
    'gives an instance of WebSocket': stage => {
      assert.instanceOf(stage.socket('/empty-message'), stage.need('WebSocket'))
    },
  }),
  windowOnly('constructor/006.html', everyVariant, {
    'the URL is an object that turns into a string': async stage => {
      const href = stage.url('/echo')
      const socket = stage.construct(new URL(href))
      assert.equal(socket.url, href)
      await throughAttributes(
        socket,
        {
          open: () => socket.send('test'),
          message: ({ data }) => {
            assert.equal(data, 'test')
            socket.close()
          },
        },
        { quiet: true },
      )
    },
  }),
  windowOnly('constructor/007.html', everyVariant, { 'a subprotocol with U+0000': refusesProtocol('a\0b') }),
  windowOnly('constructor/008.html', overHttp1, {
    'ws: to port 80': constructs('ws://example.invalid:80/'),
    'ws: to port 443': constructs('ws://example.invalid:443/'),
    'wss: to port 80': constructs('wss://example.invalid:80/'),
    'wss: to port 443': constructs('wss://example.invalid:443/'),
  }),
  windowOnly('constructor/009.html', everyVariant, { 'one subprotocol': agreesOn('foobar', '/protocol', 'foobar') }),
  windowOnly('constructor/010.html', everyVariant, {
    'a subprotocol that nobody asked for fails the handshake': async stage => {
      const event = await throughAttributes(stage.socket('/handshake_protocol'), { error: () => {} })
      assert.isFalse(event.wasClean)
      assert.equal(event.code, 1006)
    },
  }),
  windowOnly('constructor/011.html', everyVariant, {
    'a subprotocol in another case than the one asked for fails the handshake': async stage => {
      await throughAttributes(stage.socket('/handshake_protocol', 'FOOBAR'), { error: () => {} })
    },
  }),
  windowOnly('constructor/012.html', everyVariant, {
    'no subprotocol in the answer: one close event, no message': async stage => {
      const socket = stage.socket('/handshake_no_protocol', 'foobar')
      await throughAttributes(socket, {}, { allow: ['open', 'error'], quiet: true })
    },
  }),
  long(windowOnly('constructor/013.html', everyVariant, { '25 sockets at once': opensMany })),
  long(windowOnly('constructor/014.html', overHttp1, { 'one handshake at a time for a host': opensInTurn })),
  windowOnly('constructor/016.html', everyVariant, {
    'a query that is not ASCII is sent as percent-encoded UTF-8': async stage => {
      const socket = stage.socket('/echo-query_v13?\u00E5\u00E4\u00F6')
      const { data } = await throughAttributes(socket, {}, { until: 'message', allow: ['open'] })
      assert.equal(data, '%C3%A5%C3%A4%C3%B6')
    },
  }),
  windowOnly('constructor/017.html', everyVariant, {
    'no slash after the scheme': stage => constructs(stage.url('/echo').replace('//', ''))(stage),
    'one slash after the scheme': stage => constructs(stage.url('/echo').replace('//', '/'))(stage),
  }),
  windowOnly('constructor/018.html', everyVariant, {
    'U+0000 in the query is escaped, at the end removed': async stage => {
      const socket = stage.socket('/echo-query?x\0y\0')
      const { data } = await throughAttributes(socket, {}, { until: 'message', allow: ['open'] })
      assert.equal(data, 'x%00y')
    },
  }),
  windowOnly('constructor/019.html', everyVariant, {
    'a scheme in upper case': opensWith((scheme, authority) => `${scheme.toUpperCase()}://${authority}`),
  }),
  windowOnly('constructor/020.html', everyVariant, {
    'a host in upper case': opensWith((scheme, authority) => `${scheme}://${authority.toUpperCase()}`),
  }),
  windowOnly('constructor/021.html', everyVariant, {
    // Upstream means a repeated subprotocol, but writes one with a comma and a space in it.
    'a subprotocol with a comma': stage =>
      throwsDOMException('SyntaxError', () => stage.construct('ws://example.invalid/', ['foobar, foobar'])),
  }),
  windowOnly('constructor/022.html', everyVariant, {
    'the first of two subprotocols': agreesOn('foobar', '/protocol_array', ['foobar', 'foobar2']),
  }),
]
