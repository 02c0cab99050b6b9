import { expect } from 'chai'
import { FrameReader } from '#lib/codec/frame-reader.js'
import { expectLines } from '../support/expect.ts'
import { FrameRecorder, lend, NO_LIMITS, platforms, readFrames, short } from '../support/frame-recorder.ts'
import { BINARY, CONTINUATION, frame, PING, TEXT } from '../support/raw-server.ts'
import { expectFailure } from '../support/violation.ts'
import { next, useLoopback } from '../support/ws-server.ts'

// The ABNF of RFC 3629 section 4, over strings with a character for each byte; and what a whole one can begin with.
const TAIL = '[\\x80-\\xbf]'
const CHARACTERS = [
  ['[\\0-\\x7f]'],
  ['[\\xc2-\\xdf]', TAIL],
  ['\\xe0', '[\\xa0-\\xbf]', TAIL],
  ['[\\xe1-\\xec\\xee\\xef]', TAIL, TAIL],
  ['\\xed', '[\\x80-\\x9f]', TAIL],
  ['\\xf0', '[\\x90-\\xbf]', TAIL, TAIL],
  ['[\\xf1-\\xf3]', TAIL, TAIL, TAIL],
  ['\\xf4', '[\\x80-\\x8f]', TAIL, TAIL],
]
const WHOLE = CHARACTERS.map(parts => parts.join('')).join('|')
const BEGUN = CHARACTERS.flatMap(parts => parts.slice(1).map((_, index) => parts.slice(0, index + 1).join(''))).join(
  '|',
)
const WELL_FORMED = new RegExp(`^(?:${WHOLE})*$`)
const MAY_GO_ON = new RegExp(`^(?:${WHOLE})*(?:${BEGUN})?$`)

const isWellFormed = (bytes: readonly number[]): boolean => WELL_FORMED.test(String.fromCharCode(...bytes))
const mayGoOn = (bytes: readonly number[]): boolean => MAY_GO_ON.test(String.fromCharCode(...bytes))

/** The bytes where something changes in that grammar, and their neighbours. */
const EDGES = [
  0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef,
  0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xfc, 0xfe, 0xff,
]
const LEADS_OF_FOUR = [0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5]
const TAIL_EDGES = [0x7f, 0x80, 0x8f, 0x90, 0xbf, 0xc0]

function* sequences(): Generator<number[]> {
  for (const a of EDGES) {
    yield [a]
    for (const b of EDGES) {
      yield [a, b]
      for (const c of [...TAIL_EDGES, 0x41, 0x9f, 0xa0, 0xe2]) yield [a, b, c]
    }
  }
  for (const a of LEADS_OF_FOUR) {
    for (const b of TAIL_EDGES) {
      for (const c of TAIL_EDGES) for (const d of TAIL_EDGES) yield [a, b, c, d]
    }
  }
}

const hexOf = (bytes: readonly number[]): string => bytes.map(byte => byte.toString(16)).join(' ')

const NOT_UTF8 = ['violation 1007 WS_ERR_INVALID_UTF8']

describe('RFC 6455 section 8.1: text is UTF-8', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  for (const [name, platform] of platforms) {
    describe(`${name} platform`, () => {
      const read = (...frames: readonly Uint8Array[]): string[] => readFrames([Buffer.concat(frames)], platform)

      it('takes every code point there is, NUL, U+FFFD and a byte order mark included', () => {
        let text = ''
        for (let point = 0; point <= 0x10ffff; point++) {
          if (point < 0xd800 || point > 0xdfff) text += String.fromCodePoint(point)
        }
        expect(read(frame(TEXT, text))).to.deep.equal([`text ${short(text)}`])
        const cut = frame(TEXT, text)
        expect(readFrames([cut.subarray(0, 100_003), cut.subarray(100_003)], platform)).to.deep.equal([
          `text ${short(text)}`,
        ])
        for (const one of ['\0', '\ufffd', '\ufeff', '\ufeff\ufeffa', 'a\ufffd\ud83d\ude00', '\uffff', '\u{10ffff}']) {
          expect(read(frame(TEXT, one))).to.deep.equal([`text ${one}`])
        }
      })

      it('takes and refuses pairs of bytes as RFC 3629 does', () => {
        for (let first = 0; first < 256; first++) {
          // All of them where the second byte matters, else its edges.
          const seconds = first >= 0xc0 && first <= 0xf5 ? Array.from({ length: 256 }, (_, byte) => byte) : EDGES
          for (const second of seconds) {
            const [event] = read(frame(TEXT, Uint8Array.of(first, second)))
            const isText = event!.startsWith('text')
            if (isText !== isWellFormed([first, second])) expect.fail(`${event} for ${first}, ${second}`)
            if (!isText) expectLines([event!], NOT_UTF8, () => `${first}, ${second}`)
          }
        }
      })

      it('takes and refuses sequences of up to four bytes, whole and in fragments', () => {
        for (const bytes of sequences()) {
          const expected = isWellFormed(bytes) ? [`text ${Buffer.from(bytes).toString()}`] : NOT_UTF8
          expectLines(read(frame(TEXT, Uint8Array.from(bytes))), expected, () => hexOf(bytes))
          const fragments = bytes.map(byte => frame(CONTINUATION, Uint8Array.of(byte), { fin: false }))
          const all = [frame(TEXT, '', { fin: false }), ...fragments, frame(CONTINUATION)]
          expectLines(read(...all), expected, () => `${hexOf(bytes)} in fragments`)
          const within = [...Buffer.from('\u00e9'), ...bytes, 0x41]
          expectLines(
            read(frame(TEXT, Uint8Array.from(within))),
            isWellFormed(within) ? [`text \u00e9${Buffer.from(bytes).toString()}A`] : NOT_UTF8,
            () => `${hexOf(bytes)} within`,
          )
        }
      })

      it('fails at the very byte that cannot be, while the frame is still to be filled, and no earlier', () => {
        for (const bytes of sequences()) {
          const recorder = new FrameRecorder()
          const reader = new FrameReader(platform, recorder, NO_LIMITS)
          reader.read(frame(TEXT, '', { length: 100 }))
          for (let length = 1; length <= bytes.length; length++) {
            lend(Uint8Array.of(bytes[length - 1]!), chunk => reader.read(chunk))
            const expected = mayGoOn(bytes.slice(0, length)) ? [] : NOT_UTF8
            expectLines(recorder.events, expected, () => `${hexOf(bytes)}, ${length} bytes of it`)
          }
        }
      })

      it('does so when the bytes come together, behind others, and behind those of an earlier fragment', () => {
        const before = 'x\u20ac'.repeat(50)
        for (const bytes of sequences()) {
          const expected = mayGoOn(bytes) ? [] : NOT_UTF8
          const cut = frame(TEXT, '', { length: 1000 })
          expectLines(read(cut, Buffer.from(before), Uint8Array.from(bytes)), expected, () => hexOf(bytes))
          const fragments = [frame(TEXT, before, { fin: false }), frame(CONTINUATION, '', { length: 1000 })]
          expectLines(read(...fragments, Uint8Array.from(bytes)), expected, () => `${hexOf(bytes)}, second fragment`)
        }
      })

      it('finds a bad byte at any place of a long message, however the chunks are cut', () => {
        const good = Buffer.from('\u00e9\u20ac\ud83d\ude00a'.repeat(20))
        for (let at = 0; at < good.length; at++) {
          const bad = Buffer.from(good)
          bad[at] = 0xff
          const bytes = frame(TEXT, bad)
          const header = bytes.length - bad.length
          for (const cut of [at - 3, at - 2, at - 1, at, at + 1, at + 2, at + 3]) {
            const place = Math.min(Math.max(header + cut, 0), bytes.length)
            const chunks = [bytes.subarray(0, place), bytes.subarray(place)]
            expectLines(readFrames(chunks, platform), NOT_UTF8, () => `byte ${at}, cut ${cut}`)
          }
        }
      })

      it('a character that is not whole at the end of its message fails, a fragment may end in one', () => {
        for (const character of ['\u00e9', '\u20ac', '\ud83d\ude00']) {
          const bytes = Buffer.from(character)
          for (let length = 1; length < bytes.length; length++) {
            const part = bytes.subarray(0, length)
            const rest = bytes.subarray(length)
            expect(read(frame(TEXT, part))).to.deep.equal(NOT_UTF8)
            expect(read(frame(TEXT, part, { fin: false }), frame(CONTINUATION))).to.deep.equal(NOT_UTF8)
            expect(read(frame(TEXT, part, { fin: false }), frame(PING), frame(CONTINUATION, rest))).to.deep.equal([
              'ping ',
              `text ${character}`,
            ])
            // The next message starts anew.
            const both = [frame(TEXT, part), frame(TEXT, rest)]
            expect(read(...both)).to.deep.equal(NOT_UTF8)
          }
        }
      })

      it('only text is checked', () => {
        const bad = Uint8Array.of(0xff, 0xc0, 0x80)
        expect(read(frame(BINARY, bad), frame(PING, bad))).to.deep.equal(['binary ffc080', 'ping ffc080'])
        const fragments = [frame(BINARY, bad, { fin: false }), frame(CONTINUATION, bad)]
        expect(read(...fragments)).to.deep.equal(['binary ffc080ffc080'])
      })
    })
  }

  describe('over a connection', () => {
    const loopback = useLoopback()

    for (const [what, bytes] of [
      ['a message', frame(TEXT, Uint8Array.of(0x61, 0xff))],
      ['a message that ends within a character', frame(TEXT, Uint8Array.of(0x61, 0xe2, 0x82))],
      ['a surrogate', frame(TEXT, Uint8Array.of(0xed, 0xa0, 0x80))],
      ['a fragment, its message still open', frame(TEXT, Uint8Array.of(0xc3, 0x28), { fin: false })],
      [
        'a frame that has not ended',
        Buffer.concat([frame(TEXT, '', { length: 1000 }), Uint8Array.of(0x61, 0xf0, 0x80)]),
      ],
    ] as const) {
      it(`${what}: fails the connection with 1007 at once`, async () => {
        await expectFailure(await loopback.rawPair(), bytes, 1007, 'WS_ERR_INVALID_UTF8')
      })
    }

    it('text comes out as it went in, the byte order mark too', async () => {
      const { socket, peer } = await loopback.rawPair()
      for (const text of ['\ufeffabc', '\0', '\u00e9\u20ac\ud83d\ude00\ufffd\u{10ffff}']) {
        const arrived = next(socket, 'message')
        await peer.send(TEXT, text)
        expect((await arrived).data).to.equal(text)
        socket.send(text)
        expect((await peer.readFrame()).text).to.equal(text)
      }
    })
  })
})
