import { expect } from 'chai'
import { WebSocket } from '#lib/entry/node.js'
import { ConnectionError } from '#lib/protocol/errors.js'
import { ResponseHeadReader } from '#lib/protocol/http1.js'
import { lend, platforms, readFrames } from '../support/frame-recorder.ts'
import { MemoryServer } from '../support/memory-server.ts'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, PONG, TEXT } from '../support/raw-server.ts'
import { openConnection } from '../support/scripted-pipe.ts'
import { next, record } from '../support/ws-server.ts'

/*
 * The same bytes, cut anywhere, give the same events: a differential test. What a stream gives in one piece is held
 * against what it gives in two at every offset, and byte by byte. Random streams in random pieces are properties, in
 * spec-tests/fuzz.
 */

const LIMITS = { maxPayload: 70_000, maxFragments: 5 }

/** Streams of frames, each of which has something that a cut may fall into. */
const STREAMS: Readonly<Record<string, readonly Uint8Array[]>> = {
  'small frames': [frame(TEXT, 'one'), frame(BINARY, 'two'), frame(PING, 'p'), frame(TEXT), frame(PONG), frame(BINARY)],
  'lengths of 16 bits': [frame(TEXT, 'x'.repeat(126)), frame(BINARY, 'y'.repeat(300)), frame(TEXT, 'end')],
  'text of wide characters': [
    frame(TEXT, '\u00e9\u20ac\ud83d\ude00\ufeff\ufffd'),
    frame(TEXT, '\ud83d\ude00'.repeat(40)),
  ],
  fragments: [
    frame(TEXT, '\u20ac\u20ac', { fin: false }),
    frame(PING, 'between'),
    frame(CONTINUATION, Buffer.from('\u20ac').subarray(0, 1), { fin: false }),
    frame(CONTINUATION, '', { fin: false }),
    frame(CONTINUATION, Buffer.from('\u20ac').subarray(1)),
    frame(BINARY, 'a', { fin: false }),
    frame(CONTINUATION, 'b'),
    frame(TEXT, 'after'),
  ],
  'a Close frame, and more': [frame(TEXT, 'a'), frame(CLOSE, closeBody(3000, 'bye')), frame(TEXT, 'b')],
  'a full control frame': [frame(PING, 'x'.repeat(125)), frame(CLOSE, closeBody(1000, 'y'.repeat(123)))],
  'an end in the middle': [frame(TEXT, 'a'), frame(TEXT, 'cut', { length: 50 })],
  'a bad byte': [frame(TEXT, 'a'), frame(TEXT, Uint8Array.of(0x61, 0xe2, 0x28, 0xa1, 0x62)), frame(TEXT, 'b')],
  'a character cut off': [frame(TEXT, Uint8Array.of(0x61, 0xe2, 0x82)), frame(TEXT, 'b')],
  'a bad byte behind a fragment': [
    frame(TEXT, Uint8Array.of(0xf0), { fin: false }),
    frame(CONTINUATION, Uint8Array.of(0x80, 0x61)),
  ],
  'a reserved bit': [frame(TEXT, 'a'), frame(TEXT, 'b', { rsv: 1 })],
  'a reserved opcode': [frame(TEXT, 'a'), frame(0x5, 'b')],
  'a masked frame': [frame(TEXT, 'a'), frame(TEXT, 'b', { mask: Buffer.from('mask') })],
  'a long control frame': [frame(TEXT, 'a'), frame(PING, 'x'.repeat(126))],
  'a length in too many bits': [frame(TEXT, 'a'), frame(TEXT, 'b', { lengthBits: 64 })],
  'a length beyond the limit': [frame(TEXT, 'a'), frame(TEXT, 'b', { length: 70_001 })],
  'a length beyond the host': [frame(TEXT, 'a'), frame(TEXT, 'b', { length: 1n << 62n })],
  'too many fragments': [
    frame(TEXT, 'a', { fin: false }),
    ...Array.from({ length: 6 }, () => frame(CONTINUATION, 'b', { fin: false })),
  ],
  'a message within another': [frame(TEXT, 'a', { fin: false }), frame(BINARY, 'b')],
}

function cutAt(bytes: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const sorted = [0, ...[...offsets].sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
}

describe('bytes cut anywhere', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  for (const [name, platform] of platforms) {
    describe(`frames, ${name} platform`, () => {
      for (const [what, frames] of Object.entries(STREAMS)) {
        it(`${what}: at every offset, and byte by byte`, () => {
          const bytes = Buffer.concat(frames)
          const expected = readFrames([bytes], platform, LIMITS)
          for (let at = 0; at <= bytes.length; at++) {
            expect(readFrames(cutAt(bytes, [at]), platform, LIMITS), `cut at ${at}`).to.deep.equal(expected)
          }
          const single = cutAt(
            bytes,
            Array.from({ length: bytes.length - 1 }, (_, index) => index + 1),
          )
          expect(readFrames(single, platform, LIMITS)).to.deep.equal(expected)
        })
      }

      it('short streams, at every two offsets', () => {
        for (const frames of Object.values(STREAMS)) {
          const bytes = Buffer.concat(frames)
          if (bytes.length > 60) continue
          const expected = readFrames([bytes], platform, LIMITS)
          for (let first = 0; first <= bytes.length; first++) {
            for (let second = first; second <= bytes.length; second++) {
              const events = readFrames(cutAt(bytes, [first, second]), platform, LIMITS)
              expect(events, `cut at ${first} and ${second}`).to.deep.equal(expected)
            }
          }
        }
      })

      it('a length of 64 bits, at every offset of its header and some of its payload', () => {
        const bytes = Buffer.concat([frame(TEXT, 'a'), frame(BINARY, 'x'.repeat(65_536)), frame(TEXT, 'b')])
        const expected = readFrames([bytes], platform, LIMITS)
        expect(expected).to.have.length(3)
        for (const at of [
          ...Array(20).keys(),
          30_000,
          65_548,
          ...[...Array(6).keys()].map(back => bytes.length - back),
        ]) {
          expect(readFrames(cutAt(bytes, [at]), platform, LIMITS), `cut at ${at}`).to.deep.equal(expected)
        }
      })
    })
  }

  describe('a connection', () => {
    const run = (chunks: readonly Uint8Array[]): unknown => {
      const { connection, pipe, owner, sent } = openConnection(LIMITS)
      pipe.receive(...chunks)
      connection.acknowledgeClose()
      pipe.sink.end()
      pipe.sink.close()
      return { events: owner.events, sent: sent(), calls: pipe.calls }
    }

    for (const [what, frames] of Object.entries(STREAMS)) {
      it(`${what}: the same events, and the same answers`, () => {
        const bytes = Buffer.concat(frames)
        const expected = run([bytes])
        for (let at = 0; at <= bytes.length; at++) {
          expect(run(cutAt(bytes, [at])), `cut at ${at}`).to.deep.equal(expected)
        }
      })
    }
  })

  describe('the head of a response', () => {
    const rest = '\x81\x02hi\r\n\r\n'
    const HEADS: Readonly<Record<string, string>> = {
      'a 101': 'HTTP/1.1 101 Switching Protocols\r\nA: b\r\nUpgrade: websocket\r\n\r\n',
      'interim ones first': 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 101\r\n\r\n',
      'a refusal': 'HTTP/1.0 404 Not Found\r\nContent-Length: 9\r\n\r\n',
      'no fields': 'HTTP/1.1 200 OK\r\n\r\n',
      'a folded line': 'HTTP/1.1 101 Switching Protocols\r\nA: b\r\n c\r\n\r\n',
      'a bare LF': 'HTTP/1.1 101 Switching Protocols\r\nA: b\nC: d\r\n\r\n',
      'a bare CR': 'HTTP/1.1 101 Switching Protocols\r\nA: b\rC: d\r\r\n\r\n',
      'no status line': 'hello\r\n\r\n',
    }

    /** The head, and the bytes that were left behind it. */
    function read(chunks: readonly Uint8Array[]): unknown {
      const reader = new ResponseHeadReader()
      for (const [index, chunk] of chunks.entries()) {
        let result: unknown
        lend(chunk, bytes => {
          result = reader.read(bytes)
        })
        if (result instanceof ConnectionError) return `${result.code} ${result.message}`
        if (result === undefined) continue
        return [result, Buffer.concat([chunk.subarray(reader.consumed), ...chunks.slice(index + 1)]).toString('latin1')]
      }
      return undefined
    }

    for (const [what, head] of Object.entries(HEADS)) {
      it(`${what}: at every two offsets, and byte by byte`, () => {
        const bytes = Buffer.from(head + rest, 'latin1')
        const expected = read([bytes])
        expect(expected).not.to.equal(undefined)
        for (let first = 0; first <= bytes.length; first++) {
          for (let second = first; second <= bytes.length; second++) {
            const result = read(cutAt(bytes, [first, second]))
            expect(result, `cut at ${first} and ${second}`).to.deep.equal(expected)
          }
        }
        const single = cutAt(
          bytes,
          Array.from({ length: bytes.length - 1 }, (_, index) => index + 1),
        )
        expect(read(single)).to.deep.equal(expected)
      })
    }
  })

  describe('a whole connection: the head and the frames behind it', () => {
    const frames = [
      frame(TEXT, 'one \u20ac'),
      frame(PING, 'p'),
      frame(TEXT, 'tw', { fin: false }),
      frame(CONTINUATION, 'o'),
      frame(CLOSE, closeBody(3000, 'bye')),
    ]
    const EXPECTED = ['open', 'message one \u20ac', 'message two', 'close 3000 clean bye']

    /** Serves one connection in memory with the bytes of a whole server, cut at these offsets. */
    async function run(offsets: (length: number) => readonly number[]): Promise<{ events: string[]; length: number }> {
      const server = new MemoryServer()
      const socket = new WebSocket('ws://in.memory/', { connect: server.client })
      const events = record(socket)
      const closed = next(socket, 'close')
      await server.requested
      const bytes = Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'), server.acceptance(), ...frames])
      for (const chunk of cutAt(bytes, offsets(bytes.length))) server.send(chunk)
      server.end()
      await closed
      await server.ended
      return { events, length: bytes.length }
    }

    it('at every offset', async () => {
      const { events, length } = await run(() => [])
      expect(events).to.deep.equal(EXPECTED)
      for (let at = 0; at <= length; at++) {
        expect((await run(() => [at])).events, `cut at ${at}`).to.deep.equal(EXPECTED)
      }
    })

    it('byte by byte', async () => {
      const { events } = await run(length => Array.from({ length: length - 1 }, (_, index) => index + 1))
      expect(events).to.deep.equal(EXPECTED)
    })
  })
})
