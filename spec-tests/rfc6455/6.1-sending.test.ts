import { expect } from 'chai'
import { FrameWriter } from '#lib/codec/frame-writer.js'
import { type ModuleEnded, runModule } from '../support/child.ts'
import { hex, platforms, short } from '../support/frame-recorder.ts'
import { noise } from '../support/noise.ts'
import { BINARY, frame, PING, TEXT } from '../support/raw-server.ts'
import { type ClientFrame, openConnection, parseClientFrames } from '../support/scripted-pipe.ts'

/** Around each step of the length encoding, and around what a machine may stumble over. */
const LENGTHS = [0, 1, 2, 31, 32, 33, 63, 64, 65, 124, 125, 126, 127, 128, 255, 256, 16383, 16384, 16385, 65534, 65535]
const LONG_LENGTHS = [65536, 65537, 100_000, 1 << 20]

describe('RFC 6455 section 6.1: sending data', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  for (const [name, platform] of platforms) {
    describe(`frames of ours, ${name} platform`, () => {
      const write = (use: (writer: FrameWriter) => unknown): ClientFrame[] => {
        const writer = new FrameWriter(platform)
        use(writer)
        const pieces: Uint8Array[] = []
        writer.flush({ write: bytes => pieces.push(bytes) > 0 })
        return parseClientFrames(Buffer.concat(pieces))
      }

      it('writes payloads of every length with FIN, no reserved bit, a mask, and the shortest length', () => {
        for (const length of [...LENGTHS, ...LONG_LENGTHS]) {
          const bytes = noise(length)
          const [written, ...rest] = write(writer => writer.frame(BINARY, bytes))
          expect(rest).to.deep.equal([])
          expect(written!.first).to.equal(0x82)
          expect(written!.payload.equals(bytes), `${length}`).to.equal(true)
          expect(written!.headerLength).to.equal(length < 126 ? 6 : length < 65536 ? 8 : 14)
        }
      })

      it('writes text of every length and width of characters, and tells its length in bytes', () => {
        const characters = ['x', '\u00e9', '\u20ac', '\ud83d\ude00']
        const counts = [
          0, 1, 23, 24, 25, 31, 32, 41, 42, 62, 63, 125, 126, 127, 2730, 5461, 5462, 8192, 16384, 21845, 21846, 65536,
        ]
        for (const character of characters) {
          for (const count of counts) {
            const text = character.repeat(count)
            const expected = Buffer.from(text)
            let length: number | undefined
            const [written] = write(writer => {
              length = writer.text(text)
            })
            expect(length).to.equal(expected.length)
            expect(written!.first).to.equal(0x81)
            expect(written!.payload.equals(expected), `${count} of ${character}`).to.equal(true)
          }
        }
      })

      it('writes ASCII and other characters mixed, where the header turns out longer than it looked', () => {
        // Short ones are ASCII up to the last character.
        const counts = Array.from({ length: 21 }, (_, index) => [index + 10, index + 110]).flat()
        for (const count of counts) {
          for (const wide of ['\u00e9', '\u20ac\u20ac', '\ud83d\ude00']) {
            const text = 'a'.repeat(count) + wide
            const [first, second] = write(writer => {
              writer.text(text)
              writer.text('next')
            })
            expect(first!.payload.toString()).to.equal(text)
            expect(second!.payload.toString()).to.equal('next')
          }
        }
      })

      it('writes text that is longer than the memory at a time, and cuts no character', () => {
        // With one to four bytes in front, so that the cuts fall to everywhere.
        for (const before of ['', 'x', '\u00e9', '\u20ac', '\ud83d\ude00']) {
          const text = `${before}${'\ud83d\ude00\u20acx'.repeat(70_000)}\ud83d${'y\ude00'.repeat(70_000)}\ud83d`
          const [written] = write(writer => expect(writer.text(text)).to.equal(Buffer.byteLength(text)))
          expect(written!.payload.equals(Buffer.from(text))).to.equal(true)
        }
      })

      it('writes a lone surrogate as U+FFFD, and keeps a byte order mark', () => {
        for (const [text, expected] of [
          ['\ud800', '\ufffd'],
          ['a\udc00b', 'a\ufffdb'],
          ['\ud800\ud83d\ude00', '\ufffd\ud83d\ude00'],
          ['\ufeffabc', '\ufeffabc'],
          ['\ud800'.repeat(9000), '\ufffd'.repeat(9000)],
        ] as const) {
          const [written] = write(writer => expect(writer.text(text)).to.equal(Buffer.byteLength(expected)))
          expect(written!.payload.equals(Buffer.from(expected))).to.equal(true)
        }
      })

      it('keeps the order of small and large frames', () => {
        const texts = ['a', 'b'.repeat(20_000), 'c', 'd'.repeat(6000), 'e'.repeat(5000), 'f'.repeat(70_000), 'g']
        const frames = write(writer => {
          for (const text of texts) {
            writer.text(text)
            writer.frame(BINARY, Buffer.from(text))
          }
        })
        const expected = texts.flatMap(text => [text, text])
        expect(frames.map(({ payload }) => short(payload.toString()))).to.deep.equal(expected.map(short))
        expect(frames.map(({ opcode }) => opcode)).to.deep.equal(texts.flatMap(() => [TEXT, BINARY]))
      })

      it('keeps apart what several connections write in turn, and never touches what it has handed out', () => {
        const writers = [0, 1, 2].map(() => new FrameWriter(platform))
        const handedOut = writers.map(() => [] as { bytes: Uint8Array; copy: Buffer }[])
        const expected = writers.map(() => [] as string[])
        for (let round = 0; round < 400; round++) {
          const index = (round * 7) % 3
          const text = `${round} `.repeat((round * 37) % 300)
          writers[index]!.text(text)
          expected[index]!.push(text)
          if (round % 5 !== 0) continue
          writers[index]!.flush({
            write: bytes => handedOut[index]!.push({ bytes, copy: Buffer.from(bytes) }) > 0,
          })
        }
        for (const [index, writer] of writers.entries()) {
          writer.flush({ write: bytes => handedOut[index]!.push({ bytes, copy: Buffer.from(bytes) }) > 0 })
          for (const { bytes, copy } of handedOut[index]!) expect(copy.equals(bytes)).to.equal(true)
          const all = Buffer.concat(handedOut[index]!.map(({ bytes }) => bytes))
          expect(parseClientFrames(all).map(({ payload }) => payload.toString())).to.deep.equal(expected[index])
        }
      })

      it('writes over what has left by a pipe that gives back, and over nothing that has not', () => {
        const writer = new FrameWriter(platform)
        const other = new FrameWriter(platform)
        const payloads = [noise(100_000), noise(300_000)]
        const pieces: { readonly bytes: Uint8Array; readonly copy: Buffer }[] = []
        const pipe = (ready: boolean, givesBack?: boolean) => ({
          givesBack,
          write: (bytes: Uint8Array) => pieces.push({ bytes, copy: Buffer.from(bytes) }) > 0 && ready,
        })
        /** Writes more than all slabs hold that may be kept, so that one would be written over which is in use. */
        const send = (from: FrameWriter, target: ReturnType<typeof pipe>): Set<ArrayBufferLike> => {
          const before = pieces.length
          for (let index = 0; index < 40; index++) {
            for (const payload of payloads) from.frame(BINARY, payload)
            from.text(`${index % 10}`.repeat(10_000))
            from.flush(target)
          }
          return new Set(pieces.slice(before).map(({ bytes }) => bytes.buffer))
        }

        // 1. The pipe owns what it was given, for good; so does one that has not said that the bytes have left.
        const owned = send(writer, pipe(true))
        expect(owned.size).to.be.at.least(40)
        const waiting = send(writer, pipe(false, true))
        expect(waiting.size).to.be.above(8)
        const kept = [...pieces]
        const theirs = send(other, pipe(true, true))
        expect([...owned, ...waiting].filter(memory => theirs.has(memory))).to.have.lengthOf.at.most(1)
        // 2. What has left at once is written over.
        expect(theirs.size).to.be.below(5)
        expect(kept.every(({ bytes, copy }) => copy.equals(bytes))).to.equal(true)
        // 3. And later, what had to wait.
        writer.drained()
        const again = send(other, pipe(false, true))
        other.drained()
        expect([...waiting].filter(memory => again.has(memory))).to.not.deep.equal([])
        expect([...owned].filter(memory => again.has(memory))).to.deep.equal([])
      })

      it('writes a frame that is longer than the memory that is kept through that memory, while it leaves', () => {
        const pieces: Buffer[] = []
        const memory = new Set<ArrayBufferLike>()
        const pipe = {
          givesBack: true,
          write(bytes: Uint8Array): boolean {
            pieces.push(Buffer.from(bytes))
            memory.add(bytes.buffer)
            return true
          },
        }
        const writer = new FrameWriter(platform, { flushEarly: () => writer.flush(pipe) })
        const neighbour = new FrameWriter(platform)
        const payloads = [5_000_000, 10, 6_000_000].map(length => noise(length))
        for (const payload of payloads) {
          // Its bytes share memory with the others', and stay where they are.
          neighbour.text('neighbour')
          writer.frame(BINARY, payload)
        }
        writer.flush(pipe)
        const written = parseClientFrames(Buffer.concat(pieces))
        expect(written.map(({ payload }, index) => payload.equals(payloads[index]!))).to.deep.equal([true, true, true])
        expect(memory.size).to.be.below(16)
        const theirs: Buffer[] = []
        neighbour.flush({ write: bytes => theirs.push(Buffer.from(bytes)) > 0 })
        const texts = parseClientFrames(Buffer.concat(theirs)).map(({ payload }) => payload.toString())
        expect(texts).to.deep.equal(['neighbour', 'neighbour', 'neighbour'])
      })

      it('uses memory again that a slow network made it take', () => {
        const writer = new FrameWriter(platform)
        const payload = new Uint8Array(16 << 20)
        /** What a network is given that takes it only later. */
        const send = (): Set<number> => {
          const places = new Set<number>()
          const write = (bytes: Uint8Array): boolean => {
            // No piece stands where another one waits.
            const place = idOf(bytes)
            expect(places.has(place)).to.equal(false)
            places.add(place)
            return false
          }
          writer.frame(BINARY, payload)
          writer.flush({ givesBack: true, write })
          writer.drained()
          return places
        }
        const memory = new Map<ArrayBufferLike, number>()
        const idOf = ({ buffer, byteOffset }: Uint8Array): number => {
          if (!memory.has(buffer)) memory.set(buffer, memory.size)
          return memory.get(buffer)! * 2 ** 32 + byteOffset
        }
        const first = send()
        expect(first.size).to.be.above(15)
        const again = send()
        expect([...again].filter(place => !first.has(place)).length).to.be.at.most(2)
      })

      it('writes over nothing that has not left where another connection shares the memory', () => {
        const slow = new FrameWriter(platform)
        const quick = new FrameWriter(platform)
        const pieces: { readonly bytes: Uint8Array; readonly copy: Buffer }[] = []
        const write = (bytes: Uint8Array) => pieces.push({ bytes, copy: Buffer.from(bytes) }) < 0
        for (let index = 0; index < 50; index++) {
          slow.frame(BINARY, noise(10))
          slow.flush({ givesBack: true, write })
          for (let round = 0; round < 5; round++) {
            quick.frame(BINARY, noise(20_000))
            quick.flush({ givesBack: true, write: () => true })
          }
        }
        for (const { bytes, copy } of pieces) expect(copy.equals(bytes)).to.equal(true)
      })

      it('hands everything out in one write if it can, says if more follows, and counts the bytes', () => {
        const writer = new FrameWriter(platform)
        expect(writer.pending).to.equal(false)
        expect(writer.flush({ write: () => expect.fail('there is nothing to write') })).to.equal(true)
        for (let index = 0; index < 64; index++) writer.frame(BINARY, noise(index))
        expect(writer.pending).to.equal(true)
        const calls: [length: number, more: boolean][] = []
        const target = {
          write(bytes: Uint8Array, more: boolean): boolean {
            calls.push([bytes.length, more])
            return !more
          },
        }
        // The slab may have ended in between, but no more than once.
        expect(writer.flush(target)).to.equal(true)
        expect(calls.length).to.be.at.most(2)
        expect(writer.pending).to.equal(false)

        calls.length = 0
        const flushed = writer.flushed
        writer.text('a')
        writer.text('x'.repeat(1_000_000))
        writer.text('b')
        expect(writer.flush({ write: (bytes, more) => target.write(bytes, more) && false })).to.equal(false)
        const lengths = calls.map(([length]) => length)
        expect(calls.map(([, more]) => more)).to.deep.equal([...Array(calls.length - 1).fill(true), false])
        expect(Math.min(...lengths)).to.be.above(0)
        const sum = lengths.reduce((before, length) => before + length, 0)
        expect(sum).to.equal(7 + 1_000_014 + 7)
        expect(writer.flushed - flushed).to.equal(sum)
      })
    })
  }

  describe('a connection', () => {
    it('asks once to be flushed, however much is sent, and writes it at once', () => {
      const { connection, pipe, owner, sent } = openConnection()
      let asked = 0
      owner.flushSoon = () => {
        asked++
        owner.flushOwed = true
      }
      connection.sendText('a')
      connection.sendBinary(Uint8Array.of(1))
      connection.ping(new Uint8Array(0))
      expect(asked).to.equal(1)
      expect(pipe.writes.length).to.equal(0)
      expect(sent()).to.deep.equal(['text a', 'binary 01', 'ping '])
      expect(pipe.writes.length).to.be.at.most(2)
      connection.flush()
      expect(sent()).to.deep.equal([])
      connection.sendText('b')
      expect(asked).to.equal(2)
    })

    it('a large message leaves while it is written, but only as long as the network takes all', () => {
      const { connection, pipe, owner, sent } = openConnection()
      const payload = noise(9_000_000)
      connection.sendBinary(payload)
      expect(pipe.writes.length).to.be.above(4)
      pipe.ready = false
      connection.sendBinary(payload)
      const waiting = pipe.writes.length
      connection.sendBinary(payload)
      expect(pipe.writes.length).to.equal(waiting)
      connection.sendText('behind')
      const large = `binary ${short(hex(payload))}`
      pipe.ready = true
      pipe.sink.drain()
      expect(sent()).to.deep.equal([large, large, large, 'text behind'])
      expect(owner.events).to.deep.equal(['drained'])
      connection.sendBinary(payload)
      expect(sent()).to.deep.equal([large])
      expect(connection.transmitted).to.equal(4 * payload.length + 6)
    })

    it('a pipe may write to another connection, also while a large message leaves', () => {
      const inner = openConnection()
      const outer = openConnection()
      const write = inner.pipe.write.bind(inner.pipe)
      inner.pipe.write = (bytes, more) => {
        outer.connection.sendBinary(bytes.subarray(0, 1000))
        return write(bytes, more)
      }
      const payload = noise(5_000_000)
      const text = 'x\u20ac'.repeat(1_000_000)
      inner.connection.sendBinary(payload)
      inner.connection.sendText(text)
      inner.connection.sendBinary(payload)
      const large = `binary ${short(hex(payload))}`
      expect(inner.sent()).to.deep.equal([large, `text ${short(text)}`, large])
      const pieces = inner.pipe.writes.map(({ bytes }) => `binary ${short(hex(bytes.subarray(0, 1000)))}`)
      expect(pieces.length).to.be.above(10)
      expect(outer.sent()).to.deep.equal(pieces)
    })

    it('waits for its flush, also if others send in between', () => {
      const all = [openConnection(), openConnection()]
      for (let index = 0; index < 20; index++) for (const { connection } of all) connection.sendText(`${index}`)
      const expected = Array.from({ length: 20 }, (_, index) => `text ${index}`)
      for (const { pipe, sent } of all) {
        expect(pipe.writes).to.have.length(0)
        expect(sent()).to.deep.equal(expected)
      }
    })

    describe('that is lost gives back the memory that it has lent', () => {
      /** In a process of its own, where no other test has lent any. */
      const measure = (code: string): Promise<ModuleEnded> =>
        runModule(`
          import { nodePlatform } from '#lib/platform/node.js'
          import { Connection } from '#lib/protocol/connection.js'
          let masked = 0
          const platform = {
            ...nodePlatform,
            maskingMemory() {
              const memory = nodePlatform.maskingMemory()
              return { ...memory, mask(...args) { masked++; memory.mask(...args) } }
            },
          }
          const nothing = () => {}
          const owner = {
            onText: nothing, onBinary: nothing, onPong: nothing, onCloseReceived: nothing, flushSoon: nothing,
            onServerEndDue: nothing, continueReadingLater: nothing, onDrained: nothing, onClosed: nothing, onReleased: nothing,
          }
          /** A connection, whose pipe keeps what it is given until it has drained or closed. */
          const connect = ready => {
            const lent = []
            const pipe = {
              start(sink) { this.sink = sink },
              write(bytes) { lent.push({ bytes, copy: Buffer.from(bytes) }); return ready },
              end: nothing, abort: nothing, pause: nothing, resume: nothing, buffered: 0, givesBack: true,
            }
            const settings = { maxPayload: 0, maxFragments: 0, perMessageDeflate: undefined }
            const onViolation = () => connection.failAfterViolation()
            const connection = new Connection(platform, pipe, { ...owner, onViolation }, settings)
            return { connection, pipe, lent }
          }
          const message = new Uint8Array(64 * 1024).fill(7)
          const send = ({ connection }, count) => {
            for (let index = 0; index < count; index++) connection.sendBinary(message)
            connection.flush()
          }
          const good = connect(true)
          const maskedOf = count => {
            masked = 0
            for (let index = 0; index < count; index++) send(good, 1)
            good.lent.length = 0
            return masked
          }
          // Until there is memory that masks.
          maskedOf(100)
          ${code}
        `)

      for (const [how, code] of Object.entries({
        'in flight': 'send(lost, 100)',
        'not flushed': 'for (let index = 0; index < 100; index++) lost.connection.sendBinary(message)',
        'in flight, and the end of it not flushed': 'send(lost, 100); lost.connection.sendBinary(message)',
        'shared with another connection': 'for (let index = 0; index < 100; index++) { send(lost, 1); send(good, 1) }',
        'whose pipe has thrown': `
          lost.pipe.write = bytes => { throw new Error('broken') }
          for (let index = 0; index < 100; index++) try { lost.connection.sendBinary(message) } catch {}
          try { lost.connection.flush() } catch {}`,
        'of a connection that has failed': 'send(lost, 100); lost.pipe.sink.data(Buffer.from([0xff, 0xff]))',
      })) {
        it(how, async () => {
          const { lines, errors } = await measure(`
            for (let count = 0; count < 12; count++) {
              const lost = connect(false)
              ${code}
              lost.pipe.sink.close()
              console.log(maskedOf(100))
            }
          `)
          expect(errors).to.equal('')
          expect(lines).to.have.length(12)
          for (const line of lines) expect(Number(line)).to.be.at.least(95)
        })
      }

      it('once its pipe has closed, and not when it is aborted', async () => {
        const { lines, errors } = await measure(`
          const lost = connect(false)
          send(lost, 100)
          lost.connection.abort()
          maskedOf(100)
          console.log(lost.lent.every(({ bytes, copy }) => copy.equals(bytes)))
          lost.pipe.sink.close()
          console.log(maskedOf(100) >= 95)
        `)
        expect(errors).to.equal('')
        expect(lines).to.deep.equal(['true', 'true'])
      })
    })

    it('what is sent keeps its order, also when the bytes of some come later', () => {
      const { connection, sent } = openConnection()
      connection.sendText('before')
      const first = connection.reserve()
      expect(connection.sendText('behind \u20ac')).to.equal(10)
      const second = connection.reserve()
      const bytes = Uint8Array.of(1, 2, 3)
      connection.sendBinary(bytes)
      bytes.fill(9)
      expect(sent()).to.deep.equal(['text before'])
      connection.fill(second, Uint8Array.of(5))
      expect(sent()).to.deep.equal([])
      connection.fill(first, Uint8Array.of(4))
      expect(sent()).to.deep.equal(['binary 04', 'text behind \u20ac', 'binary 05', 'binary 010203'])
    })

    it('what waits for its turn can be given up, but for a Close frame', () => {
      const { connection, sent } = openConnection()
      connection.reserve()
      connection.sendText('behind')
      connection.dropMessages()
      connection.sendText('after')
      expect(sent()).to.deep.equal(['text after'])
      connection.reserve()
      connection.sendText('behind')
      connection.startClosingHandshake(1000, '')
      connection.dropMessages()
      connection.flush()
      expect(sent()).to.deep.equal(['close 03e8'])
    })

    it('counts application bytes that have left, of what was handed over together by its share of the bytes', () => {
      const { connection, pipe, sent } = openConnection()
      expect(connection.transmitted).to.equal(0)
      pipe.ready = false
      connection.sendText('\u20ac'.repeat(10))
      connection.ping(new Uint8Array(100))
      expect(connection.transmitted).to.equal(0)
      pipe.buffered = 36 + 106
      sent()
      expect(connection.transmitted).to.equal(0)
      // This waits before the pipe.
      connection.sendBinary(new Uint8Array(7))
      sent()
      pipe.buffered = 71
      expect(connection.transmitted).to.equal(15)
      // What goes ahead takes nothing back.
      pipe.buffered = 80
      expect(connection.transmitted).to.equal(15)
      pipe.buffered = 1
      expect(connection.transmitted).to.equal(29)
      pipe.buffered = 0
      expect(connection.transmitted).to.equal(30)
      pipe.buffered = 13
      pipe.sink.drain()
      expect(connection.transmitted).to.equal(30)
      pipe.buffered = 0
      pipe.sink.drain()
      expect(connection.transmitted).to.equal(37)
      expect(connection.transmitted).to.equal(37)
    })

    it('counts nothing as left while a pipe waits that does not tell how much it holds', () => {
      const { connection, pipe, sent } = openConnection()
      pipe.buffered = undefined
      connection.sendText('one')
      sent()
      expect(connection.transmitted).to.equal(3)
      pipe.ready = false
      connection.sendText('two')
      sent()
      expect(connection.transmitted).to.equal(3)
      expect(connection.congested).to.equal(true)
      pipe.sink.drain()
      expect(connection.transmitted).to.equal(6)
      expect(connection.congested).to.equal(false)
    })

    it('control frames do not count, and leave nothing to be remembered', () => {
      const { connection, pipe, sent } = openConnection()
      connection.sendText('one')
      sent()
      for (let index = 0; index < 100; index++) pipe.receive(frame(PING, 'x'))
      expect(sent()).to.have.length(100)
      expect(connection.transmitted).to.equal(3)
    })
  })
})
