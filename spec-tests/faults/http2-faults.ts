import {
  DATA,
  END_STREAM,
  GOAWAY,
  HEADERS,
  type Http2Frame,
  http2Frame,
  RST_STREAM,
  uint32,
} from '../support/http2-frames.ts'
import type { FaultKind } from './fault-kinds.ts'

/** The stream of a dialogue: the first one of its connection, or the second one if that was refused. */
export const STREAM = 1
export const NEXT_STREAM = 3

/** Frames that a server is made to send, by the kind of the fault. The codes are those of RFC 9113 section 7. */
const FRAMES: { readonly [Kind in FaultKind]?: Buffer } = {
  'stream-reset': http2Frame(RST_STREAM, 0, STREAM, uint32(8)),
  'stream-no-error': http2Frame(RST_STREAM, 0, STREAM, uint32(0)),
  'stream-refused': http2Frame(RST_STREAM, 0, STREAM, uint32(7)),
  'stream-end': http2Frame(DATA, END_STREAM, STREAM),
  'go-away': http2Frame(GOAWAY, 0, 0, uint32(STREAM, 0)),
  'go-away-error': http2Frame(GOAWAY, 0, 0, uint32(0, 2)),
}

/** The frame that the server is made to send; undefined for faults of another kind. */
export function frameOf(kind: FaultKind | undefined): Buffer | undefined {
  return kind && FRAMES[kind]
}

/** Whether a frame is the last one that its sender sends on its stream. */
export function endsStream({ type, flags }: Http2Frame): boolean {
  const isEnd = (type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0
  return type === RST_STREAM || isEnd
}

/** A response that ends its stream at once: before it, there is no DATA that could (RFC 9113 section 8.1). */
export function endingResponse({ flags, stream, payload }: Http2Frame): Buffer {
  return http2Frame(HEADERS, flags | END_STREAM, stream, payload)
}
