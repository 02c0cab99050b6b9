import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import { CORRUPT, type Compression, type Deflater, INFLATED, type Inflater, TOO_LONG } from '#lib/codec/compression.js'
// Provides the host, whose tasks compression takes.
import '#lib/entry/node.js'
import { documentedCompression } from '#lib/platform/documented-zlib.js'
import { nativeCompression, nodeCompression } from '#lib/platform/node-zlib.js'
import { compress } from '../support/compress.ts'
import { BitWriter, stored } from '../support/deflate-blocks.ts'
import { noise } from '../support/noise.ts'

/* What lib/codec/compression.ts asks of a host, held against each way that Node.js has of doing it. */

const TAIL = Buffer.from([0, 0, 0xff, 0xff])
const SYNC = { finishFlush: constants.Z_SYNC_FLUSH }
const NO_LIMIT = Number.POSITIVE_INFINITY
const BEST = { windowBits: 15, level: 9, memLevel: 9 }

const hosts: ReadonlyArray<readonly [name: string, compression: Compression]> = [
  ['nativeCompression', nativeCompression],
  ['documentedCompression', documentedCompression],
  ['nodeCompression', nodeCompression],
]

/** Text, noise and zeros. */
function contents(length: number): Buffer[] {
  return [Buffer.alloc(length, 'It was the best of times, '), noise(length, length + 1), Buffer.alloc(length)]
}

/** Messages of all kinds and sizes, which look back to each other. */
const messages: readonly Buffer[] = [1, 2, 20, 300, 5000, 300, 40_000, 70_000, 20].flatMap(contents)

for (const [name, compression] of hosts) {
  describe(`${name}: the contract of Compression`, () => {
    describe('Deflater', () => {
      let deflater: Deflater
      afterEach(() => deflater.close())

      /** With its last bytes put back, each message goes on with one stream of DEFLATE. */
      function expectStream(pieces: readonly Uint8Array[], windowBits: number, expected: readonly Uint8Array[]): void {
        const stream = Buffer.concat(pieces.flatMap(piece => [piece, TAIL]))
        const inflated = inflateRawSync(stream, { windowBits, ...SYNC })
        expect(inflated.equals(Buffer.concat(expected))).to.equal(true)
      }

      for (const level of [0, 1, 6, 9]) {
        for (const memLevel of [1, 8, 9]) {
          it(`level ${level}, memLevel ${memLevel}: messages are one stream`, () => {
            deflater = compression.createDeflater({ windowBits: 15, level, memLevel })
            const pieces = messages.map(message => Uint8Array.from(deflater.deflate(message)))
            expectStream(pieces, 15, messages)
          })
        }
      }

      for (let windowBits = 8; windowBits <= 15; windowBits++) {
        it(`windowBits ${windowBits}: looks back as far as the receiver's window, and no further`, () => {
          deflater = compression.createDeflater({ windowBits, level: 9, memLevel: 8 })
          // zlib looks back to all but the last 262 bytes of its window.
          const far = noise(Math.max(200, 2 ** windowBits - 300))
          const sent = [far, far, noise(2 ** windowBits, 5), far, Buffer.concat([far, far])]
          const pieces = sent.map(message => Uint8Array.from(deflater.deflate(message)))
          expect(pieces[1]!.length).to.be.below(pieces[0]!.length / 8)
          expect(pieces[3]!.length).to.be.above(far.length)
          // A little output at a time: what lies further back than the window, zlib has forgotten.
          const inflated = inflateRawSync(Buffer.concat(pieces.flatMap(piece => [piece, TAIL])), {
            windowBits,
            chunkSize: 64,
            ...SYNC,
          })
          expect(inflated.equals(Buffer.concat(sent))).to.equal(true)
        })
      }

      it('looks back to the messages before, until it is reset', () => {
        deflater = compression.createDeflater(BEST)
        const message = noise(1000)
        const lengths = [1, 2, 3].map(() => deflater.deflate(message).length)
        expect(lengths[1]).to.be.below(lengths[0]! / 10)
        expect(lengths[2]).to.be.below(lengths[0]! / 10)
        for (let count = 0; count < 2; count++) {
          deflater.reset()
          expect(deflater.deflate(message).length).to.equal(lengths[0])
        }
        deflater.reset()
        expectStream([Uint8Array.from(deflater.deflate(message))], 15, [message])
      })

      it('may be reset before its first message', () => {
        deflater = compression.createDeflater(BEST)
        deflater.reset()
        expectStream([Uint8Array.from(deflater.deflate(messages[3]!))], 15, [messages[3]!])
      })

      it('finds room for an output of any length', () => {
        deflater = compression.createDeflater({ windowBits: 15, level: 0, memLevel: 1 })
        for (let length = 65_500; length < 65_560; length++) {
          deflater.reset()
          expectStream([Uint8Array.from(deflater.deflate(noise(length)))], 15, [noise(length)])
        }
        deflater.reset()
        const large = noise(1 << 20)
        expectStream([Uint8Array.from(deflater.deflate(large))], 15, [large])
      })

      it('takes a part of a larger buffer, and leaves it as it is', () => {
        deflater = compression.createDeflater(BEST)
        const memory = noise(5000)
        const before = Buffer.from(memory)
        expectStream([Uint8Array.from(deflater.deflate(memory.subarray(1000, 3000)))], 15, [
          memory.subarray(1000, 3000),
        ])
        expect(memory.equals(before)).to.equal(true)
      })

      const later = (message: Uint8Array): Promise<Uint8Array> =>
        new Promise(resolve => deflater.deflateLater(message, compressed => resolve(Uint8Array.from(compressed))))

      it('deflateLater: calls back later, with the same stream', async () => {
        deflater = compression.createDeflater({ windowBits: 15, level: 1, memLevel: 8 })
        const large = [...contents(200_000), ...contents(1 << 20), Buffer.alloc(8 << 20)]
        const pieces: Uint8Array[] = []
        for (const message of large) {
          let called = false
          const piece = later(message).then(bytes => {
            called = true
            return bytes
          })
          expect(called).to.equal(false)
          pieces.push(await piece)
        }
        expectStream(pieces, 15, large)
      })

      it('deflateLater: in turn with deflate, each looks back to the other', async () => {
        deflater = compression.createDeflater(BEST)
        const message = noise(5000)
        const pieces: Uint8Array[] = []
        const warnings: Error[] = []
        const onWarning = (warning: Error): void => void warnings.push(warning)
        process.on('warning', onWarning)
        // More often than a zlib stream may have listeners.
        const count = 12
        for (let index = 0; index < count; index++) {
          pieces.push(Uint8Array.from(deflater.deflate(message)), await later(message))
        }
        process.off('warning', onWarning)
        expect(warnings).to.deep.equal([])
        const sent = Array.from({ length: 2 * count }, () => message)
        expectStream(pieces, 15, sent)
        for (const piece of pieces.slice(1)) expect(piece.length).to.be.below(message.length / 10)
        deflater.reset()
        const alone = await later(message)
        expectStream([alone], 15, [message])
        expect(alone.length).to.be.above(message.length / 2)
      })

      it('may be closed at any time, and more than once', async () => {
        deflater = compression.createDeflater(BEST)
        deflater.close()
        deflater = compression.createDeflater(BEST)
        deflater.deflateLater(noise(1 << 20), () => {})
        deflater.close()
        deflater.close()
        // Work that was under way has ended by the time that other work of its kind has.
        deflater = compression.createDeflater(BEST)
        await later(noise(1 << 20))
      })
    })

    describe('Inflater', () => {
      let inflater: Inflater
      afterEach(() => inflater.close())

      interface Inflated {
        readonly result: number
        readonly bytes: Buffer
      }

      /** Inflates pieces of a message, the last one of them its end, as RFC 7692 section 7.2.2 and the contract have it. */
      function inflate(pieces: readonly Uint8Array[], room: number): Inflated {
        const output: Buffer[] = []
        for (const [index, piece] of pieces.entries()) {
          const last = index === pieces.length - 1
          // Other bytes around it, so that a wrong offset shows.
          const input = Buffer.concat([Buffer.alloc(7, 0xee), piece, Buffer.alloc(5, 0xee)])
          let position = 7
          let fresh = false
          for (;;) {
            const memory = new Uint8Array(room + 6).fill(0xdd)
            const target = memory.subarray(0, room + 3)
            const result = inflater.inflate(input, position, 7 + piece.length, last, target, 3)
            if (result !== INFLATED) return { result, bytes: Buffer.concat(output) }
            // Called a hundred thousand times with room for one byte: `expect` only where something is wrong.
            const { produced, consumed } = inflater
            if (!(produced >= 0 && produced <= room)) expect(produced).to.be.within(0, room)
            const around = [...memory.subarray(0, 3), ...memory.subarray(3 + room)]
            if (!around.every(byte => byte === 0xdd)) expect(around).to.deep.equal(Array(6).fill(0xdd))
            output.push(Buffer.from(memory.subarray(3, 3 + produced)))
            position += consumed
            if (!(position <= 7 + piece.length)) expect(position).to.be.at.most(7 + piece.length)
            if (inflater.consumed > 0) fresh = false
            if (inflater.produced === room) continue
            if (position === 7 + piece.length) break
            // A stream has ended.
            if (fresh) return { result: CORRUPT, bytes: Buffer.concat(output) }
            inflater.reset()
            fresh = true
            if (last && position === 7) break
          }
        }
        return { result: INFLATED, bytes: Buffer.concat(output) }
      }

      /** A message's pieces of so many bytes, and its end. */
      function chop(compressed: Uint8Array, length: number): Uint8Array[] {
        const pieces: Uint8Array[] = []
        for (let start = 0; start < compressed.length; start += length) {
          pieces.push(compressed.subarray(start, start + length))
        }
        return [...pieces, TAIL]
      }

      function expectInflated(actual: Inflated, expected: Uint8Array): void {
        expect(actual.result).to.equal(INFLATED)
        expect(actual.bytes.equals(expected)).to.equal(true)
      }

      for (const piece of [1, 10, 1000, NO_LIMIT]) {
        for (const room of [1, 7, 4096]) {
          it(`pieces of ${piece} bytes, room for ${room}`, () => {
            inflater = compression.createInflater(15, NO_LIMIT)
            const lengths = room === 1 || piece === 1 ? [1, 30, 500] : [1, 30, 500, 20_000]
            for (const message of lengths.flatMap(contents)) {
              expectInflated(inflate(chop(compress(message), Math.min(piece, 1 << 20)), room), message)
              inflater.reset()
            }
          })
        }
      }

      it('an empty message', () => {
        inflater = compression.createInflater(15, NO_LIMIT)
        expectInflated(inflate([Buffer.from([0]), TAIL], 100), Buffer.alloc(0))
        expectInflated(inflate([Buffer.from([0]), TAIL], 100), Buffer.alloc(0))
      })

      for (let windowBits = 8; windowBits <= 15; windowBits++) {
        it(`a window of ${windowBits} bits is carried from message to message`, () => {
          inflater = compression.createInflater(windowBits, NO_LIMIT)
          // One stream, whose window zlib itself keeps.
          const deflater = nativeCompression.createDeflater({ windowBits, level: 9, memLevel: 8 })
          const most = 2 ** windowBits
          // zlib looks back to all but the last 262 bytes of its window.
          const far = Math.max(100, most - 262)
          const sent = [noise(200), noise(200), noise(most, 3), noise(200), noise(far, 4), noise(far, 4)]
          for (const message of sent) {
            expectInflated(inflate([Uint8Array.from(deflater.deflate(message)), TAIL], 4096), message)
          }
          deflater.close()
        })
      }

      it('reset forgets the window', () => {
        inflater = compression.createInflater(15, NO_LIMIT)
        inflater.reset()
        const hello = Buffer.from('f248cdc9c90700', 'hex')
        const again = Buffer.from('f200110000', 'hex')
        expectInflated(inflate([hello, TAIL], 100), Buffer.from('Hello'))
        expectInflated(inflate([again, TAIL], 100), Buffer.from('Hello'))
        inflater.reset()
        expect(inflate([again, TAIL], 100).result).to.equal(CORRUPT)
      })

      for (const [what, hex, text] of [
        ['one', 'f348cdc9c9070000', 'Hello'],
        ['one at the very end', 'f348cdc9c90700', 'Hello'],
        ['two', `${deflateRawSync('Hel').toString('hex')}${deflateRawSync('lo').toString('hex')}00`, 'Hello'],
        ['one, and a block without', `${deflateRawSync('Hel').toString('hex')}000200fdff6c6f00`, 'Hello'],
        ['many empty ones', `${'0300'.repeat(50)}f248cdc9c90700`, 'Hello'],
      ] as const) {
        it(`blocks that end the stream (RFC 7692 section 7.2.3.4): ${what}`, () => {
          const bytes = Buffer.from(hex, 'hex')
          for (const length of [1, 3, bytes.length]) {
            for (const room of [1, 2, 5, 100]) {
              inflater = compression.createInflater(15, NO_LIMIT)
              expectInflated(inflate(chop(bytes, length), room), Buffer.from(text))
              // The connection goes on.
              expectInflated(inflate([Buffer.from('f248cdc9c90700', 'hex'), TAIL], room), Buffer.from('Hello'))
              inflater.close()
            }
          }
        })
      }

      const copy = (distance: number): BitWriter =>
        new BitWriter().fixedBlock(false).literal(97).copyThree(distance).endOfBlock()
      for (const [what, bytes] of [
        ['a block of no type', Buffer.from('06', 'hex')],
        ['noise', Buffer.alloc(4, 0xff)],
        ['a stored block whose lengths differ', stored('Hello', { wrong: true })],
        ['a copy from before the beginning', copy(2).message()],
        ['the same behind the end of a stream', Buffer.concat([stored('Hello', { final: true }), copy(2).message()])],
      ] as const) {
        it(`${what} is corrupt`, () => {
          for (const pieces of [chop(bytes, 1), chop(bytes, 100)]) {
            inflater = compression.createInflater(15, NO_LIMIT)
            expect(inflate(pieces, 100).result).to.equal(CORRUPT)
            inflater.close()
          }
        })
      }

      it('a bomb is found out before there is more output than one piece beyond the limit', () => {
        const bomb = compress(Buffer.alloc(64 << 20), { level: 9 })
        for (const limit of [1, 1000, 100_000]) {
          inflater = compression.createInflater(15, limit)
          let sum = 0
          let position = 0
          let result: number = INFLATED
          const output = new Uint8Array(1000)
          // What is left to the caller is to look at the sum.
          while (result === INFLATED && sum <= limit) {
            const end = Math.min(bomb.length, position + 1000)
            const last = end === bomb.length
            result = inflater.inflate(bomb, position, end, last, output, 0)
            sum += inflater.produced
            position += inflater.consumed
          }
          if (result !== TOO_LONG) expect(sum).to.be.within(limit + 1, limit + output.length)
          else expect(sum).to.be.at.most(limit)
          inflater.close()
        }
      })

      it('exactly as much as the limit is not too long', () => {
        for (const message of contents(1000)) {
          inflater = compression.createInflater(15, 1000)
          for (let count = 0; count < 2; count++) {
            expectInflated(inflate(chop(compress(message), 100), 4096), message)
            inflater.reset()
          }
          inflater.close()
        }
      })

      it('may be closed at any time, and more than once', () => {
        inflater = compression.createInflater(15, NO_LIMIT)
        inflater.close()
        inflater.close()
        inflater = compression.createInflater(15, NO_LIMIT)
        inflate([Buffer.from('f248', 'hex')], 100)
        inflater.close()
        inflater.close()
      })
    })
  }).timeout(60_000)
}
