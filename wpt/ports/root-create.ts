import type { Port, Socket } from '../port.ts'
import * as assert from './support/assert.ts'
import { throughListeners } from './support/events.ts'
import { type Act, anyScope, everyVariant, long, plainOnly, type Stage, windowOnly } from './support/stage.ts'
import { throwsDOMException } from './support/throws.ts'

const open = 1

/** Opens a socket to the echo handler, looks at it in the open event, closes it, and expects a clean end. */
function opens(protocols: [] | [string | string[]], check: (socket: Socket) => void): Act {
  return async stage => {
    const socket = stage.socket('/echo', ...protocols)
    const event = await throughListeners(socket, {
      open: () => {
        check(socket)
        socket.close()
      },
    })
    assert.isTrue(event.wasClean)
  }
}

function isOpen(socket: Socket): void {
  assert.equal(socket.readyState, open)
}

/** Expects a SyntaxError for the subprotocols. */
function refusesProtocols(protocols: string | string[]): Act {
  return stage => throwsDOMException('SyntaxError', () => stage.socket('/echo', protocols))
}

/** `location` with its scheme replaced and its path cut off. */
function rootWithScheme(stage: Stage, scheme: string): string {
  return `${scheme}://${new URL(stage.t.location).host}/`
}

const invalidUrls: Record<string, (stage: Stage) => string> = {
  'a space in the host, ws:': () => 'ws://with space.test/',
  'a space in the host, wss:': () => 'wss://with space.test/',
  'the scheme ftp:': stage => rootWithScheme(stage, 'ftp'),
  'the scheme mailto:': () => 'mailto:somebody@example.test',
  'the scheme about:': () => 'about:blank',
  'an empty fragment': stage => `${new URL(stage.t.location).origin}/#`,
  'a fragment': stage => `${new URL(stage.t.location).origin}/#part`,
  'a relative URL that is a fragment': () => '#part',
}

const relativeUrls: Record<string, unknown> = { 'a word': 'test', 'an empty query': '?', null: null, 'a number': 123 }

export const ports: Port[] = [
  anyScope('Create-asciiSep-protocol-string.any.js', everyVariant, {
    'a subprotocol with a slash is refused': refusesProtocols('/echo'),
  }),
  long(
    anyScope('Create-extensions-empty.any.js', everyVariant, {
      'extensions stays empty when the server accepts none': async stage => {
        const socket = stage.socket('/handshake_no_extensions')
        await throughListeners(
          socket,
          {
            open: () => {
              socket.close()
              assert.equal(socket.extensions, '')
            },
          },
          { until: 'open' },
        )
      },
    }),
  ),
  anyScope('Create-http-urls.any.js', plainOnly, {
    'http: and https: URLs become ws: and wss: URLs': stage => {
      assert.equal(stage.construct(rootWithScheme(stage, 'http')).url, rootWithScheme(stage, 'ws'))
      assert.equal(stage.construct(rootWithScheme(stage, 'https')).url, rootWithScheme(stage, 'wss'))
    },
  }),
  anyScope(
    'Create-invalid-urls.any.js',
    plainOnly,
    Object.fromEntries(
      Object.entries(invalidUrls).map(([title, input]) => [
        `refused: ${title}`,
        stage => throwsDOMException('SyntaxError', () => stage.construct(input(stage))),
      ]),
    ),
  ),
  anyScope(
    'Create-non-absolute-url.any.js',
    plainOnly,
    Object.fromEntries(
      Object.entries(relativeUrls).map(([title, input]) => [
        `resolved against the location: ${title}`,
        stage => {
          const expected = new URL(String(input), stage.t.location)
          expected.protocol = 'ws'
          assert.equal(stage.construct(input).url, expected.href)
        },
      ]),
    ),
  ),
  anyScope('Create-nonAscii-protocol-string.any.js', everyVariant, {
    'a subprotocol that is not ASCII is refused': refusesProtocols('\u0080echo'),
  }),
  anyScope('Create-protocol-with-space.any.js', everyVariant, {
    'a subprotocol with a space is refused': refusesProtocols('ec ho'),
  }),
  anyScope('Create-protocols-repeated-case-insensitive.any.js', everyVariant, {
    'a subprotocol repeated in another case is refused': refusesProtocols(['echo', 'eCho']),
  }),
  anyScope('Create-protocols-repeated.any.js', everyVariant, {
    'a repeated subprotocol is refused': refusesProtocols(['echo', 'echo']),
  }),
  anyScope('Create-url-with-space.any.js', everyVariant, {
    'a host with a space is refused': stage => {
      const { protocol, port } = new URL(stage.url('/'))
      throwsDOMException('SyntaxError', () => stage.construct(`${protocol}//web platform.test:${port}/echo`))
    },
  }),
  windowOnly('Create-url-with-windows-1252-encoding.html', plainOnly, {
    'the query is percent-encoded as UTF-8': stage => {
      const root = rootWithScheme(stage, 'ws')
      assert.equal(stage.construct(`${root}?\u20AC`).url, `${root}?%E2%82%AC`)
      assert.equal(stage.construct('/?\u20AC').url, `${root}?%E2%82%AC`)
    },
  }),
  anyScope('Create-valid-url-array-protocols.any.js', everyVariant, {
    'opens with a list of subprotocols': opens([['echo', 'chat']], isOpen),
  }),
  anyScope('Create-valid-url-binaryType-blob.any.js', everyVariant, {
    'binaryType is blob from the start': opens([], socket => assert.equal(socket.binaryType, 'blob')),
  }),
  anyScope('Create-valid-url-protocol-empty.any.js', everyVariant, {
    'protocol is empty while connecting': stage => {
      assert.equal(stage.socket('/echo', 'echo').protocol, '')
    },
  }),
  anyScope('Create-valid-url-protocol-setCorrectly.any.js', everyVariant, {
    'protocol is the one that the server chose': opens(['echo'], socket => assert.equal(socket.protocol, 'echo')),
  }),
  anyScope('Create-valid-url-protocol-string.any.js', everyVariant, {
    'opens with a subprotocol given as a string': opens(['echo'], isOpen),
  }),
  anyScope('Create-valid-url-protocol.any.js', everyVariant, {
    'is OPEN in the open event, with a subprotocol': opens(['echo'], isOpen),
  }),
  anyScope('Create-valid-url.any.js', everyVariant, {
    'opens without subprotocols': opens([], isOpen),
  }),
]
