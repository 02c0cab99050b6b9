import { expect } from 'chai'
import { array, integer, oneof, tuple, uint8Array } from 'fast-check'
import { FrameReader } from '#lib/codec/frame-reader.js'
import type { MessageBatch } from '#lib/codec/message-batch.js'
import { nodePlatform } from '#lib/platform/node.js'
import { FrameRecorder, lend, NO_LIMITS, platforms } from '../support/frame-recorder.ts'
import { BINARY, frame, TEXT } from '../support/raw-server.ts'
import { type Property, property } from './property.ts'
import { readStream } from './read-stream.ts'
import { type Cuts, cut, cuts, illFormed, limits, plainStream, type ServerStream, text } from './server-stream.ts'

/*
 * Small messages may come as a batch, decoded later than they were read; and bytes may be read to where the reader wants
 * them. Neither makes a difference to what comes out.
 */

/** Takes batches, keeps them for a while, and writes down what is in them where they stood. */
class BatchRecorder extends FrameRecorder {
  readonly takesBatches = true
  readonly #waiting: { at: number; batch: MessageBatch }[] = []

  onBatch(batch: MessageBatch): void {
    expect(batch.left).to.be.at.least(1)
    this.#waiting.push({ at: this.events.length, batch })
  }

  /** Decodes what waits, the last first. */
  settle(): string[] {
    const { events } = this
    for (const { at, batch } of this.#waiting.reverse()) {
      const one = new FrameRecorder()
      while (batch.left > 0) {
        const message = batch.next()
        if (typeof message === 'string') one.onText(message)
        else one.onBinary(message)
      }
      events.splice(at, 0, ...one.events)
    }
    return events
  }
}

/** As a pipe does it that asks where to read to: as much as there is room for, else into memory of its own. */
function toWhereItIsWanted({ bytes, deflate }: ServerStream, sizes: Cuts): BatchRecorder {
  const recorder = new BatchRecorder()
  const reader = new FrameReader(nodePlatform, recorder, NO_LIMITS, deflate)
  for (const piece of cut(bytes, sizes)) {
    let rest = piece
    while (rest.length > 0) {
      const room = reader.readTarget()
      const length = Math.min(rest.length, room?.length ?? rest.length)
      if (room === undefined) lend(rest, lent => reader.read(lent))
      else {
        room.set(rest.subarray(0, length))
        reader.read(room.subarray(0, length))
      }
      rest = rest.subarray(length)
    }
  }
  return recorder
}

const small = oneof(
  { weight: 6, arbitrary: text.map(bytes => frame(TEXT, bytes)) },
  { weight: 4, arbitrary: uint8Array({ maxLength: 90 }).map(bytes => frame(BINARY, bytes)) },
  { weight: 2, arbitrary: integer({ min: 120, max: 1100 }).map(length => frame(TEXT, 'x'.repeat(length))) },
  { weight: 1, arbitrary: integer({ min: 250, max: 400 }).map(length => frame(TEXT, '\u20ac'.repeat(length))) },
)

/** Many small messages, with anything between them and a bad one now and then. */
const manyMessages = tuple(
  array(small, { maxLength: 60 }),
  plainStream,
  array(oneof({ weight: 20, arbitrary: small }, { weight: 1, arbitrary: illFormed.map(bytes => frame(TEXT, bytes)) }), {
    maxLength: 60,
  }),
).map(([before, { bytes, deflate }, after]): ServerStream => {
  return { bytes: Buffer.concat([...before, bytes, ...after]), deflate }
})

/** Long enough that memory is asked for: floods of small messages, and long ones. */
const longStream = array(
  oneof(
    tuple(array(small, { minLength: 1, maxLength: 6 }), integer({ min: 1, max: 300 })).map(([frames, times]) =>
      Buffer.concat(Array.from({ length: times }, () => Buffer.concat(frames))),
    ),
    integer({ min: 20_000, max: 400_000 }).map(length => frame(BINARY, new Uint8Array(length).fill(length & 0xff))),
    integer({ min: 20_000, max: 500_000 }).map(length => frame(TEXT, 'long '.repeat(length / 5))),
    tuple(integer({ min: 30_000, max: 90_000 }), integer({ min: 30_000, max: 90_000 })).map(([one, other]) =>
      Buffer.concat([frame(TEXT, '\u00e9'.repeat(one), { fin: false }), frame(0, '\u20ac'.repeat(other))]),
    ),
  ),
  { maxLength: 6 },
).map((parts): ServerStream => ({ bytes: Buffer.concat(parts), deflate: undefined }))

const largeCuts = array(integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 12 })

export const memoryOfReads: readonly Property[] = [
  property(
    'messages that come in batches are those that come one by one',
    200,
    tuple(manyMessages, oneof(cuts, largeCuts, largeCuts), limits),
    ([stream, sizes, settings]) => {
      for (const [, platform] of platforms) {
        const reading = { sizes, platform, limits: settings }
        const { events } = readStream(stream, reading)
        const inBatches = readStream(stream, { ...reading, recorder: new BatchRecorder() })
        expect(inBatches.settle()).to.deep.equal(events)
      }
    },
  ),
  property(
    'a reader reads the same from memory of its own',
    60,
    tuple(oneof(longStream, manyMessages), largeCuts),
    ([stream, sizes]) => {
      const { events } = readStream(stream)
      expect(toWhereItIsWanted(stream, sizes).settle()).to.deep.equal(events)
    },
  ),
]
