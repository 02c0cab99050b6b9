/*
 * Frames of HTTP/2 (RFC 9113 section 4.1), read and written without regard to what they mean.
 */

export const DATA = 0
export const HEADERS = 1
export const RST_STREAM = 3
export const SETTINGS = 4
export const PUSH_PROMISE = 5
export const PING = 6
export const GOAWAY = 7
export const WINDOW_UPDATE = 8

export const END_STREAM = 1
export const ACK = 1
export const END_HEADERS = 4

/** What a client sends before its first frame (RFC 9113 section 3.4). */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const HEADER_LENGTH = 9

export interface Http2Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
  /** The whole frame, header included. */
  readonly bytes: Buffer
}

/** Parts the bytes of one direction into frames. */
export class Http2FrameReader {
  #bytes = Buffer.alloc(0)
  /** Bytes of the preface that are still to come. */
  #preface: number

  /** @param sender a client begins with a preface */
  constructor(sender: 'client' | 'server') {
    this.#preface = sender === 'client' ? PREFACE.length : 0
  }

  /** The frames that are whole now. */
  read(bytes: Buffer): Http2Frame[] {
    const skipped = Math.min(this.#preface, bytes.length)
    this.#preface -= skipped
    this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(skipped)])
    const frames: Http2Frame[] = []
    while (this.#bytes.length >= HEADER_LENGTH) {
      const end = HEADER_LENGTH + this.#bytes.readUIntBE(0, 3)
      if (this.#bytes.length < end) break
      const whole = this.#bytes.subarray(0, end)
      this.#bytes = this.#bytes.subarray(end)
      const payload = whole.subarray(HEADER_LENGTH)
      frames.push({ type: whole[3]!, flags: whole[4]!, stream: whole.readUInt32BE(5), payload, bytes: whole })
    }
    return frames
  }
}

export function http2Frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer<ArrayBuffer> {
  const header = Buffer.alloc(HEADER_LENGTH)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => void bytes.writeUInt32BE(value, 4 * index))
  return bytes
}
