import { expect } from 'chai'
import { FrameReader } from '#lib/codec/frame-reader.js'
import { nodePlatform } from '#lib/platform/node.js'
import { FrameRecorder, NO_LIMITS, platforms, readFrames, short } from '../support/frame-recorder.ts'
import { noise } from '../support/noise.ts'
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  closeBody,
  type FrameOptions,
  frame,
  PING,
  PONG,
  TEXT,
} from '../support/raw-server.ts'
import { expectFailure } from '../support/violation.ts'
import { next, useLoopback } from '../support/ws-server.ts'

/** Around each step of the length encoding, and around what a machine may stumble over. */
const LENGTHS = [0, 1, 2, 31, 32, 33, 63, 64, 65, 124, 125, 126, 127, 128, 255, 256, 16383, 16384, 16385, 65534, 65535]
const LONG_LENGTHS = [65536, 65537, 100_000, 1 << 20]

const OPCODES = [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG]
const RESERVED_OPCODES = [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf]

describe('RFC 6455 section 5.2: framing', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  for (const [name, platform] of platforms) {
    const read = (bytes: Uint8Array, limits = NO_LIMITS): string[] => readFrames([bytes], platform, limits)

    describe(`frames of a server, ${name} platform`, () => {
      it('reads text of every length encoding', () => {
        for (const length of [...LENGTHS, ...LONG_LENGTHS]) {
          const text = 'x'.repeat(length)
          expect(read(frame(TEXT, text)), `${length}`).to.deep.equal([`text ${short(text)}`])
        }
      })

      it('reads binary of every length encoding, into a buffer of just that length', () => {
        for (const length of [...LENGTHS, ...LONG_LENGTHS]) {
          const bytes = noise(length)
          expect(read(frame(BINARY, bytes)), `${length}`).to.deep.equal([`binary ${short(bytes.toString('hex'))}`])
        }
      })

      it('reads control frames of every length', () => {
        for (let length = 0; length <= 125; length++) {
          const bytes = noise(length)
          const hex = bytes.toString('hex')
          expect(read(frame(PING, bytes))).to.deep.equal([`ping ${hex}`])
          expect(read(frame(PONG, bytes))).to.deep.equal([`pong ${hex}`])
          expect(read(frame(CLOSE, bytes))).to.deep.equal([`close ${hex}`])
        }
      })

      it('reads all the frames of one chunk, in their order', () => {
        const bytes = Buffer.concat([
          frame(TEXT, 'one'),
          frame(PING, Buffer.from([1])),
          frame(BINARY, Buffer.from([2])),
          frame(TEXT),
          frame(PONG),
          frame(BINARY, noise(300)),
          frame(TEXT, 'last'),
        ])
        expect(read(bytes)).to.deep.equal([
          'text one',
          'ping 01',
          'binary 02',
          'text ',
          'pong ',
          `binary ${short(noise(300).toString('hex'))}`,
          'text last',
        ])
      })

      it('gives each binary message a buffer of its own', () => {
        const buffers: ArrayBuffer[] = []
        const recorder = new FrameRecorder()
        recorder.onBinary = data => buffers.push(data)
        const reader = new FrameReader(platform, recorder, NO_LIMITS)
        const cut = frame(BINARY, noise(40))
        for (const bytes of [Buffer.concat([cut, cut]), cut.subarray(0, 20), cut.subarray(20)]) reader.read(bytes)
        expect(new Set(buffers).size).to.equal(3)
        for (const buffer of buffers) {
          expect(Buffer.from(buffer).equals(noise(40))).to.equal(true)
          new Uint8Array(buffer).fill(0)
        }
        reader.read(frame(BINARY))
        reader.read(frame(BINARY, '', { fin: false }))
        reader.read(frame(CONTINUATION))
        expect(buffers.slice(3).map(buffer => buffer.byteLength)).to.deep.equal([0, 0])
        expect(buffers[3]).not.to.equal(buffers[4])
      })

      it('fails with 1002 for a reserved bit, whatever the opcode and the bit', () => {
        for (const opcode of [...OPCODES, ...RESERVED_OPCODES]) {
          for (let rsv = 1; rsv <= 7; rsv++) {
            const expected = ['violation 1002 WS_ERR_RESERVED_BITS']
            expect(read(frame(opcode, 'a', { rsv })), `opcode ${opcode}, bits ${rsv}`).to.deep.equal(expected)
            expect(read(frame(opcode, 'a', { rsv, fin: false }))).to.deep.equal(expected)
          }
        }
      })

      it('fails with 1002 for a reserved bit within a fragmented message', () => {
        for (let rsv = 1; rsv <= 7; rsv++) {
          const bytes = Buffer.concat([frame(TEXT, 'a', { fin: false }), frame(CONTINUATION, 'b', { rsv })])
          expect(read(bytes)).to.deep.equal(['violation 1002 WS_ERR_RESERVED_BITS'])
        }
      })

      it('fails with 1002 for a reserved opcode, within a fragmented message too', () => {
        for (const opcode of RESERVED_OPCODES) {
          for (const options of [{}, { fin: false }]) {
            const bad = frame(opcode, 'a', options)
            const expected = ['violation 1002 WS_ERR_INVALID_OPCODE']
            expect(read(bad), `opcode ${opcode}`).to.deep.equal(expected)
            expect(read(Buffer.concat([frame(TEXT, 'a', { fin: false }), bad]))).to.deep.equal(expected)
          }
        }
      })

      it('fails with 1002 for a masked frame (section 5.1), whatever the opcode and the key', () => {
        for (const opcode of OPCODES.slice(1)) {
          for (const mask of [Buffer.alloc(4), Buffer.from([1, 2, 3, 4])]) {
            for (const length of [0, 5, 125]) {
              expect(read(frame(opcode, noise(length), { mask }))).to.deep.equal(['violation 1002 WS_ERR_MASKED_FRAME'])
            }
          }
        }
        for (const length of [126, 70_000]) {
          expect(read(frame(BINARY, noise(length), { mask: Buffer.alloc(4) }))).to.deep.equal([
            'violation 1002 WS_ERR_MASKED_FRAME',
          ])
        }
      })

      it('fails with 1002 for a length that is not encoded as short as it can be', () => {
        const cases: [number, FrameOptions['lengthBits']][] = [
          [0, 16],
          [1, 16],
          [125, 16],
          [0, 64],
          [1, 64],
          [125, 64],
          [126, 64],
          [65535, 64],
        ]
        for (const opcode of [TEXT, BINARY]) {
          for (const [length, lengthBits] of cases) {
            for (const fin of [true, false]) {
              const bytes = frame(opcode, 'x'.repeat(length), { lengthBits: lengthBits!, fin })
              expect(read(bytes), `${length} in ${lengthBits} bits`).to.deep.equal([
                'violation 1002 WS_ERR_INVALID_LENGTH',
              ])
            }
          }
        }
      })

      it('fails with 1002 for a length with the most significant bit', () => {
        for (const length of [1n << 63n, (1n << 63n) + 5n, (1n << 64n) - 1n]) {
          expect(read(frame(BINARY, '', { length, lengthBits: 64 }))).to.deep.equal([
            'violation 1002 WS_ERR_INVALID_LENGTH',
          ])
        }
      })

      it('takes a length of 63 bits as such, and fails with 1009: no host can hold it', () => {
        for (const length of [(1n << 63n) - 1n, 1n << 62n, 1n << 53n]) {
          expect(read(frame(BINARY, '', { length }))).to.deep.equal(['violation 1009 WS_ERR_MESSAGE_TOO_BIG'])
        }
        // The largest that is not beyond a double's whole numbers is awaited.
        expect(read(frame(BINARY, 'abc', { length: (1n << 53n) - 1n }))).to.deep.equal([])
      })

      it('reads nothing behind a violation', () => {
        const bad = frame(TEXT, 'a', { rsv: 1 })
        const expected = ['text a', 'violation 1002 WS_ERR_RESERVED_BITS']
        const behind = [frame(TEXT, 'b'), frame(CLOSE), frame(PING)]
        expect(read(Buffer.concat([frame(TEXT, 'a'), bad, ...behind]))).to.deep.equal(expected)
        expect(readFrames([frame(TEXT, 'a'), bad, ...behind], platform)).to.deep.equal(expected)
      })

      it('reads nothing behind a Close frame (section 5.5.1)', () => {
        const behind = [frame(TEXT, 'b'), frame(CLOSE), frame(TEXT, 'c', { rsv: 1 })]
        const chunks = [frame(TEXT, 'a'), frame(CLOSE, closeBody(1000)), ...behind]
        expect(read(Buffer.concat(chunks))).to.deep.equal(['text a', 'close 03e8'])
        expect(readFrames(chunks, platform)).to.deep.equal(['text a', 'close 03e8'])
      })

      it('reads nothing after it was stopped, in whatever state', () => {
        const states = [
          Buffer.alloc(0),
          frame(BINARY, noise(200)).subarray(0, 3),
          frame(BINARY, noise(200)).subarray(0, 50),
          frame(PING, noise(100)).subarray(0, 50),
          frame(TEXT, 'a', { fin: false }),
        ]
        for (const before of states) {
          const recorder = new FrameRecorder()
          const reader = new FrameReader(platform, recorder, NO_LIMITS)
          reader.read(before)
          reader.stop()
          for (const bytes of [frame(TEXT, 'a'), noise(300), frame(CLOSE)]) reader.read(bytes)
          expect(recorder.events).to.deep.equal([])
        }
      })
    })
  }

  describe('over a connection', () => {
    const loopback = useLoopback()
    const cases: [what: string, bytes: Uint8Array, closeCode: number, code: string][] = [
      ['a reserved bit', frame(TEXT, 'a', { rsv: 4 }), 1002, 'WS_ERR_RESERVED_BITS'],
      ['a reserved opcode', frame(0x3, 'a'), 1002, 'WS_ERR_INVALID_OPCODE'],
      ['a reserved control opcode', frame(0xb, 'a'), 1002, 'WS_ERR_INVALID_OPCODE'],
      ['a masked frame', frame(TEXT, 'a', { mask: Buffer.from('mask') }), 1002, 'WS_ERR_MASKED_FRAME'],
      ['a length in too many bits', frame(TEXT, 'a', { lengthBits: 16 }), 1002, 'WS_ERR_INVALID_LENGTH'],
      ['a length of 64 bits', frame(TEXT, '', { length: 1n << 63n }), 1002, 'WS_ERR_INVALID_LENGTH'],
      ['a length beyond maxPayload', frame(TEXT, '', { length: 1n << 40n }), 1009, 'WS_ERR_MESSAGE_TOO_BIG'],
    ]
    for (const [what, bytes, closeCode, code] of cases) {
      it(`${what} fails the connection with ${closeCode}`, async () => {
        await expectFailure(await loopback.rawPair(), bytes, closeCode, code)
      })
    }

    it('messages arrive in the frames that a server likes, and leave in ours', async () => {
      const { socket, peer } = await loopback.rawPair()
      socket.binaryType = 'arraybuffer'
      for (const length of [0, 125, 126, 65535, 65536]) {
        const text = 'x'.repeat(length)
        const arrived = next(socket, 'message')
        await peer.send(TEXT, text)
        expect((await arrived).data).to.equal(text)
        socket.send(text)
        const sent = await peer.readFrame()
        expect(sent).to.include({ fin: true, rsv: 0, opcode: TEXT, masked: true, text })
        expect(sent.header.length).to.equal(length < 126 ? 6 : length < 65536 ? 8 : 14)
        socket.send(Buffer.from(text))
        expect(await peer.readFrame()).to.include({ fin: true, rsv: 0, opcode: BINARY, masked: true, text })
      }
    })
  })

  it('never throws for what it reads', () => {
    // All headers of two bytes, with some bytes behind.
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const recorder = new FrameRecorder()
        new FrameReader(nodePlatform, recorder, NO_LIMITS).read(
          Buffer.concat([Buffer.from([first, second]), noise(130)]),
        )
        expect(recorder.events.filter(event => event.startsWith('violation')).length).to.be.at.most(1)
      }
    }
  })
})
