import { compress } from '../../spec-tests/support/compress.ts'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, PONG, TEXT } from '../../spec-tests/support/raw-server.ts'
import type { Scenario, ServerPart, SocketPart, StreamPart } from './scenario.ts'

/* What the server sends on an open connection: in one piece with the response or after a message, to both classes. */

interface Arrival {
  readonly name: string
  readonly frames: readonly Uint8Array[]
  readonly ending?: ServerPart['ending']
  /** permessage-deflate is agreed on, without context takeover. */
  readonly compressed?: true
}

const part = (opcode: number, payload: string | Uint8Array) => frame(opcode, payload, { fin: false })

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

const packed = (text: string): Buffer => compress(text)

const closeCodes = [
  0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1100,
  1999, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 65_535,
]

const arrivals: readonly Arrival[] = [
  { name: 'nothing but a Close frame', frames: [] },
  { name: 'a text', frames: [frame(TEXT, 'hello')] },
  { name: 'an empty text', frames: [frame(TEXT)] },
  { name: 'a text beyond ASCII', frames: [frame(TEXT, 'h\u00e4\u20ac\u{1f600}\ufeff')] },
  { name: 'a text with a byte order mark', frames: [frame(TEXT, '\ufeffx')] },
  { name: 'a text with NUL', frames: [frame(TEXT, 'a\0b')] },
  { name: 'two texts', frames: [frame(TEXT, 'one'), frame(TEXT, 'two')] },
  { name: 'binary', frames: [frame(BINARY, bytes('00ff80'))] },
  { name: 'empty binary', frames: [frame(BINARY)] },
  { name: 'a text of 126 bytes', frames: [frame(TEXT, 'x'.repeat(126))] },
  { name: 'a text of 70,000 bytes', frames: [frame(TEXT, 'x'.repeat(70_000))] },
  { name: 'a text in two fragments', frames: [part(TEXT, 'hel'), frame(CONTINUATION, 'lo')] },
  { name: 'a text in empty fragments', frames: [part(TEXT, ''), part(CONTINUATION, ''), frame(CONTINUATION, '')] },
  { name: 'a character cut by a fragment', frames: [part(TEXT, bytes('e282')), frame(CONTINUATION, bytes('ac'))] },
  { name: 'binary in three fragments', frames: [part(BINARY, 'a'), part(CONTINUATION, 'b'), frame(CONTINUATION, 'c')] },
  { name: 'a ping between fragments', frames: [part(TEXT, 'a'), frame(PING, 'p'), frame(CONTINUATION, 'b')] },
  { name: 'a pong between fragments', frames: [part(TEXT, 'a'), frame(PONG, 'p'), frame(CONTINUATION, 'b')] },
  {
    name: 'a Close frame between fragments',
    frames: [part(TEXT, 'a'), frame(CLOSE, closeBody(1000)), frame(CONTINUATION)],
  },
  { name: 'a ping', frames: [frame(PING, 'ping')] },
  { name: 'an empty ping', frames: [frame(PING)] },
  { name: 'a ping of 125 bytes', frames: [frame(PING, 'p'.repeat(125))] },
  { name: 'a ping of 126 bytes', frames: [frame(PING, 'p'.repeat(126))] },
  { name: 'a pong that nobody asked for', frames: [frame(PONG, 'pong')] },
  { name: 'a ping in fragments', frames: [part(PING, 'a'), frame(CONTINUATION, 'b')] },
  { name: 'a Close frame in fragments', frames: [part(CLOSE, closeBody(1000)), frame(CONTINUATION)] },
  { name: 'ill-formed text', frames: [frame(TEXT, bytes('68ff69'))] },
  { name: 'text with a surrogate', frames: [frame(TEXT, bytes('eda080'))] },
  { name: 'text that ends in a character', frames: [frame(TEXT, bytes('68e282'))] },
  { name: 'ill-formed text in the second fragment', frames: [part(TEXT, 'h'), frame(CONTINUATION, bytes('ff'))] },
  { name: 'a text, then ill-formed text', frames: [frame(TEXT, 'hello'), frame(TEXT, bytes('ff'))] },
  { name: 'ill-formed text, then a text', frames: [frame(TEXT, bytes('ff')), frame(TEXT, 'hello')] },
  { name: 'a continuation of nothing', frames: [frame(CONTINUATION, 'a')] },
  { name: 'a message within another one', frames: [part(TEXT, 'a'), frame(TEXT, 'b')] },
  { name: 'a masked frame', frames: [frame(TEXT, 'hello', { mask: bytes('01020304') })] },
  { name: 'a masked frame of nothing', frames: [frame(TEXT, '', { mask: bytes('01020304') })] },
  ...[1, 2, 4, 7].map(rsv => ({ name: `reserved bits ${rsv}`, frames: [frame(TEXT, 'hello', { rsv })] })),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(opcode => ({ name: `opcode ${opcode}`, frames: [frame(opcode, 'x')] })),
  { name: 'a length in 16 bits too many', frames: [frame(TEXT, 'hello', { lengthBits: 16 })] },
  { name: 'a length in 64 bits too many', frames: [frame(TEXT, 'hello', { lengthBits: 64 })] },
  { name: 'a length with its highest bit', frames: [frame(BINARY, 'x', { length: 2n ** 63n })] },
  { name: 'a length of 2^62', frames: [frame(BINARY, 'x', { length: 2n ** 62n })] },
  { name: 'an empty Close frame', frames: [frame(CLOSE)] },
  { name: 'a Close frame of one byte', frames: [frame(CLOSE, 'x')] },
  ...closeCodes.map(code => ({ name: `a Close frame with ${code}`, frames: [frame(CLOSE, closeBody(code, 'why'))] })),
  { name: 'a Close frame of 125 bytes', frames: [frame(CLOSE, closeBody(1000, 'r'.repeat(123)))] },
  { name: 'a Close frame of 126 bytes', frames: [frame(CLOSE, closeBody(1000, 'r'.repeat(124)))] },
  { name: 'an ill-formed reason', frames: [frame(CLOSE, closeBody(1000, bytes('ff')))] },
  { name: 'a reason beyond ASCII', frames: [frame(CLOSE, closeBody(3000, '\u20ac\u{1f600}'))] },
  { name: 'a text, then a Close frame', frames: [frame(TEXT, 'last'), frame(CLOSE, closeBody(4000, 'bye'))] },
  { name: 'a Close frame, then a text', frames: [frame(CLOSE, closeBody(1000, 'bye')), frame(TEXT, 'late')] },
  { name: 'two Close frames', frames: [frame(CLOSE, closeBody(3000)), frame(CLOSE, closeBody(3001))] },
  { name: 'a Close frame, then nonsense', frames: [frame(CLOSE, closeBody(1000, 'bye')), bytes('ffffffff')] },
  { name: 'a text, then FIN', frames: [frame(TEXT, 'last')], ending: 'end' },
  { name: 'FIN alone', frames: [], ending: 'end' },
  { name: 'half a frame, then FIN', frames: [frame(TEXT, 'hello').subarray(0, 4)], ending: 'end' },
  { name: 'half a message, then FIN', frames: [part(TEXT, 'hel')], ending: 'end' },
  { name: 'a Close frame, then FIN', frames: [frame(CLOSE, closeBody(1000, 'bye'))], ending: 'end' },
  { name: 'half a header, then FIN', frames: [bytes('81')], ending: 'end' },
  { name: 'compressed text', frames: [frame(TEXT, packed('hello'), { rsv: 4 })], compressed: true },
  { name: 'plain text where compression was agreed on', frames: [frame(TEXT, 'hello')], compressed: true },
  { name: 'compressed binary', frames: [frame(BINARY, packed('hello'), { rsv: 4 })], compressed: true },
  { name: 'compressed nothing', frames: [frame(TEXT, bytes('00'), { rsv: 4 })], compressed: true },
  { name: 'a compressed frame of no byte', frames: [frame(TEXT, '', { rsv: 4 })], compressed: true },
  { name: 'compressed data that is wrong', frames: [frame(TEXT, bytes('ffffff'), { rsv: 4 })], compressed: true },
  { name: 'compressed data that is cut off', frames: [frame(TEXT, bytes('f248cd'), { rsv: 4 })], compressed: true },
  { name: 'compressed ill-formed text', frames: [frame(TEXT, compress(bytes('ff')), { rsv: 4 })], compressed: true },
  {
    name: 'a compressed text in fragments',
    frames: [
      frame(TEXT, packed('hello').subarray(0, 3), { rsv: 4, fin: false }),
      frame(CONTINUATION, packed('hello').subarray(3)),
    ],
    compressed: true,
  },
  {
    name: 'RSV1 in the second fragment',
    frames: [part(TEXT, 'hel'), frame(CONTINUATION, 'lo', { rsv: 4 })],
    compressed: true,
  },
  { name: 'a compressed ping', frames: [frame(PING, packed('p'), { rsv: 4 })], compressed: true },
  { name: 'a final block of DEFLATE', frames: [frame(TEXT, bytes('f348cdc9c90700'), { rsv: 4 })], compressed: true },
]

const agreement = 'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover'

/** Reads whatever comes. With a message first, which asks for the frames. */
function clients(asks: boolean, count: number): readonly (SocketPart | StreamPart)[] {
  const reads = Array.from({ length: count + 1 }, () => ['read'] as const)
  return [
    { class: 'WebSocket', binaryType: 'arraybuffer', ...(asks ? { calls: { open: [['send', 'go']] } } : {}) },
    {
      class: 'WebSocketStream',
      steps: [['opened'], ...(asks ? [['later', 'write', 'go'] as const] : []), ...reads],
    },
  ]
}

export const arrivalScenarios: readonly Scenario[] = arrivals.flatMap(({ name, frames, ending, compressed }) =>
  (['with the response', 'after a message'] as const).flatMap(pace =>
    clients(pace === 'after a message', frames.length).map((client): Scenario => {
      const server: ServerPart = {
        ...(compressed === undefined ? {} : { respond: peer => peer.acceptance(agreement) }),
        frames,
        pace,
        ...(ending === undefined ? {} : { ending }),
      }
      return { name: `${client.class} receives ${pace}: ${name}`, server, client }
    }),
  ),
)
