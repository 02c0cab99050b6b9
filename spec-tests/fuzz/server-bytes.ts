import { expect } from 'chai'
import { array, constantFrom, oneof, tuple } from 'fast-check'
import type { Compression } from '#lib/codec/compression.js'
import { FrameReader, type ReadLimits } from '#lib/codec/frame-reader.js'
import type { Platform } from '#lib/codec/platform.js'
import { documentedCompression } from '#lib/platform/documented-zlib.js'
import { nodePlatform } from '#lib/platform/node.js'
import { nativeCompression } from '#lib/platform/node-zlib.js'
import { webPlatform } from '#lib/platform/web.js'
import { FrameRecorder, lend, platforms } from '../support/frame-recorder.ts'
import { frame, TEXT } from '../support/raw-server.ts'
import { openConnection } from '../support/scripted-pipe.ts'
import { factsOf } from './deflate-walk.ts'
import { isHopeless, messagesOf, walk } from './frame-walk.ts'
import { type Property, property } from './property.ts'
import { readStream } from './read-stream.ts'
import {
  anyStream,
  type Cuts,
  cut,
  cuts,
  illFormed,
  limits,
  plainStream,
  type ServerStream,
  text,
  WHOLE,
} from './server-stream.ts'

/*
 * Any bytes from a server: nothing throws, nothing comes after the end, and it makes no difference how they are cut.
 */

/** What a reader makes of the stream: nothing behind a Close frame or a violation. */
function read(stream: ServerStream, sizes: Cuts, platform: Platform, settings: ReadLimits): string[] {
  const { events } = readStream(stream, { sizes, platform, limits: settings })
  const end = events.findIndex(event => /^(?:close|violation)/.test(event))
  if (end >= 0) expect(events).to.have.length(end + 1)
  return events
}

const withCompression = (compression: Compression): Platform => ({ ...nodePlatform, compression })
const native = withCompression(nativeCompression)
const documented = withCompression(documentedCompression)

/**
 * Data that is not DEFLATE, and text that is not UTF-8, are both answered with 1007. Which of the two is found first in
 * one message depends on how much of it is inflated at once.
 */
function unifyInvalidPayload(events: readonly string[]): string[] {
  return events.map(event => (event.startsWith('violation 1007') ? 'violation 1007' : event))
}

const messagesIn = (events: readonly string[]): string[] => events.filter(event => /^(?:text|binary)/.test(event))

export const serverBytes: readonly Property[] = [
  property(
    'a reader reads the same however the bytes are cut',
    400,
    tuple(anyStream, cuts, limits),
    ([stream, sizes, settings]) => expectTheSameHoweverCut(stream, sizes, settings),
  ),
  property(
    'text is refused with the byte that makes it ill-formed, and not before',
    200,
    tuple(oneof(illFormed, text), cuts),
    ([payload, sizes]) => {
      for (const [, platform] of platforms) {
        const recorder = new FrameRecorder()
        const reader = new FrameReader(platform, recorder, { maxPayload: 0, maxFragments: 0 })
        // A frame that is longer than its payload, so that nothing is due by its end.
        reader.read(frame(TEXT, '', { length: payload.length + 1 }))
        let length = 0
        for (const piece of cut(payload, sizes)) {
          lend(piece, lent => reader.read(lent))
          length += piece.length
          const expected = isHopeless(payload.subarray(0, length)) ? ['violation 1007 WS_ERR_INVALID_UTF8'] : []
          expect(recorder.events, `after ${length} bytes`).to.deep.equal(expected)
        }
      }
    },
  ),
  property(
    'a reader reads the same on every platform',
    200,
    tuple(plainStream, cuts, limits),
    ([stream, sizes, settings]) => {
      const onNode = read(stream, sizes, nodePlatform, settings)
      expect(read(stream, sizes, webPlatform, settings)).to.deep.equal(onNode)
    },
  ),
  property(
    'a reader reads the same with either way to inflate',
    200,
    tuple(anyStream, cuts, limits),
    ([stream, sizes, settings]) => expectTheSameEitherWay(stream, sizes, settings),
  ),
  property(
    'a connection says and hears the same however the bytes are cut and held up',
    200,
    tuple(anyStream, cuts, limits, array(constantFrom('pause', 'resume', 'go on'), { maxLength: 12 })),
    ([stream, sizes, settings, pauses]) => expectTheSameHeldUp(stream, sizes, settings, pauses),
  ),
]

/** The reader makes the same of a stream in pieces of these sizes, of one byte, and whole. */
export function expectTheSameHoweverCut(stream: ServerStream, sizes: Cuts, settings: ReadLimits): void {
  const whole = unifyInvalidPayload(read(stream, WHOLE, native, settings))
  for (const other of [sizes, [1]]) {
    expect(unifyInvalidPayload(read(stream, other, native, settings))).to.deep.equal(whole)
  }
}

/** The reader makes the same of a stream by the documented way to inflate, and by that of `platform/node-zlib.ts`. */
export function expectTheSameEitherWay(stream: ServerStream, sizes: Cuts, settings: ReadLimits): void {
  const fast = read(stream, sizes, native, settings)
  const slow = read(stream, sizes, documented, settings)
  // Each message is inflated by itself then, and cannot begin within a block.
  const { bytes, deflate } = stream
  if (deflate !== undefined && factsOf(messagesOf(walk(bytes)), deflate).endsWithinBlock) return
  if (!fast.some(event => event.startsWith('violation'))) expect(slow).to.deep.equal(fast)
  // The documented way looks at a message when it is whole, so it may find later what is wrong with it.
  else expect(messagesIn(slow)).to.deep.equal(messagesIn(fast))
}

/** A connection that is paused and resumed says and hears the same as one that gets the stream whole. */
export function expectTheSameHeldUp(
  stream: ServerStream,
  sizes: Cuts,
  settings: ReadLimits,
  pauses: readonly string[],
): void {
  expect(converse(stream, sizes, settings, pauses)).to.deep.equal(converse(stream, WHOLE, settings, []))
}

/** What a connection tells its owner and its peer, until its pipe is gone. */
function converse({ bytes }: ServerStream, sizes: Cuts, settings: ReadLimits, pauses: readonly string[]): unknown {
  const { connection, pipe, owner, sent } = openConnection(settings)
  for (const [index, piece] of cut(bytes, sizes).entries()) {
    // More than one pipe gives out bytes that were under way when it was paused.
    if (pauses[index] === 'pause') connection.pause()
    if (pauses[index] === 'resume') connection.resume()
    pipe.receive(piece)
    if (owner.events.includes('close received')) connection.acknowledgeClose()
  }
  pipe.sink.end()
  connection.resume()
  if (owner.events.includes('close received')) connection.acknowledgeClose()
  const frames = sent()
  pipe.sink.close()
  expect(owner.events.at(-1)).to.equal('released')
  expect(owner.events.filter(event => event.startsWith('closed '))).to.have.length(1)
  expect(frames.filter(line => line.startsWith('close')).length).to.be.at.most(1)
  if (frames.some(line => line.startsWith('close'))) expect(frames.at(-1)).to.match(/^close/)
  return { events: owner.events, frames, ended: pipe.calls.includes('end') }
}
