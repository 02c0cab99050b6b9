import { GrowingBuffer } from './growing-buffer.ts'
import { FIN, LENGTH_16, LENGTH_64, MASK, MAX_CLIENT_HEADER, OPCODE_BITS, RSV1, RSV2, RSV3 } from './opcodes.ts'

/** The most bytes of a payload that are kept. The announced length is not trusted: memory follows the bytes that have arrived. */
const MAX_KEPT = 64 * 1024

/** A frame as it is on the wire (RFC 6455 section 5.2), but for its mask. */
export interface WireFrame {
  readonly opcode: number
  readonly fin: boolean
  /** With permessage-deflate: whether the frame begins a compressed message. */
  readonly rsv1: boolean
  /** True only in a frame that breaks the protocol. */
  readonly rsv2: boolean
  /** True only in a frame that breaks the protocol. */
  readonly rsv3: boolean
  /** True in what a client sends, false in what a server sends, if they follow the protocol. */
  readonly masked: boolean
  /** Bytes of the payload, compressed if the message is. */
  readonly length: number
  /** The payload, unmasked: its first 64 KiB if it is longer. */
  readonly payload: Uint8Array
}

/**
 * Finds the frames in one direction of a connection, for tools that look at them. The chunks may be cut anywhere. It checks
 * nothing: the frame reader does, from the same bytes.
 */
export class FrameScanner {
  readonly #header = new Uint8Array(MAX_CLIENT_HEADER)
  /** Bytes of the current header that have arrived. */
  #headerLength = 0
  /** Payload bytes of the current frame that have not arrived; -1 outside of payloads. */
  #remaining = -1
  /** The kept part of the current payload. */
  #payload = new GrowingBuffer()

  /** Takes the next bytes, which are looked at during the call only. Returns the frames that they complete. */
  scan(bytes: Uint8Array): WireFrame[] {
    const frames: WireFrame[] = []
    let position = 0
    while (position < bytes.length || this.#remaining === 0) {
      if (this.#remaining < 0) {
        this.#header[this.#headerLength++] = bytes[position++]!
        if (this.#headerLength >= 2 && this.#headerLength === headerLength(this.#header)) {
          this.#remaining = payloadLength(this.#header)
        }
      } else if (this.#remaining > 0) {
        const part = bytes.subarray(position, position + this.#remaining)
        this.#payload.append(part.subarray(0, MAX_KEPT - this.#payload.length))
        this.#remaining -= part.length
        position += part.length
      }
      if (this.#remaining === 0) frames.push(this.#endFrame())
    }
    return frames
  }

  #endFrame(): WireFrame {
    const header = this.#header
    const payload = this.#payload.content.slice()
    const masked = isMasked(header)
    if (masked) {
      const key = this.#headerLength - 4
      for (let index = 0; index < payload.length; index++) payload[index]! ^= header[key + (index & 3)]!
    }
    const first = header[0]!
    const length = payloadLength(header)
    this.#headerLength = 0
    this.#remaining = -1
    this.#payload = new GrowingBuffer()
    return {
      opcode: first & OPCODE_BITS,
      fin: (first & FIN) !== 0,
      rsv1: (first & RSV1) !== 0,
      rsv2: (first & RSV2) !== 0,
      rsv3: (first & RSV3) !== 0,
      masked,
      length,
      payload,
    }
  }
}

/** The length of the frame at `start`, header included, whose header is there. */
export function frameLength(bytes: Uint8Array, start: number): number {
  return headerLength(bytes, start) + payloadLength(bytes, start)
}

function isMasked(header: Uint8Array, start = 0): boolean {
  return (header[start + 1]! & MASK) !== 0
}

/** The length of a header whose first two bytes are there. */
function headerLength(header: Uint8Array, start = 0): number {
  const short = header[start + 1]! & ~MASK
  return 2 + (short === LENGTH_16 ? 2 : short === LENGTH_64 ? 8 : 0) + (isMasked(header, start) ? 4 : 0)
}

function payloadLength(header: Uint8Array, start = 0): number {
  const short = header[start + 1]! & ~MASK
  if (short < LENGTH_16) return short
  let length = 0
  const end = start + (short === LENGTH_16 ? 4 : 10)
  for (let index = start + 2; index < end; index++) length = length * 256 + header[index]!
  return length
}
