import { expect } from 'chai'
import { FrameReader } from '#lib/codec/frame-reader.js'
import { nodePlatform } from '#lib/platform/node.js'
import { FrameRecorder, lend, NO_LIMITS, short } from '../support/frame-recorder.ts'
import { BINARY, CONTINUATION, frame, TEXT } from '../support/raw-server.ts'

/** A reader, with what it has read. */
function start(): { events: string[]; reader: FrameReader; read(bytes: Uint8Array): void } {
  const recorder = new FrameRecorder()
  const reader = new FrameReader(nodePlatform, recorder, NO_LIMITS)
  return { events: recorder.events, reader, read: bytes => lend(bytes, lent => reader.read(lent)) }
}

describe('memory that reads go to, and that messages are put together in', () => {
  it('more texts in fragments at once than memory is lent for, some with more than that in the end', () => {
    const texts = Array.from({ length: 20 }, (_, index) => [`${index},`, 'x'.repeat(index * 20_000), `,${index}`])
    for (let again = 0; again < 2; again++) {
      const readers = texts.map(() => start())
      for (const [part, opcode] of [TEXT, CONTINUATION, CONTINUATION].entries()) {
        for (const [index, { read }] of readers.entries())
          read(frame(opcode, texts[index]![part]!, { fin: part === 2 }))
      }
      expect(readers.map(({ events }) => events)).to.deep.equal(texts.map(parts => [`text ${short(parts.join(''))}`]))
    }
  })

  it('more texts in pieces at once than memory is lent for, some longer than that', () => {
    const texts = Array.from({ length: 20 }, (_, index) => `${index},${'x'.repeat(index * 20_000)},${index}`)
    for (let again = 0; again < 2; again++) {
      const readers = texts.map(() => start())
      for (const part of [0, 1, 2]) {
        for (const [index, { read }] of readers.entries()) {
          const bytes = frame(TEXT, texts[index]!)
          const third = Math.ceil(bytes.length / 3)
          read(bytes.subarray(part * third, (part + 1) * third))
        }
      }
      expect(readers.map(({ events }) => events)).to.deep.equal(texts.map(text => [`text ${short(text)}`]))
    }
  })

  it('a message that is given up leaves nothing to which its pipe may still write', () => {
    const given = start()
    given.read(frame(TEXT, 'x'.repeat(40_000), { fin: false }))
    // So long that it is asked for room of its own.
    given.read(frame(CONTINUATION, 'x'.repeat(300_000)).subarray(0, 1000))
    const room = given.reader.readTarget()
    given.reader.stop()
    const other = start()
    other.read(frame(TEXT, 'y'.repeat(50_000), { fin: false }))
    room?.fill(0x21)
    other.read(frame(CONTINUATION, 'z'))
    expect(other.events).to.deep.equal([`text ${short(`${'y'.repeat(50_000)}z`)}`])
  })

  it('many small fragments of a long message arrive many at a read', () => {
    for (const opcode of [TEXT, BINARY]) {
      const { events, reader, read } = start()
      const message = 'x'.repeat(400_000)
      const parts = Array.from({ length: 4000 }, (_, index) => {
        return frame(index === 0 ? opcode : CONTINUATION, message.slice(index * 100, index * 100 + 100), {
          fin: index === 3999,
        })
      })
      const bytes = Buffer.concat(parts)
      let reads = 0
      for (let position = 0; position < bytes.length; reads++) {
        // A pipe's own memory takes 64 KiB.
        const room = reader.readTarget()?.length ?? 65536
        read(bytes.subarray(position, position + room))
        position += room
      }
      expect(events, `opcode ${opcode}`).to.have.length(1)
      expect(reads).to.be.below(10)
    }
  })

  it('what a pipe was given to read to goes to no other reader, when its own one stops', () => {
    const flood = frame(BINARY, new Uint8Array(20_000))
    const one = start()
    one.read(flood)
    one.reader.readTarget()
    const room = one.reader.readTarget()!
    one.reader.stop()
    const other = start()
    other.read(flood)
    other.reader.readTarget()
    expect(other.reader.readTarget()!.buffer).to.not.equal(room.buffer)
  })
})
