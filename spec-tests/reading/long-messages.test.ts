import { expect } from 'chai'
import { FrameReader } from '#lib/codec/frame-reader.js'
import type { Platform } from '#lib/codec/platform.js'
import { nodePlatform } from '#lib/platform/node.js'
import { ConnectionError } from '#lib/protocol/errors.js'
import { compress } from '../support/compress.ts'
import { FrameRecorder, lend, NO_LIMITS, platforms, short } from '../support/frame-recorder.ts'
import { noise } from '../support/noise.ts'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, TEXT } from '../support/raw-server.ts'
import { openConnection } from '../support/scripted-pipe.ts'

const KIB = 1024
const MIB = 1024 * KIB
/** What one read brings. */
const READ_SIZE = 64 * KIB
const DEFLATE = { serverNoContextTakeover: false, serverMaxWindowBits: 15 }

/** Counts the bytes that the codec copies and decodes, and those that it allocates. */
class Work {
  done = 0
  allocated = 0
  /** The most that was done in one read, or in one turn of the event loop. */
  most = 0
  #before = 0

  endTurn(): void {
    this.most = Math.max(this.most, this.done - this.#before)
    this.#before = this.done
  }

  /** The platform, counted. */
  count(platform: Platform): Platform {
    const work = this
    class CountedBuffer extends ArrayBuffer {
      override slice(begin?: number, end?: number): ArrayBuffer {
        const copy = super.slice(begin, end)
        work.done += copy.byteLength
        return copy
      }
    }
    class CountedBytes extends Uint8Array<ArrayBuffer> {
      override set(source: ArrayLike<number>, offset?: number): void {
        work.done += source.length
        super.set(source, offset)
      }
    }
    return {
      ...platform,
      allocate(size) {
        work.allocated += size
        return new CountedBytes(new CountedBuffer(size))
      },
      decodeUtf8(bytes, start, end) {
        work.done += end - start
        return platform.decodeUtf8(bytes, start, end)
      },
    }
  }
}

/** Hands bytes to a reader as a pipe does: to where it wants them, or lent. Lets it go on in later turns. */
function arrive(reader: FrameReader, bytes: Uint8Array, direct: boolean, endTurn = (): void => {}): void {
  for (let position = 0; position < bytes.length; ) {
    const target = direct ? reader.readTarget() : undefined
    const size = Math.min(READ_SIZE, bytes.length - position, target?.length ?? READ_SIZE)
    const part = bytes.subarray(position, position + size)
    if (target === undefined) lend(part, lent => reader.read(lent))
    else {
      // By the view of the memory, so that it does not count as a copy.
      const view = new Uint8Array(target.buffer, target.byteOffset, size)
      view.set(part)
      reader.read(view)
    }
    position += size
    endTurn()
    while (reader.paused) {
      reader.resume()
      endTurn()
    }
  }
}

/** A message in frames of these lengths, which repeat. */
function cut(opcode: number, payload: Uint8Array, ...sizes: number[]): Buffer[] {
  const frames: Buffer[] = []
  let start = 0
  for (let index = 0; start < payload.length || index === 0; index++) {
    const end = Math.min(payload.length, start + (sizes[index % sizes.length] ?? payload.length))
    const part = payload.subarray(start, end)
    frames.push(frame(index === 0 ? opcode : CONTINUATION, part, { fin: end === payload.length }))
    start = end
  }
  return frames
}

function textOf(length: number, characters = '\u20ac'): Buffer {
  const bytes = Buffer.alloc(length, characters)
  // Ends with a whole character.
  const size = Buffer.byteLength(characters)
  return bytes.fill('x', length - (length % size))
}

const size = 24 * MIB + 12_345
const bytes = noise(size)
const ascii = textOf(size, 'x')
const text = textOf(size)
const kinds: ReadonlyArray<readonly [kind: string, payload: Buffer, frames: readonly Uint8Array[]]> = [
  ['binary in one frame', bytes, cut(BINARY, bytes)],
  ['binary in two frames', bytes, cut(BINARY, bytes, size / 2)],
  ['binary in frames of 64 KiB', bytes, cut(BINARY, bytes, 64 * KIB)],
  ['binary in frames of 200 KiB', bytes, cut(BINARY, bytes, 200 * KIB)],
  ['ASCII in one frame', ascii, cut(TEXT, ascii)],
  ['text in one frame', text, cut(TEXT, text)],
  ['text in frames of 64 KiB', text, cut(TEXT, text, 64 * KIB)],
  ['compressed binary', text, [frame(BINARY, compress(text), { rsv: 4 })]],
  ['compressed text', text, [frame(TEXT, compress(text), { rsv: 4 })]],
]

describe('messages of many MiB', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  describe('cost little at a time', () => {
    for (const [kind, payload, frames] of kinds) {
      for (const direct of [true, false]) {
        it(`${kind}, ${direct ? 'read to where it belongs' : "from a pipe's own memory"}`, () => {
          const work = new Work()
          const equal: boolean[] = []
          const handler = new FrameRecorder()
          handler.onText = data => equal.push(data === payload.toString())
          handler.onBinary = data => equal.push(payload.equals(new Uint8Array(data)))
          const reader = new FrameReader(work.count(nodePlatform), handler, NO_LIMITS, DEFLATE)
          arrive(reader, Buffer.concat(frames), direct, () => work.endTurn())
          expect(equal).to.deep.equal([true])
          expect(handler.events).to.deep.equal([])
          // One read, 1 MiB that is put together, and memory of up to 1 MiB that has grown.
          expect(work.most).to.be.at.most(2 * MIB + READ_SIZE)
          // Each byte is copied to a piece, and then to the message.
          expect(work.done).to.be.at.most(2 * size + 3 * MIB)
          // What arrives and what is given out.
          expect(work.allocated).to.be.at.most(2 * size + 4 * MIB)
        })
      }
    }
  })

  for (const [name, platform] of platforms) {
    it(`are what they were, wherever frames and reads are cut, ${name} platform`, () => {
      for (const length of [MIB - 1, MIB, MIB + 1, MIB + 2, MIB + 3, 3 * MIB + 5]) {
        for (const [opcode, payload] of [
          [BINARY, noise(length)],
          [TEXT, textOf(length)],
          [TEXT, textOf(length, '\ud83d\ude00')],
          [TEXT, textOf(length, 'x\u00e9')],
        ] as const) {
          const expected = opcode === TEXT ? payload.toString() : undefined
          for (const sizes of [[length], [MIB - 1, 1, MIB + 7], [300_001], [length - 1, 1]]) {
            const all = Buffer.concat([...cut(opcode, payload, ...sizes), frame(PING, 'next')])
            for (const direct of [true, false]) {
              const equal: boolean[] = []
              const recorder = new FrameRecorder()
              recorder.onText = text => equal.push(text === expected)
              recorder.onBinary = data => equal.push(opcode === BINARY && payload.equals(new Uint8Array(data)))
              const reader = new FrameReader(platform, recorder, { maxPayload: length, maxFragments: 0 })
              arrive(reader, all, direct)
              expect(equal, `${length} in ${sizes}`).to.deep.equal([true])
              expect(recorder.events).to.deep.equal(['ping 6e657874'])
            }
          }
        }
      }
    })
  }

  it('come from a pipe that gives everything in one chunk', () => {
    const payload = noise(5 * MIB)
    const text = textOf(5 * MIB + 1)
    const recorder = new FrameRecorder()
    const reader = new FrameReader(nodePlatform, recorder, NO_LIMITS)
    const bytes = Buffer.concat([
      ...cut(BINARY, payload, MIB + 1),
      frame(PING, 'p'),
      ...cut(TEXT, text, 2 * MIB),
      frame(TEXT, 'behind'),
    ])
    lend(bytes, lent => reader.read(lent))
    while (reader.paused) reader.resume()
    const expected = [`binary ${short(payload.toString('hex'))}`, 'ping 70', `text ${short(text.toString())}`]
    expect(recorder.events).to.deep.equal([...expected, 'text behind'])
  })

  it('of text fail at a bad byte, wherever it is', () => {
    for (const at of [MIB - 2, MIB - 1, MIB, MIB + 1, 2 * MIB + 100]) {
      for (const direct of [true, false]) {
        for (const bad of ['ff', 'e228', 'eda0', 'c0']) {
          const payload = Buffer.alloc(3 * MIB, 'x')
          const bytes = Buffer.from(bad, 'hex')
          bytes.copy(payload, at)
          for (const frames of [[frame(TEXT, payload)], cut(TEXT, payload, 100_000)]) {
            const all = Buffer.concat(frames)
            const end = all.indexOf(bytes) + bytes.length
            const recorder = new FrameRecorder()
            const reader = new FrameReader(nodePlatform, recorder, NO_LIMITS)
            arrive(reader, all.subarray(0, end - 1), direct)
            expect(recorder.events).to.deep.equal([])
            arrive(reader, all.subarray(end - 1, end), direct)
            expect(recorder.events).to.deep.equal(['violation 1007 WS_ERR_INVALID_UTF8'])
          }
        }
      }
    }
  })

  it('of text fail if a character is cut off at the end', () => {
    for (const length of [MIB, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1]) {
      const payload = Buffer.alloc(length, 'x')
      Buffer.from('\u20ac').copy(payload, length - 2)
      const recorder = new FrameRecorder()
      const reader = new FrameReader(nodePlatform, recorder, NO_LIMITS)
      arrive(reader, frame(TEXT, payload), true)
      expect(recorder.events).to.deep.equal(['violation 1007 WS_ERR_INVALID_UTF8'])
    }
  })

  it('fail with 1009 where the host has no memory for the whole, or no string', () => {
    const tooBig = ['violation 1009 WS_ERR_MESSAGE_TOO_BIG']
    const read = (platform: Platform, frames: readonly Uint8Array[]): string[] => {
      const recorder = new FrameRecorder()
      arrive(new FrameReader(platform, recorder, NO_LIMITS), Buffer.concat(frames), true)
      return recorder.events
    }
    const poor: Platform = {
      ...nodePlatform,
      allocate(size) {
        if (size > 2 * MIB) throw new RangeError(`Array buffer allocation failed: ${size}`)
        return nodePlatform.allocate(size)
      },
    }
    for (const sizes of [[3 * MIB], [100_000]]) {
      expect(read(poor, cut(BINARY, noise(3 * MIB), ...sizes))).to.deep.equal(tooBig)
      expect(read(poor, cut(TEXT, textOf(3 * MIB), ...sizes)))
        .to.have.length(1)
        .and.not.deep.equal(tooBig)
    }
    let decoded = 0
    const shortStrings: Platform = {
      ...nodePlatform,
      decodeUtf8(...args) {
        if (++decoded === 3) throw new RangeError('Invalid string length')
        return nodePlatform.decodeUtf8(...args)
      },
    }
    expect(read(shortStrings, cut(TEXT, textOf(5 * MIB)))).to.deep.equal(tooBig)
  })

  it('take no memory for a length that is announced, beyond what has arrived', () => {
    for (const opcode of [TEXT, BINARY]) {
      for (const fin of [true, false]) {
        const work = new Work()
        const reader = new FrameReader(work.count(nodePlatform), new FrameRecorder(), NO_LIMITS)
        const begin = frame(opcode, Buffer.alloc(3 * MIB, 'x'), { length: 1n << 40n, fin })
        arrive(reader, begin, true)
        expect(work.allocated).to.be.at.most(5 * MIB)
      }
    }
  })

  it('leave in one piece of memory that the user owns alone', () => {
    const buffers: ArrayBuffer[] = []
    const recorder = new FrameRecorder()
    recorder.onBinary = data => buffers.push(data)
    const reader = new FrameReader(nodePlatform, recorder, NO_LIMITS)
    const payload = noise(3 * MIB)
    for (const sizes of [[3 * MIB], [700_000]]) arrive(reader, Buffer.concat(cut(BINARY, payload, ...sizes)), true)
    new Uint8Array(buffers[0]!).fill(1)
    expect(buffers.map(({ byteLength }) => byteLength)).to.deep.equal([3 * MIB, 3 * MIB])
    expect(payload.equals(new Uint8Array(buffers[1]!))).to.equal(true)
  })

  describe('are put together in later turns', () => {
    const payload = noise(4 * MIB)
    const long = `binary ${short(payload.toString('hex'))}`
    const begin = Buffer.concat(cut(BINARY, payload, 500_000))

    it('in their order, with everything behind them', () => {
      const { connection, pipe, owner, sent } = openConnection()
      pipe.receive(Buffer.concat([begin, frame(PING, 'p'), frame(TEXT, 'behind'), frame(CLOSE, closeBody(1000))]))
      expect(owner.events).to.deep.equal([])
      expect(pipe.calls).to.deep.equal(['pause'])
      let turns = 0
      for (; owner.turnsOwed > 0; owner.turnsOwed--) {
        turns++
        connection.continueReading()
      }
      expect(turns).to.be.within(3, 5)
      expect(owner.events).to.deep.equal([long, 'text behind', 'close received'])
      expect(sent()).to.deep.equal(['pong 70'])
      expect(pipe.calls.at(-1)).to.equal('resume')
    })

    it('also if the pipe closes meanwhile', () => {
      const { connection, pipe, owner } = openConnection()
      pipe.receive(begin)
      pipe.sink.close(new Error('reset'))
      expect(owner.events).to.deep.equal([long, 'closed 1006 unclean WS_ERR_CONNECTION_LOST', 'released'])
      connection.continueReading()
      expect(owner.events).to.have.length(3)
    })

    it('when their owner wants to go on', () => {
      const { connection, pipe, owner } = openConnection()
      pipe.receive(begin)
      connection.pause()
      for (; owner.turnsOwed > 0; owner.turnsOwed--) connection.continueReading()
      expect(owner.events).to.deep.equal([])
      connection.resume()
      for (; owner.turnsOwed > 0; owner.turnsOwed--) connection.continueReading()
      expect(owner.events).to.deep.equal([long])
    })

    it('unless the connection ends', () => {
      const { connection, pipe, owner } = openConnection()
      pipe.receive(begin)
      connection.abort(new ConnectionError('WS_ERR_TERMINATED', 'enough'))
      connection.pause()
      pipe.sink.close()
      for (; owner.turnsOwed > 0; owner.turnsOwed--) connection.continueReading()
      expect(owner.events).to.deep.equal(['closed 1006 unclean WS_ERR_TERMINATED', 'released'])
    })
  })
})
