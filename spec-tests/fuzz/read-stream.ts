import { FrameReader, type ReadLimits } from '#lib/codec/frame-reader.js'
import type { Platform } from '#lib/codec/platform.js'
import { nodePlatform } from '#lib/platform/node.js'
import { FrameRecorder, lend, NO_LIMITS } from '../support/frame-recorder.ts'
import { type Cuts, cut, type ServerStream, WHOLE } from './server-stream.ts'

export interface Reading<Recorder extends FrameRecorder> {
  readonly sizes?: Cuts
  readonly platform?: Platform
  readonly limits?: ReadLimits
  /** Who is told what is read. */
  readonly recorder?: Recorder
}

/** Reads a stream to its end, each piece good only for the call; returns who was told what it is. */
export function readStream<Recorder extends FrameRecorder = FrameRecorder>(
  { bytes, deflate }: ServerStream,
  reading: Reading<Recorder> = {},
): Recorder {
  const { sizes = WHOLE, platform = nodePlatform, limits = NO_LIMITS } = reading
  const recorder = reading.recorder ?? (new FrameRecorder() as Recorder)
  const reader = new FrameReader(platform, recorder, limits, deflate)
  for (const piece of cut(bytes, sizes)) lend(piece, lent => reader.read(lent))
  while (reader.paused) reader.resume()
  reader.stop()
  return recorder
}
