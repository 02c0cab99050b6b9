import { expect } from 'chai'
import { FrameReader } from '#lib/codec/frame-reader.js'
import { failure } from '#lib/entry/node.js'
import { runModule } from '../support/child.ts'
import { FrameRecorder, NO_LIMITS, platforms, readFrames, short } from '../support/frame-recorder.ts'
import { BINARY, CONTINUATION, frame, PING, TEXT } from '../support/raw-server.ts'
import { expectFailure } from '../support/violation.ts'
import { next, useLoopback } from '../support/ws-server.ts'

describe('RFC 6455 section 10.4: limits on what is received', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  for (const [name, platform] of platforms) {
    const read = (bytes: Uint8Array, limits = NO_LIMITS): string[] => readFrames([bytes], platform, limits)

    describe(`limits, ${name} platform`, () => {
      const limits = { maxPayload: 1000, maxFragments: 0 }
      const tooBig = ['violation 1009 WS_ERR_MESSAGE_TOO_BIG']

      it('takes a message of just the limit, and fails with 1009 for one byte more', () => {
        for (const opcode of [TEXT, BINARY]) {
          expect(read(frame(opcode, 'x'.repeat(1000)), limits))
            .to.have.length(1)
            .and.not.deep.equal(tooBig)
          expect(read(frame(opcode, 'x'.repeat(1001)), limits)).to.deep.equal(tooBig)
          expect(read(frame(opcode, 'x'.repeat(70_000)), limits)).to.deep.equal(tooBig)
        }
        const small = { maxPayload: 10, maxFragments: 0 }
        expect(read(frame(TEXT, 'x'.repeat(10)), small)).to.deep.equal(['text xxxxxxxxxx'])
        expect(read(frame(TEXT, 'x'.repeat(11)), small)).to.deep.equal(tooBig)
      })

      it('counts characters in bytes', () => {
        const small = { maxPayload: 6, maxFragments: 0 }
        expect(read(frame(TEXT, '\u20ac\u20ac'), small)).to.deep.equal(['text \u20ac\u20ac'])
        expect(read(frame(TEXT, '\u20ac\u20ac!'), small)).to.deep.equal(tooBig)
      })

      it('fails as soon as the header tells the length, before any payload', () => {
        for (const length of [1001n, 65536n, (1n << 63n) - 1n]) {
          expect(read(frame(BINARY, '', { length }), limits)).to.deep.equal(tooBig)
        }
      })

      it('counts all fragments of a message together, and each message anew', () => {
        const begin = frame(TEXT, 'x'.repeat(600), { fin: false })
        const whole = [begin, frame(CONTINUATION, 'x'.repeat(400))]
        const text = `text ${short('x'.repeat(1000))}`
        expect(read(Buffer.concat([...whole, ...whole]), limits)).to.deep.equal([text, text])
        expect(read(Buffer.concat([begin, frame(CONTINUATION, '', { length: 401 })]), limits)).to.deep.equal(tooBig)
      })

      it('does not count control frames', () => {
        const small = { maxPayload: 10, maxFragments: 0 }
        expect(read(frame(PING, 'x'.repeat(11)), small)).to.deep.equal([`ping ${'78'.repeat(11)}`])
      })

      it('takes no memory for what is only announced', () => {
        const reader = new FrameReader(platform, new FrameRecorder(), NO_LIMITS)
        const before = process.memoryUsage().arrayBuffers
        for (const fin of [true, false]) {
          const other = new FrameReader(platform, new FrameRecorder(), NO_LIMITS)
          other.read(frame(BINARY, 'abc', { length: 1n << 40n, fin }))
        }
        reader.read(frame(TEXT, '', { length: 1n << 40n }))
        reader.read(Buffer.from('a piece of it'))
        expect(process.memoryUsage().arrayBuffers - before).to.be.below(8 * 1024 * 1024)
      })

      it('fails with 1009 for a message that the host has no memory for', () => {
        const poor = {
          ...platform,
          allocate(size: number): never {
            throw new RangeError(`Array buffer allocation failed: ${size}`)
          },
        }
        // So long that it is not put together in memory which earlier messages have left for the next ones.
        const length = 16 * 1024 * 1024
        for (const opcode of [TEXT, BINARY]) {
          const begin = frame(opcode, 'x'.repeat(4000), { length })
          expect(readFrames([begin], poor)).to.deep.equal(tooBig)
        }
      })

      it('fails with 1009 for the first text of a process that has no memory for it', async () => {
        // In a process of its own, where no earlier message has left memory for the next ones.
        const { lines, errors } = await runModule(`
          import { FrameReader } from '#lib/codec/frame-reader.js'
          import { ${name}Platform } from '#lib/platform/${name}.js'
          const allocate = () => { throw new RangeError('Array buffer allocation failed') }
          const handler = { onViolation: (closeCode, code) => console.log(closeCode, code) }
          const reader = new FrameReader({ ...${name}Platform, allocate }, handler, { maxPayload: 0, maxFragments: 0 })
          reader.read(new Uint8Array([0x01, 2, 0x61, 0x62, 0x80, 1, 0x63]))
        `)
        expect(errors).to.equal('')
        expect(lines).to.deep.equal(['1009 WS_ERR_MESSAGE_TOO_BIG'])
      })

      it('fails with 1009 for text that the host has no string for', () => {
        const poor = {
          ...platform,
          decodeUtf8(): never {
            throw new RangeError('Invalid string length')
          },
        }
        const fragments = [frame(TEXT, 'a', { fin: false }), frame(CONTINUATION, 'b')]
        expect(readFrames([frame(TEXT, 'a')], poor)).to.deep.equal(tooBig)
        expect(readFrames([Buffer.concat(fragments)], poor)).to.deep.equal(tooBig)
      })
    })
  }

  describe('over a connection', () => {
    const loopback = useLoopback()

    it('the option maxPayload is the limit, 128 MiB without it, and 0 for none', async () => {
      const limit = 128 * 1024 * 1024
      const refused = [
        [{ maxPayload: 1000 }, 1001],
        [{}, limit + 1],
      ] as const
      for (const [options, length] of refused) {
        const bytes = frame(BINARY, '', { length })
        await expectFailure(await loopback.rawPair(options), bytes, 1009, 'WS_ERR_MESSAGE_TOO_BIG')
      }
      // What is not refused is waited for, until the server ends the connection.
      const awaited = [
        [{ maxPayload: 1000 }, 1000],
        [{}, limit],
        [{ maxPayload: 0 }, limit + 1],
      ] as const
      for (const [options, length] of awaited) {
        const { socket, peer } = await loopback.rawPair(options)
        const closed = next(socket, 'close')
        await peer.write(frame(BINARY, '', { length }))
        peer.end()
        await closed
        expect(failure(socket)?.code).to.equal('WS_ERR_CONNECTION_LOST')
        expect((await peer.readToEnd()).length).to.equal(0)
      }
    })
  })
})
