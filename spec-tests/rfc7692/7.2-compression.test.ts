import { readFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import type { Compression } from '#lib/codec/compression.js'
// Provides the host, whose tasks compression takes.
import '#lib/entry/node.js'
import { documentedCompression } from '#lib/platform/documented-zlib.js'
import { nativeCompression } from '#lib/platform/node-zlib.js'
import { compress } from '../support/compress.ts'
import { stored } from '../support/deflate-blocks.ts'
import {
  CountingCompression,
  DeflateConnection,
  type DeflateOptions,
  FIN,
  RSV1,
  SlowCompression,
} from '../support/deflate-connection.ts'
import { noise } from '../support/noise.ts'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, PONG, TEXT } from '../support/raw-server.ts'
import type { ClientFrame } from '../support/scripted-pipe.ts'
import { ServerDeflate } from '../support/server-deflate.ts'

/* The engine's side of permessage-deflate, with each way that Node.js has of compressing. */

const COMPRESSED = { rsv: 4 }
/** From here on a message is compressed off the event loop. */
const LARGE = 128 * 1024

for (const [name, compression] of [
  ['nativeCompression', nativeCompression],
  ['documentedCompression', documentedCompression],
] as const) {
  describe(`RFC 7692 section 7.2, ${name}`, () => {
    const open = (options: Omit<DeflateOptions, 'compression'> = {}): DeflateConnection =>
      new DeflateConnection({ compression, ...options })

    describe('what is sent', () => {
      /** What the frames of a message say, held against section 6.1. */
      async function read(deflate: ServerDeflate, frames: readonly ClientFrame[]): Promise<string> {
        const compressed = (frames[0]!.first & RSV1) !== 0
        for (const [index, { first, opcode }] of frames.entries()) {
          const isLast = index === frames.length - 1
          expect((first & FIN) !== 0).to.equal(isLast)
          expect((first & RSV1) !== 0).to.equal(compressed && index === 0)
          if (index > 0) expect(opcode).to.equal(CONTINUATION)
        }
        const payload = Buffer.concat(frames.map(one => one.payload))
        const content = compressed ? await deflate.inflate(payload) : payload
        return `${frames[0]!.opcode} ${compressed ? 'compressed' : 'plain'} ${content.toString('latin1')}`
      }

      async function readAll(deflate: ServerDeflate, messages: readonly ClientFrame[][]): Promise<string[]> {
        const contents: string[] = []
        for (const frames of messages) contents.push(await read(deflate, frames))
        return contents
      }

      for (const threshold of [0, 1, 64, 1000]) {
        it(`is compressed from ${threshold} bytes on, and never when it is empty`, async () => {
          const link = open({ settings: { threshold } })
          const deflate = new ServerDeflate({})
          for (const length of [0, 1, 63, 64, 65, 999, 1000]) {
            const how = length > 0 && length >= threshold ? 'compressed' : 'plain'
            link.connection.sendText('x'.repeat(length))
            link.connection.sendBinary(Buffer.alloc(length, 'y'))
            const [text, binary] = await link.messages(2)
            expect(await read(deflate, text!)).to.equal(`1 ${how} ${'x'.repeat(length)}`)
            expect(await read(deflate, binary!)).to.equal(`2 ${how} ${'y'.repeat(length)}`)
          }
        })
      }

      it('counts bytes, not the units of a string', async () => {
        const link = open()
        const deflate = new ServerDeflate({})
        for (const [text, how] of [
          ['€'.repeat(21), 'plain'],
          ['€'.repeat(22), 'compressed'],
          ['\ud800'.repeat(22), 'compressed'],
          ['é'.repeat(31), 'plain'],
          ['é'.repeat(32), 'compressed'],
        ] as const) {
          link.connection.sendText(text)
          const [message] = await link.messages(1)
          expect(await read(deflate, message!)).to.equal(`1 ${how} ${Buffer.from(text).toString('latin1')}`)
        }
      })

      it('leaves control frames alone', async () => {
        const link = open({ settings: { threshold: 0 } })
        link.connection.ping(Buffer.alloc(125))
        link.pipe.receive(frame(PING, Buffer.alloc(125)))
        link.connection.startClosingHandshake(1000, 'x'.repeat(123))
        const frames = await link.frames(3)
        expect(frames.map(({ opcode, first }) => [opcode, first & 0x70])).to.deep.equal([
          [PING, 0],
          [PONG, 0],
          [CLOSE, 0],
        ])
      })

      it('looks back to the messages before, unless the context is given up', async () => {
        for (const clientNoContextTakeover of [false, true]) {
          const link = open({ agreed: { clientNoContextTakeover } })
          const deflate = new ServerDeflate({ clientNoContextTakeover })
          const message = noise(300)
          const lengths: number[] = []
          for (let count = 0; count < 3; count++) {
            link.connection.sendBinary(message)
            const [frames] = await link.messages(1)
            expect(await read(deflate, frames!)).to.equal(`2 compressed ${message.toString('latin1')}`)
            lengths.push(frames![0]!.payload.length)
          }
          if (clientNoContextTakeover) expect(lengths).to.deep.equal(Array(3).fill(lengths[0]))
          else expect(Math.max(lengths[1]!, lengths[2]!)).to.be.below(lengths[0]! / 5)
        }
      })

      it('keeps to the level that was asked for', async () => {
        const lengths: number[] = []
        const text = readFileSync(new URL(import.meta.url), 'utf8')
        for (const level of [0, 1, 9]) {
          const link = open({ settings: { level } })
          link.connection.sendText(text)
          const [frames] = await link.messages(1)
          lengths.push(frames![0]!.payload.length)
        }
        expect(lengths[1]).to.be.below(lengths[0]! / 2)
        expect(lengths[2]).to.be.below(lengths[1]!)
      })

      for (const clientNoContextTakeover of [false, true]) {
        const how = clientNoContextTakeover ? 'each by itself' : 'each looking back'
        it(`keeps its order when something is compressed slowly, ${how}`, async () => {
          const link = open({ agreed: { clientNoContextTakeover } })
          const { connection } = link
          const deflate = new ServerDeflate({ clientNoContextTakeover })
          const large = [noise(LARGE, 1), noise(3 * LARGE + 1, 2), Buffer.alloc(LARGE * 8, 'large ')]
          const place = connection.reserve()
          connection.sendText('first')
          connection.sendBinary(large[0]!)
          connection.sendText('x'.repeat(100))
          connection.sendBinary(large[1]!)
          connection.sendText('small')
          connection.sendText(large[2]!.toString())
          const second = connection.reserve()
          connection.sendBinary(Buffer.from([1, 2, 3]))
          connection.startClosingHandshake(1000, 'done')
          expect(link.sent).to.deep.equal([])
          connection.fill(second, Uint8Array.from(noise(LARGE + 5, 3)))
          expect(link.sent).to.deep.equal([])
          connection.fill(place, Uint8Array.from(noise(200, 4)))
          const messages = await link.messages(9)
          expect(await readAll(deflate, messages)).to.deep.equal([
            `2 compressed ${noise(200, 4).toString('latin1')}`,
            '1 plain first',
            `2 compressed ${large[0]!.toString('latin1')}`,
            `1 compressed ${'x'.repeat(100)}`,
            `2 compressed ${large[1]!.toString('latin1')}`,
            '1 plain small',
            `1 compressed ${large[2]!.toString('latin1')}`,
            `2 compressed ${noise(LARGE + 5, 3).toString('latin1')}`,
            '2 plain \x01\x02\x03',
          ])
          const [close] = await link.frames(1)
          expect(close!.opcode).to.equal(CLOSE)
          expect(close!.payload.equals(closeBody(1000, 'done'))).to.equal(true)
        })
      }

      it('lets control frames past what is compressed slowly', async () => {
        const link = open()
        link.connection.sendBinary(noise(LARGE * 4))
        link.connection.ping(Buffer.from('mine'))
        link.pipe.receive(frame(PING, 'theirs'))
        const [first, second] = await link.frames(2)
        expect(first).to.include({ opcode: PING })
        expect(second).to.include({ opcode: PONG })
        const [message] = await link.messages(1)
        expect(await read(new ServerDeflate({}), message!)).to.equal(
          `2 compressed ${noise(LARGE * 4).toString('latin1')}`,
        )
      })

      it('is what it was when it was sent', async () => {
        const link = open()
        const deflate = new ServerDeflate({})
        const memory = [noise(LARGE, 1), noise(1000, 2), noise(10, 3), noise(1000, 4)]
        const expected = memory.map(bytes => bytes.toString('latin1'))
        for (const bytes of memory) {
          link.connection.sendBinary(bytes)
          bytes.fill(0)
        }
        const messages = await link.messages(4)
        const contents = await readAll(deflate, messages)
        expect(contents.map(content => content.split(' ').slice(2).join(' '))).to.deep.equal(expected)
      })

      it('is not touched by another connection while it is compressed', async () => {
        // Text of less than 128 Ki units, but of more bytes.
        for (const units of [50_000, 100_000]) {
          const text = '€'.repeat(units)
          const link = new DeflateConnection({ compression: new SlowCompression(compression) })
          link.connection.sendText(text)
          open().connection.sendText('\u20ad'.repeat(43_000))
          const [message] = await link.messages(1)
          expect(await read(new ServerDeflate({}), message!)).to.equal(
            `1 compressed ${Buffer.from(text).toString('latin1')}`,
          )
        }
      })

      it('ends with a Close frame when the server closes in the middle of it', async () => {
        const link = open()
        link.connection.sendBinary(noise(LARGE * 8))
        link.connection.startClosingHandshake(4000, '')
        link.pipe.receive(frame(CLOSE, closeBody(4001)))
        // A frame of the message may have left before.
        let last: ClientFrame | undefined
        while (last?.opcode !== CLOSE) [last] = await link.frames(1)
        expect(last.payload.equals(closeBody(4000))).to.equal(true)
        link.pipe.sink.end()
        link.pipe.sink.close()
        expect(link.closure).to.include({ code: 4001, error: undefined })
        await compressedMeanwhile(compression)
        expect(link.sent).to.deep.equal([])
      })

      it('is given up when the connection is lost in the middle of it', async () => {
        const link = open()
        link.connection.sendBinary(noise(LARGE * 8))
        link.connection.sendText('x'.repeat(100))
        link.pipe.sink.close()
        expect(link.closure)
          .to.include({ code: 1006 })
          .and.to.have.nested.property('error.code', 'WS_ERR_CONNECTION_LOST')
        const written = link.pipe.writes.length
        await compressedMeanwhile(compression)
        expect(link.pipe.writes).to.have.length(written)
        expect(link.events.at(-1)).to.equal('released')
      })
    })

    describe('what is received', () => {
      /** Of strings and numbers, what the user gets; of hosts that are told nothing, how it ends. */
      function events(link: DeflateConnection): string[] {
        return link.events.map(event => (event.length > 80 ? event.slice(0, 80) : event))
      }

      it('looks back to the messages before, plain ones left out', () => {
        const link = open()
        link.pipe.receive(frame(TEXT, Buffer.from('f248cdc9c90700', 'hex'), COMPRESSED))
        link.pipe.receive(frame(TEXT, 'in between'))
        link.pipe.receive(frame(TEXT, Buffer.from('f200110000', 'hex'), COMPRESSED))
        expect(events(link)).to.deep.equal(['text Hello', 'text in between', 'text Hello'])
      })

      it('does not, once that was given up', () => {
        const link = open({ agreed: { serverNoContextTakeover: true } })
        link.pipe.receive(frame(TEXT, Buffer.from('f248cdc9c90700', 'hex'), COMPRESSED))
        link.pipe.receive(frame(TEXT, Buffer.from('f248cdc9c90700', 'hex'), COMPRESSED))
        link.pipe.receive(frame(TEXT, Buffer.from('f200110000', 'hex'), COMPRESSED))
        expect(events(link)).to.deep.equal([
          'text Hello',
          'text Hello',
          'closed 1006 unclean WS_ERR_INVALID_COMPRESSION',
        ])
        expect(link.closure?.error?.closeCode).to.equal(1007)
      })

      it('is an empty message, text or binary', () => {
        const link = open()
        for (const opcode of [TEXT, BINARY]) {
          link.pipe.receive(frame(opcode, Buffer.from([0]), COMPRESSED))
          link.pipe.receive(frame(opcode, '', { ...COMPRESSED, fin: false }), frame(CONTINUATION, Buffer.from([0])))
          link.pipe.receive(frame(opcode, Buffer.from([0]), { ...COMPRESSED, fin: false }), frame(CONTINUATION))
          // What zlib makes of nothing at a flush, and of the end of nothing (section 7.2.3.6).
          link.pipe.receive(frame(opcode, Buffer.from('0200', 'hex'), COMPRESSED))
          link.pipe.receive(frame(opcode, Buffer.from('030000', 'hex'), COMPRESSED))
        }
        expect(events(link)).to.deep.equal([...Array(5).fill('text '), ...Array(5).fill('binary ')])
      })

      it('is empty where no byte was sent, in one frame or in several', () => {
        for (const serverNoContextTakeover of [false, true]) {
          const link = open({ agreed: { serverNoContextTakeover } })
          for (const opcode of [TEXT, BINARY]) {
            link.pipe.receive(frame(opcode, '', COMPRESSED))
            link.pipe.receive(frame(opcode, '', { ...COMPRESSED, fin: false }), frame(CONTINUATION))
            const more = frame(CONTINUATION, '', { fin: false })
            link.pipe.receive(frame(opcode, '', { ...COMPRESSED, fin: false }), more, frame(PING), frame(CONTINUATION))
          }
          expect(events(link)).to.deep.equal([...Array(3).fill('text '), ...Array(3).fill('binary ')])
        }
      })

      it('leaves what the messages before left in sight where it has no byte', () => {
        const link = open()
        link.pipe.receive(frame(TEXT, Buffer.from('f248cdc9c90700', 'hex'), COMPRESSED))
        for (let count = 0; count < 3; count++) link.pipe.receive(frame(TEXT, '', COMPRESSED))
        link.pipe.receive(frame(TEXT, '', { ...COMPRESSED, fin: false }), frame(CONTINUATION))
        link.pipe.receive(frame(TEXT, Buffer.from('f200110000', 'hex'), COMPRESSED))
        expect(events(link)).to.deep.equal(['text Hello', ...Array(4).fill('text '), 'text Hello'])
      })

      it('may end where its stream does, so that nothing takes what the sender has left out', () => {
        const link = open()
        for (const [payload, message] of [
          ['0300', ''],
          ['9b0000', '90'],
          ['f348cdc9c90700', '48656c6c6f'],
        ] as const) {
          link.events.length = 0
          link.pipe.receive(frame(BINARY, Buffer.from(payload, 'hex'), COMPRESSED))
          link.pipe.receive(frame(TEXT, Buffer.from('f248cdc9c90700', 'hex'), COMPRESSED))
          expect(events(link)).to.deep.equal([`binary ${message}`, 'text Hello'])
        }
      })

      it('may be streams that end anywhere, also where a buffer is full', () => {
        const link = open()
        const stream = deflateRawSync(Buffer.alloc(65_536))
        for (const count of [1, 2, 3, 4, 20]) {
          link.events.length = 0
          const payload = Buffer.concat([...Array.from({ length: count }, () => stream), Buffer.from([0])])
          link.pipe.receive(frame(BINARY, payload, COMPRESSED))
          link.goOn()
          for (let start = 0; start < payload.length; start += 50) {
            const fin = start + 50 >= payload.length
            const options = { fin, rsv: start === 0 ? 4 : 0 }
            link.pipe.receive(frame(start === 0 ? BINARY : CONTINUATION, payload.subarray(start, start + 50), options))
            link.goOn()
          }
          const [whole, inFrames, ...more] = link.events
          expect(whole).to.match(new RegExp(`^binary ${count * 65_536 * 2} units`))
          expect(inFrames).to.equal(whole)
          expect(more).to.deep.equal([])
        }
      })

      it('fails with 1007 for more streams than anybody sends, or is read: never is there work without end', () => {
        for (const count of [1000, 100_000]) {
          const link = open()
          const empty = Buffer.from('0300', 'hex')
          const payload = Buffer.concat([Buffer.alloc(count * 2, empty), Buffer.from('f248cdc9c90700', 'hex')])
          link.pipe.receive(frame(TEXT, payload, COMPRESSED))
          expect(['text Hello', 'closed 1006 unclean WS_ERR_INVALID_COMPRESSION']).to.include(link.events[0])
          if (count === 1000) expect(link.events[0]).to.equal('text Hello')
        }
      })

      for (const [what, payload] of [
        ['a block of no type', Buffer.from([6])],
        ['stored lengths that differ', stored('Hello', { wrong: true })],
        ['noise', Buffer.alloc(100, 0xff)],
      ] as const) {
        it(`fails with 1007 for ${what}, and not for what follows it`, () => {
          for (const bytes of [
            [frame(BINARY, payload, COMPRESSED)],
            [
              frame(BINARY, compress('good'), { ...COMPRESSED, fin: false }),
              frame(CONTINUATION, stored('', { wrong: true })),
            ],
          ]) {
            const link = open()
            link.pipe.receive(...bytes, frame(TEXT, 'behind'))
            expect(events(link)).to.deep.equal(['closed 1006 unclean WS_ERR_INVALID_COMPRESSION'])
            expect(link.closure?.error?.closeCode).to.equal(1007)
          }
        })
      }

      if (compression !== documentedCompression) {
        it('fails with 1007 where it was cut off within a block (section 7.2.1), and is not taken for another one', () => {
          const prices = JSON.stringify(Array.from({ length: 40 }, (_, id) => ({ id, price: ((id * 31) % 97) / 10 })))
          for (const [content, from] of [
            ['Hello', 1],
            ['It was the best of times, it was the worst of times, '.repeat(5), 1],
            // A single zero is an empty message.
            [noise(500), 2],
            // The table of codes that stands first may be anything.
            [prices, 29],
          ] as const) {
            const payload = compress(content)
            for (let cut = from; cut < payload.length; cut++) {
              const link = open()
              link.pipe.receive(frame(BINARY, payload.subarray(0, cut), COMPRESSED))
              const how = `${cut} of ${payload.length} bytes`
              expect(events(link), how).to.deep.equal(['closed 1006 unclean WS_ERR_INVALID_COMPRESSION'])
            }
          }
        })

        it('fails with 1007 where the four bytes that are to be left out are not (section 7.2.1)', () => {
          const link = open()
          link.pipe.receive(frame(TEXT, Buffer.from('f248cdc9c907000000ffff', 'hex'), COMPRESSED))
          expect(events(link)).to.deep.equal(['closed 1006 unclean WS_ERR_INVALID_COMPRESSION'])
        })
      }

      it('fails with 1007 for text that is no UTF-8', () => {
        for (const bad of ['ff', 'c3', '61eda080']) {
          const link = open()
          link.pipe.receive(frame(TEXT, compress(Buffer.from(bad, 'hex')), COMPRESSED))
          expect(events(link)).to.deep.equal(['closed 1006 unclean WS_ERR_INVALID_UTF8'])
        }
      })

      for (const maxPayload of [1, 100, 4095, 4096, 4097, 65_535, 65_536, 65_537, 200_000]) {
        for (const fragment of [Number.POSITIVE_INFINITY, 40]) {
          const how = fragment === 40 ? 'in frames of 40 bytes' : 'in one frame'
          it(`is at most maxPayload, ${maxPayload} bytes, ${how}; inflation stops there (1009)`, () => {
            for (const more of [0, 1, 100_000]) {
              const counting = new CountingCompression(compression)
              const link = new DeflateConnection({ compression: counting, maxPayload })
              const payload = compress(Buffer.alloc(maxPayload + more))
              for (let start = 0; start < payload.length; start += fragment) {
                const fin = start + fragment >= payload.length
                const piece = payload.subarray(start, Math.min(payload.length, start + fragment))
                link.pipe.receive(frame(start === 0 ? BINARY : CONTINUATION, piece, { fin, rsv: start === 0 ? 4 : 0 }))
              }
              if (more === 0) {
                expect(link.events).to.have.length(1)
                expect(link.events[0]).to.match(/^binary /)
                expect(counting.produced).to.equal(maxPayload)
              } else {
                expect(events(link)).to.deep.equal(['closed 1006 unclean WS_ERR_MESSAGE_TOO_BIG'])
                expect(link.closure?.error?.closeCode).to.equal(1009)
                // The byte that is too much, or a part of the shared buffer beyond it, but never what is in the bomb.
                expect(counting.produced).to.be.at.most(Math.max(maxPayload + 1, maxPayload >= 65_536 ? 65_536 : 0))
              }
            }
          })
        }
      }
    })
  }).timeout(60_000)
}

/** Something else of that kind was begun later and has ended: whatever was under way would have, too. */
async function compressedMeanwhile(compression: Compression): Promise<void> {
  for (let count = 0; count < 3; count++) {
    const link = new DeflateConnection({ compression })
    link.connection.sendBinary(noise(LARGE * 9))
    await link.messages(1)
  }
}
