import type { RawPeer } from '../../spec-tests/support/raw-server.ts'
import type { Argument, Scenario, ServerPart, SocketPart, StreamPart } from './scenario.ts'

/* The opening handshake: each response, to both classes, without subprotocols and with two. */

interface Response {
  readonly name: string
  readonly respond: ServerPart['respond']
  readonly afterResponse?: 'end' | 'reset'
  /** By default both. */
  readonly protocols?: 'none' | 'two'
}

/** A 101 with one line changed, left out, or added. */
function lines(change: (lines: string[], peer: RawPeer) => string[]): ServerPart['respond'] {
  return peer => {
    const given = peer.acceptance().toString('latin1').trimEnd().split('\r\n')
    return `${change(given, peer).join('\r\n')}\r\n\r\n`
  }
}

const without = (name: string): ServerPart['respond'] => lines(all => all.filter(line => !line.startsWith(`${name}:`)))

const replaced = (name: string, line: string): ServerPart['respond'] =>
  lines(all => all.map(one => (one.startsWith(`${name}:`) ? line : one)))

const added = (...extra: string[]): ServerPart['respond'] => lines(all => [...all, ...extra])

const before =
  (text: string): ServerPart['respond'] =>
  peer =>
    text + peer.acceptance().toString('latin1')

const whole =
  (text: string): ServerPart['respond'] =>
  () =>
    text

const refusal = (status: string, ...extra: string[]): Response => ({
  name: `status ${status}`,
  respond: whole(`HTTP/1.1 ${[status, ...extra, 'Content-Length: 2'].join('\r\n')}\r\n\r\nno`),
  protocols: 'none',
})

const DEFLATE = 'Sec-WebSocket-Extensions: permessage-deflate'

const responses: readonly Response[] = [
  { name: 'a 101 that fits', respond: undefined },
  { name: 'the first subprotocol', respond: added('Sec-WebSocket-Protocol: one') },
  { name: 'the second subprotocol', respond: added('Sec-WebSocket-Protocol: two') },
  { name: 'a subprotocol in another case', respond: added('Sec-WebSocket-Protocol: ONE'), protocols: 'two' },
  { name: 'a subprotocol that was not offered', respond: added('Sec-WebSocket-Protocol: other') },
  { name: 'an empty subprotocol', respond: added('Sec-WebSocket-Protocol:') },
  { name: 'a list of subprotocols', respond: added('Sec-WebSocket-Protocol: one, two'), protocols: 'two' },
  {
    name: 'two fields with subprotocols',
    respond: added('Sec-WebSocket-Protocol: one', 'Sec-WebSocket-Protocol: two'),
    protocols: 'two',
  },
  {
    name: 'the same subprotocol in two fields',
    respond: added('Sec-WebSocket-Protocol: one', 'Sec-WebSocket-Protocol: one'),
    protocols: 'two',
  },
  ...(
    [
      ['no Upgrade', without('Upgrade')],
      ['another Upgrade', replaced('Upgrade', 'Upgrade: h2c')],
      ['Upgrade in another case', replaced('Upgrade', 'Upgrade: WebSocket')],
      ['a list in Upgrade', replaced('Upgrade', 'Upgrade: h2c, websocket')],
      ['Upgrade twice', added('Upgrade: websocket')],
      ['no Connection', without('Connection')],
      ['another Connection', replaced('Connection', 'Connection: keep-alive')],
      ['a list in Connection', replaced('Connection', 'Connection: keep-alive, Upgrade')],
      ['Connection in another case', replaced('Connection', 'Connection: UPGRADE')],
      ['two fields with Connection', added('Connection: keep-alive')],
      ['no Sec-WebSocket-Accept', without('Sec-WebSocket-Accept')],
      ['a wrong Sec-WebSocket-Accept', replaced('Sec-WebSocket-Accept', 'Sec-WebSocket-Accept: AAAA')],
      [
        'Sec-WebSocket-Accept in small letters',
        lines((all, { acceptValue }) => [
          ...all.filter(line => !line.startsWith('Sec-WebSocket-Accept')),
          `Sec-WebSocket-Accept: ${acceptValue.toLowerCase()}`,
        ]),
      ],
      ['Sec-WebSocket-Accept twice', lines((all, { acceptValue }) => [...all, `Sec-WebSocket-Accept: ${acceptValue}`])],
      [
        'whitespace around Sec-WebSocket-Accept',
        lines((all, { acceptValue }) => [
          ...all.filter(line => !line.startsWith('Sec-WebSocket-Accept')),
          `Sec-WebSocket-Accept: \t ${acceptValue} \t`,
        ]),
      ],
      ['no reason phrase', lines(([, ...rest]) => ['HTTP/1.1 101', ...rest])],
      ['another reason phrase', lines(([, ...rest]) => ['HTTP/1.1 101 Web Socket', ...rest])],
      ['HTTP/1.0', lines(([, ...rest]) => ['HTTP/1.0 101 Switching Protocols', ...rest])],
      ['HTTP/1.2', lines(([, ...rest]) => ['HTTP/1.2 101 Switching Protocols', ...rest])],
      ['HTTP/2.0', lines(([, ...rest]) => ['HTTP/2.0 101 Switching Protocols', ...rest])],
      ['http/1.1 in small letters', lines(([, ...rest]) => ['http/1.1 101 Switching Protocols', ...rest])],
      ['a status of four digits', lines(([, ...rest]) => ['HTTP/1.1 1010 Switching Protocols', ...rest])],
      ['a blank line before it', before('\r\n')],
      ['bytes before it', before('xx')],
      ['100 Continue before it', before('HTTP/1.1 100 Continue\r\n\r\n')],
      ['103 Early Hints before it', before('HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n')],
      ['lines that end in LF alone', peer => peer.acceptance().toString('latin1').replaceAll('\r\n', '\n')],
      ['a folded line', lines(all => all.map(line => line.replace('Upgrade: websocket', 'Upgrade:\r\n websocket')))],
      ['a space before a colon', replaced('Upgrade', 'Upgrade : websocket')],
      ['a line without a colon', added('nonsense')],
      ['a field without a name', added(': nothing')],
      ['a NUL in a value', added('X: a\0b')],
      ['a CR in a value', added('X: a\rb')],
      ['bytes beyond ASCII in a value', added('X: \xe4\xff')],
      ['a field of 40,000 bytes', added(`X: ${'x'.repeat(40_000)}`)],
      ['a field of 100,000 bytes', added(`X: ${'x'.repeat(100_000)}`)],
      ['2,000 fields', added(...Array.from({ length: 2000 }, (_, index) => `X-${index}: x`))],
      ['Content-Length', added('Content-Length: 5')],
      ['Transfer-Encoding', added('Transfer-Encoding: chunked')],
      ['Sec-WebSocket-Version', added('Sec-WebSocket-Version: 13')],
      ['an extension that was not offered', added('Sec-WebSocket-Extensions: x-other')],
      ['an empty Sec-WebSocket-Extensions', added('Sec-WebSocket-Extensions:')],
      ['permessage-deflate', added(DEFLATE)],
      ['permessage-deflate in capitals', added('Sec-WebSocket-Extensions: PERMESSAGE-DEFLATE')],
      ['permessage-deflate twice', added(`${DEFLATE}, permessage-deflate`)],
      ['permessage-deflate in two fields', added(DEFLATE, DEFLATE)],
      ['permessage-deflate and another', added(`${DEFLATE}, x-other`)],
      ['x-webkit-deflate-frame', added('Sec-WebSocket-Extensions: x-webkit-deflate-frame')],
      ...[
        'server_no_context_takeover',
        'client_no_context_takeover',
        'server_max_window_bits=8',
        'server_max_window_bits=15',
        'server_max_window_bits="12"',
        'client_max_window_bits=9',
        'client_max_window_bits=15; server_max_window_bits=10',
        'server_no_context_takeover; client_no_context_takeover',
        'server_max_window_bits=7',
        'server_max_window_bits=16',
        'server_max_window_bits=010',
        'server_max_window_bits',
        'client_max_window_bits',
        'client_max_window_bits=7',
        'server_no_context_takeover=1',
        'server_no_context_takeover; server_no_context_takeover',
        'unknown',
        '',
      ].map(parameters => [`permessage-deflate; ${parameters}`, added(`${DEFLATE}; ${parameters}`)] as const),
    ] as readonly (readonly [string, ServerPart['respond']])[]
  ).map(([name, respond]): Response => ({ name, respond, protocols: 'none' })),
  refusal('200 OK'),
  refusal('204 No Content'),
  refusal('301 Moved Permanently', 'Location: /elsewhere'),
  refusal('302 Found', 'Location: /elsewhere'),
  refusal('307 Temporary Redirect', 'Location: /elsewhere'),
  refusal('400 Bad Request'),
  refusal('401 Unauthorized', 'WWW-Authenticate: Basic realm="x"'),
  refusal('403 Forbidden'),
  refusal('404 Not Found'),
  refusal('407 Proxy Authentication Required', 'Proxy-Authenticate: Basic realm="x"'),
  refusal('426 Upgrade Required', 'Sec-WebSocket-Version: 13'),
  refusal('500 Internal Server Error'),
  refusal('503 Service Unavailable', 'Retry-After: 1'),
  { name: 'no HTTP at all', respond: whole('220 smtp.example ESMTP\r\n'), protocols: 'none' },
  { name: 'nothing, then FIN', respond: () => '', afterResponse: 'end', protocols: 'none' },
  { name: 'nothing, then RST', respond: () => undefined, afterResponse: 'reset', protocols: 'none' },
  { name: 'half a head, then FIN', respond: whole('HTTP/1.1 101 Swi'), afterResponse: 'end', protocols: 'none' },
  {
    name: 'a head without its empty line, then FIN',
    respond: peer => peer.acceptance().subarray(0, -2),
    afterResponse: 'end',
    protocols: 'none',
  },
  { name: 'a 101 that fits, then FIN', respond: undefined, afterResponse: 'end', protocols: 'none' },
]

const offers: readonly (readonly [name: 'none' | 'two', Argument])[] = [
  ['none', undefined],
  ['two', ['one', 'two']],
]

function clients(protocols: Argument): readonly (SocketPart | StreamPart)[] {
  return [
    { class: 'WebSocket', protocols, calls: { open: [['look']] } },
    { class: 'WebSocketStream', protocols, steps: [['opened']] },
  ]
}

export const openings: readonly Scenario[] = responses.flatMap(({ name, respond, afterResponse, protocols }) =>
  offers
    .filter(([offer]) => protocols === undefined || protocols === offer)
    .flatMap(([offer, argument]) =>
      clients(argument).map((client): Scenario => {
        const server: ServerPart = {
          ...(respond === undefined ? {} : { respond }),
          ...(afterResponse === undefined ? {} : { afterResponse }),
        }
        const asked = offer === 'two' ? ', two subprotocols offered' : ''
        return { name: `${client.class} opening: ${name}${asked}`, server, client }
      }),
    ),
)
