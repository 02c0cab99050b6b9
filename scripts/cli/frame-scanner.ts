/** A frame as it is on the wire (RFC 6455 section 5.2). */
export interface WireFrame {
  readonly fin: boolean
  readonly rsv1: boolean
  readonly rsv2: boolean
  readonly rsv3: boolean
  readonly opcode: number
  readonly masked: boolean
  /** Of the payload as it is on the wire, so after compression. */
  readonly length: number
  /** The unmasked payload of a control frame; undefined for data. */
  readonly payload: Uint8Array | undefined
}

/** Bytes of the longest header: two, a length of eight, and the masking key. */
const LONGEST_HEADER = 14

/**
 * Finds the frames in one direction of a connection, whatever the chunks. A data frame is reported when its header is there, a
 * control frame when its payload is. Bytes are looked at during the call only.
 */
export class FrameScanner {
  readonly #report: (frame: WireFrame) => void
  readonly #header = new Uint8Array(LONGEST_HEADER)
  #headerLength = 0
  /** Bytes of the current data frame that are still to come. */
  #skip = 0
  /** The control frame whose payload is being read, and that payload. */
  #control: { frame: WireFrame; key: Uint8Array | undefined; payload: Uint8Array; filled: number } | undefined

  constructor(report: (frame: WireFrame) => void) {
    this.#report = report
  }

  scan(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, bytes.length - at)
        this.#skip -= step
        at += step
      } else if (this.#control !== undefined) {
        at = this.#fill(bytes, at)
      } else {
        this.#header[this.#headerLength++] = bytes[at++]!
        if (this.#headerLength === headerLength(this.#header, this.#headerLength)) this.#startFrame()
      }
    }
  }

  #startFrame(): void {
    const header = this.#header
    const first = header[0]!
    const masked = (header[1]! & 0x80) !== 0
    const length = payloadLength(header)
    const opcode = first & 0xf
    const frame: WireFrame = {
      fin: (first & 0x80) !== 0,
      rsv1: (first & 0x40) !== 0,
      rsv2: (first & 0x20) !== 0,
      rsv3: (first & 0x10) !== 0,
      opcode,
      masked,
      length,
      payload: undefined,
    }
    const key = masked ? header.slice(this.#headerLength - 4, this.#headerLength) : undefined
    this.#headerLength = 0
    // A control frame that is longer breaks the protocol; its payload is not worth showing.
    if (opcode < 8 || length > 125) {
      this.#skip = length
      this.#report(frame)
    } else {
      this.#control = { frame, key, payload: new Uint8Array(length), filled: 0 }
      this.#endControl()
    }
  }

  #fill(bytes: Uint8Array, at: number): number {
    const control = this.#control!
    const part = bytes.subarray(at, at + control.payload.length - control.filled)
    control.payload.set(part, control.filled)
    control.filled += part.length
    this.#endControl()
    return at + part.length
  }

  #endControl(): void {
    const { frame, key, payload, filled } = this.#control!
    if (filled < payload.length) return
    this.#control = undefined
    if (key !== undefined) for (let index = 0; index < payload.length; index++) payload[index]! ^= key[index % 4]!
    this.#report({ ...frame, payload })
  }
}

/** The length of a header of which `known` bytes are there; Infinity if they do not tell. */
function headerLength(header: Uint8Array, known: number): number {
  if (known < 2) return Number.POSITIVE_INFINITY
  const length = header[1]! & 0x7f
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((header[1]! & 0x80) !== 0 ? 4 : 0)
}

function payloadLength(header: Uint8Array): number {
  const short = header[1]! & 0x7f
  const view = new DataView(header.buffer)
  if (short === 126) return view.getUint16(2)
  return short === 127 ? Number(view.getBigUint64(2)) : short
}
