import {
  BINARY,
  CLOSE,
  CONTINUATION,
  FIN,
  LENGTH_16,
  LENGTH_64,
  MASK,
  MAX_CONTROL_PAYLOAD,
  MAX_SERVER_HEADER,
  OPCODE_BITS,
  PONG,
  RESERVED_BITS,
  RSV1,
  TEXT,
} from './opcodes.ts'
import { PROTOCOL_ERROR, type Violation, type ViolationCode, violation } from './violations.ts'

/**
 * The header of a server's frame, with every check that RFC 6455 section 5 asks of it.
 *
 * One object parses all headers of a connection, so that a frame costs no allocation. The fields are those of the header
 * that was parsed last.
 */
export class FrameHeader {
  final = false
  opcode = 0
  /** Whether the frame begins a compressed message. */
  compressed = false
  /** The payload's length in bytes. */
  length = 0

  /** The reserved bits that must be 0 in the first frame of a message. */
  readonly #reserved: number
  /** The bytes of a header that a chunk's end has cut. Allocated the first time. */
  #cut: Uint8Array | undefined
  #cutLength = 0

  /** @param deflate whether permessage-deflate is in use */
  constructor(deflate: boolean) {
    this.#reserved = deflate ? RESERVED_BITS & ~RSV1 : RESERVED_BITS
  }

  /**
   * Parses the header at `bytes[at, end)`; the mirror of what `FrameWriter` writes. A header is refused as soon as the
   * bytes that are wrong have arrived.
   *
   * @param message the opcode of the message whose last frame is still to come, 0 if there is none
   * @returns the header's length in bytes, 0 if more of it must arrive, or why it is refused
   */
  parse(bytes: Uint8Array, at: number, end: number, message: number): number | Violation {
    if (end - at < 2) return 0
    const first = bytes[at]!
    const second = bytes[at + 1]!
    const opcode = first & OPCODE_BITS
    const final = (first & FIN) !== 0
    let length = second & ~MASK

    // RFC 6455 section 5.2: RSV1 to RSV3 must be 0 unless an extension gave them a meaning.
    // RFC 7692 section 6.1: RSV1 may be set in the first frame of a message, and in no other.
    const begins = opcode === TEXT || opcode === BINARY
    if ((first & (begins ? this.#reserved : RESERVED_BITS)) !== 0)
      return refuse('WS_ERR_RESERVED_BITS', 'a reserved bit is set')
    // RFC 6455 section 5.1: a server must not mask.
    if ((second & MASK) !== 0) return refuse('WS_ERR_MASKED_FRAME', 'a frame is masked')

    // RFC 6455 section 5.2: the other opcodes are reserved.
    if ((opcode > BINARY && opcode < CLOSE) || opcode > PONG) {
      return refuse('WS_ERR_INVALID_OPCODE', `the opcode 0x${opcode.toString(16)} is reserved`)
    }

    if (opcode >= CLOSE) {
      // RFC 6455 section 5.5: control frames are short and never fragmented.
      if (!final) return refuse('WS_ERR_FRAGMENTED_CONTROL', 'a control frame is fragmented')
      if (length > MAX_CONTROL_PAYLOAD) {
        return refuse('WS_ERR_LONG_CONTROL', 'the payload of a control frame exceeds 125 bytes')
      }
    } else if (opcode === CONTINUATION) {
      // RFC 6455 section 5.4: a continuation goes on with a message that was begun.
      if (message === 0) return refuse('WS_ERR_UNEXPECTED_CONTINUATION', 'a continuation frame continues nothing')
    } else if (message !== 0) {
      // RFC 6455 section 5.4: the fragments of a message are not interleaved with another message.
      return refuse('WS_ERR_UNFINISHED_MESSAGE', 'a message begins before the last one has ended')
    }

    let size = 2
    if (length === LENGTH_16) {
      size = 4
      if (end - at < size) return 0
      length = (bytes[at + 2]! << 8) | bytes[at + 3]!
      if (length < 126) return refuseLength()
    } else if (length === LENGTH_64) {
      size = MAX_SERVER_HEADER
      if (end - at < size) return 0
      const high = readUint32(bytes, at + 2)
      length = high * 0x100000000 + readUint32(bytes, at + 6)
      // RFC 6455 section 5.2: the most significant bit is 0, and the shortest encoding must be used.
      if (high > 0x7fffffff || length < 0x10000) return refuseLength()
    }

    this.final = final
    this.opcode = opcode
    this.compressed = (first & RSV1) !== 0
    this.length = length
    return size
  }

  /** Keeps the bytes of a header of which more must arrive. */
  keepCut(bytes: Uint8Array): void {
    this.#cut ??= new Uint8Array(MAX_SERVER_HEADER)
    this.#cut.set(bytes)
    this.#cutLength = bytes.length
  }

  /**
   * Parses a header whose first bytes were kept, and which goes on at the front of `chunk`.
   *
   * @returns how many bytes of `chunk` belong to it, 0 if more of it must arrive, or why it is refused
   */
  parseCut(chunk: Uint8Array, message: number): number | Violation {
    const kept = this.#cutLength
    const added = chunk.subarray(0, MAX_SERVER_HEADER - kept)
    this.#cut!.set(added, kept)
    this.#cutLength += added.length
    const size = this.parse(this.#cut!, 0, this.#cutLength, message)
    return typeof size === 'number' && size > 0 ? size - kept : size
  }
}

function refuse(code: ViolationCode, message: string): Violation {
  return violation(PROTOCOL_ERROR, code, message)
}

function refuseLength(): Violation {
  return refuse('WS_ERR_INVALID_LENGTH', 'a payload length is not encoded as it must be')
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
