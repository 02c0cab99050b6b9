import { expect } from 'chai'
import { platforms, readFrames, short } from '../support/frame-recorder.ts'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, PONG, TEXT } from '../support/raw-server.ts'
import { expectFailure } from '../support/violation.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

/** A message in fragments of these payloads. */
function fragments(opcode: number, payloads: readonly (string | Uint8Array)[]): Buffer[] {
  const last = payloads.length - 1
  return payloads.map((payload, index) => frame(index === 0 ? opcode : CONTINUATION, payload, { fin: index === last }))
}

describe('RFC 6455 section 5.4: fragmentation', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  for (const [name, platform] of platforms) {
    describe(`${name} platform`, () => {
      const read = (...frames: readonly Uint8Array[]): string[] => readFrames([Buffer.concat(frames)], platform)
      const readEach = (...frames: readonly Uint8Array[]): string[] => readFrames(frames, platform)

      it('puts the fragments of a message together, in their order', () => {
        for (const both of [read, readEach]) {
          expect(both(...fragments(TEXT, ['one ', 'two ', 'three']))).to.deep.equal(['text one two three'])
          expect(
            both(
              ...fragments(
                BINARY,
                [[1], [2, 3], [4]].map(list => Uint8Array.from(list)),
              ),
            ),
          ).to.deep.equal(['binary 01020304'])
        }
      })

      it('takes empty fragments anywhere', () => {
        for (const payloads of [
          ['', ''],
          ['', 'a'],
          ['a', ''],
          ['', '', 'a', '', 'b', '', ''],
        ]) {
          const text = payloads.join('')
          for (const both of [read, readEach]) {
            expect(both(...fragments(TEXT, payloads))).to.deep.equal([`text ${text}`])
            expect(both(...fragments(BINARY, payloads))).to.deep.equal([`binary ${Buffer.from(text).toString('hex')}`])
          }
        }
      })

      it('puts a character together that was cut by a fragment', () => {
        const bytes = Buffer.from('\u00e9\u20ac\ud83d\ude00')
        for (let at = 0; at <= bytes.length; at++) {
          const frames = fragments(TEXT, [bytes.subarray(0, at), bytes.subarray(at)])
          expect(read(...frames), `cut at ${at}`).to.deep.equal(['text \u00e9\u20ac\ud83d\ude00'])
          expect(readEach(...frames)).to.deep.equal(['text \u00e9\u20ac\ud83d\ude00'])
        }
        expect(
          read(
            ...fragments(
              TEXT,
              [...bytes].map(byte => Uint8Array.of(byte)),
            ),
          ),
        ).to.deep.equal(['text \u00e9\u20ac\ud83d\ude00'])
      })

      it('reads messages one after the other, whole ones between fragmented ones', () => {
        const expected = ['text ab', 'text whole', 'binary 6364', 'text ', 'text ef']
        const frames = [
          ...fragments(TEXT, ['a', 'b']),
          frame(TEXT, 'whole'),
          ...fragments(BINARY, ['c', 'd']),
          frame(TEXT),
          ...fragments(TEXT, ['e', 'f']),
        ]
        expect(read(...frames)).to.deep.equal(expected)
        expect(readEach(...frames)).to.deep.equal(expected)
      })

      it('reads control frames between fragments at once', () => {
        const [first, second, last] = fragments(TEXT, ['a', 'b', 'c']) as [Buffer, Buffer, Buffer]
        const frames = [first, frame(PING, 'x'), second, frame(PONG), frame(PING, 'yz'), last]
        const expected = ['ping 78', 'pong ', 'ping 797a', 'text abc']
        expect(read(...frames)).to.deep.equal(expected)
        expect(readEach(...frames)).to.deep.equal(expected)
      })

      it('reads a Close frame between fragments; the message is never whole', () => {
        const frames = [frame(TEXT, 'a', { fin: false }), frame(CLOSE, closeBody(1000)), frame(CONTINUATION, 'b')]
        expect(read(...frames)).to.deep.equal(['close 03e8'])
      })

      it('puts a thousand fragments and long ones together', () => {
        const payloads = Array.from({ length: 1000 }, (_, index) => `${index},`.repeat(index % 40))
        expect(read(...fragments(TEXT, payloads))).to.deep.equal([`text ${short(payloads.join(''))}`])
        const long = ['x'.repeat(70_000), 'y'.repeat(3_000_000), 'z', 'w'.repeat(1_100_000)]
        expect(readEach(...fragments(BINARY, long))).to.deep.equal([
          `binary ${short(Buffer.from(long.join('')).toString('hex'))}`,
        ])
      })

      it('fails with 1002 for a continuation of nothing', () => {
        const expected = ['violation 1002 WS_ERR_UNEXPECTED_CONTINUATION']
        for (const fin of [true, false]) {
          expect(read(frame(CONTINUATION, 'a', { fin }))).to.deep.equal(expected)
          expect(read(frame(TEXT, 'a'), frame(CONTINUATION, 'b', { fin }))).to.deep.equal(['text a', ...expected])
          const whole = fragments(BINARY, ['', ''])
          expect(read(...whole, frame(CONTINUATION, 'b', { fin }))).to.deep.equal(['binary ', ...expected])
        }
      })

      it('fails with 1002 for a message that begins within another', () => {
        for (const first of [TEXT, BINARY]) {
          for (const second of [TEXT, BINARY]) {
            for (const fin of [true, false]) {
              const frames = [frame(first, 'a', { fin: false }), frame(second, 'b', { fin })]
              expect(read(...frames)).to.deep.equal(['violation 1002 WS_ERR_UNFINISHED_MESSAGE'])
              const later = [frames[0]!, frame(CONTINUATION, '', { fin: false }), frame(PING), frames[1]!]
              expect(read(...later)).to.deep.equal(['ping ', 'violation 1002 WS_ERR_UNFINISHED_MESSAGE'])
            }
          }
        }
      })

      it('takes so many fragments as maxFragments says, and fails with 1008 for one more', () => {
        const limits = { maxPayload: 0, maxFragments: 3 }
        const whole = fragments(TEXT, ['a', 'b', 'c'])
        const tooMany = fragments(TEXT, ['a', 'b', 'c', 'd'])
        const pings = [frame(PING), frame(PING), frame(PING)]
        expect(readFrames([...whole, ...whole], platform, limits)).to.deep.equal(['text abc', 'text abc'])
        expect(readFrames([whole[0]!, ...pings, whole[1]!, whole[2]!], platform, limits)).to.deep.equal([
          ...pings.map(() => 'ping '),
          'text abc',
        ])
        expect(readFrames(tooMany, platform, limits)).to.deep.equal(['violation 1008 WS_ERR_TOO_MANY_FRAGMENTS'])
        const one = { maxPayload: 0, maxFragments: 1 }
        expect(readFrames([frame(TEXT, 'a'), frame(TEXT, 'b')], platform, one)).to.deep.equal(['text a', 'text b'])
        expect(readFrames(whole, platform, one)).to.deep.equal(['violation 1008 WS_ERR_TOO_MANY_FRAGMENTS'])
      })
    })
  }

  describe('over a connection', () => {
    const loopback = useLoopback()

    it('fragments become one message event, whatever stands between them', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      const arrived = next(socket, 'message')
      const [first, second, last] = fragments(TEXT, ['on', '', 'e']) as [Buffer, Buffer, Buffer]
      for (const bytes of [first, frame(PING, 'now'), second, frame(PONG), last]) await peer.write(bytes)
      await arrived
      expect(events).to.deep.equal(['message one'])
      expect(await peer.readFrame()).to.include({ opcode: PONG, text: 'now' })
    })

    it('binary fragments become one buffer', async () => {
      const { socket, peer } = await loopback.rawPair()
      socket.binaryType = 'arraybuffer'
      const arrived = next(socket, 'message')
      for (const bytes of fragments(BINARY, ['ab', 'c', 'd'])) await peer.write(bytes)
      expect(Buffer.from((await arrived).data).toString()).to.equal('abcd')
    })

    for (const [what, frames, closeCode, code] of [
      ['a continuation of nothing', [frame(CONTINUATION, 'a')], 1002, 'WS_ERR_UNEXPECTED_CONTINUATION'],
      [
        'a message within another',
        [frame(TEXT, 'a', { fin: false }), frame(TEXT, 'b')],
        1002,
        'WS_ERR_UNFINISHED_MESSAGE',
      ],
      ['more than maxFragments', fragments(TEXT, ['a', 'b', 'c']), 1008, 'WS_ERR_TOO_MANY_FRAGMENTS'],
    ] as const) {
      it(`${what} fails the connection with ${closeCode}`, async () => {
        const pair = await loopback.rawPair({ maxFragments: 2 })
        await expectFailure(pair, Buffer.concat(frames), closeCode, code)
      })
    }

    it('our messages are never fragmented', async () => {
      const { socket, peer } = await loopback.rawPair()
      for (const length of [0, 1000, 100_000, 5_000_000]) {
        socket.send('x'.repeat(length))
        const sent = await peer.readFrame()
        expect(sent).to.include({ opcode: TEXT, fin: true })
        expect(sent.payload.length).to.equal(length)
      }
    })
  })
})
