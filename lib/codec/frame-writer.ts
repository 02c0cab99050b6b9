import { maskCopy, maskInPlace } from './mask.ts'
import { TEXT } from './opcodes.ts'
import type { Platform } from './platform.ts'

/**
 * Writes masked client frames (RFC 6455 sections 5.2 and 5.3), one behind the other, so that everything one connection
 * sends in a turn leaves in one write.
 *
 * Small frames share one slab among all connections: an idle connection owns no buffer. The connection that wrote last
 * owns the slab's tail; when another one wants it, the owner's bytes so far are sealed into a piece. A written byte is
 * never touched again, and a used-up slab is dropped, not reused: the pipes own what they were given.
 */

const SLAB_SIZE = 64 * 1024
/** From this payload size on, in bytes, a frame gets a buffer of its own instead of room in the slab. */
const LARGE_PAYLOAD = 16 * 1024
const MAX_HEADER = 14
const FIN = 0x80
const MASK = 0x80

let slab: Uint8Array<ArrayBuffer> = new Uint8Array(0)
let slabWords: Int32Array = new Int32Array(0)
let slabPosition = 0
let slabOwner: FrameWriter | undefined

export class FrameWriter {
  readonly #platform: Platform
  readonly #sealed: Uint8Array[] = []
  /** Where in the slab the bytes begin that are this writer's and not sealed yet; only while it owns the slab. */
  #start = 0

  /** Bytes handed out by `flush` so far. */
  flushed = 0

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /**
   * A whole text message in one frame.
   *
   * @returns its payload length in bytes
   */
  text(text: string): number {
    const platform = this.#platform
    const most = text.length * 3
    if (most > LARGE_PAYLOAD) return this.#longText(text)

    // The text is encoded right behind where its header will stand if it is ASCII, which it mostly is.
    this.#claim(most + MAX_HEADER)
    const guess = headerLength(text.length)
    let start = slabPosition + guess
    const length = platform.encodeUtf8(text, slab, start)
    const actual = headerLength(length)
    if (actual !== guess) {
      slab.copyWithin(slabPosition + actual, start, start + length)
      start = slabPosition + actual
    }
    writeHeader(slab, slabPosition, FIN | TEXT, length)
    maskInPlace(platform, slab, slabWords, start - 4, start + length)
    slabPosition = start + length
    return length
  }

  /**
   * A frame, its payload copied.
   *
   * @param first the opcode, with the RSV bits if an extension sets them
   * @param final whether it is the last of its message
   */
  frame(first: number, payload: Uint8Array, final = true): void {
    const firstByte = final ? FIN | first : first
    const length = payload.length
    const header = headerLength(length)
    if (length > LARGE_PAYLOAD) {
      const { bytes, words, start } = this.#separate(header, length)
      writeHeader(bytes, start, firstByte, length)
      maskCopy(this.#platform, payload, bytes, words, start + header - 4)
      this.#add(bytes.subarray(start, start + header + length))
      return
    }
    this.#claim(header + length)
    const start = slabPosition + header
    // Below this size a loop beats the call into the host (bench: send).
    if (length <= 32) for (let index = 0; index < length; index++) slab[start + index] = payload[index]!
    else slab.set(payload, start)
    writeHeader(slab, slabPosition, firstByte, length)
    maskInPlace(this.#platform, slab, slabWords, start - 4, start + length)
    slabPosition = start + length
  }

  /** Whether bytes wait for `flush`. */
  get pending(): boolean {
    return this.#sealed.length > 0 || (slabOwner === this && slabPosition > this.#start)
  }

  /**
   * Hands everything written since the last flush to `write`, in order.
   *
   * @returns the result of the last `write`, true if there was nothing to write
   */
  flush(target: { write(bytes: Uint8Array, more: boolean): boolean }): boolean {
    this.#release()
    const sealed = this.#sealed
    let ready = true
    const last = sealed.length - 1
    for (let index = 0; index <= last; index++) {
      const bytes = sealed[index]!
      this.flushed += bytes.length
      ready = target.write(bytes, index < last)
    }
    sealed.length = 0
    return ready
  }

  #longText(text: string): number {
    const platform = this.#platform
    const length = platform.utf8Length(text)
    const header = headerLength(length)
    const { bytes, words, start } = this.#separate(header, length)
    const end = start + header + length
    platform.encodeUtf8(text, bytes, start + header)
    writeHeader(bytes, start, FIN | TEXT, length)
    maskInPlace(platform, bytes, words, start + header - 4, end)
    this.#add(bytes.subarray(start, end))
    return length
  }

  /** A buffer of its own for a large frame, its payload on a word boundary. */
  #separate(header: number, length: number): { bytes: Uint8Array; words: Int32Array; start: number } {
    const start = -header & 3
    const size = start + header + length
    const bytes = this.#platform.allocate(size + (-size & 3))
    return { bytes, words: new Int32Array(bytes.buffer), start }
  }

  /** Puts a piece of its own behind what was written. */
  #add(piece: Uint8Array): void {
    this.#release()
    this.#sealed.push(piece)
  }

  /** Makes the slab's tail this writer's, with room for `size` more bytes. */
  #claim(size: number): void {
    if (slabOwner !== this) {
      if (slabOwner !== undefined) slabOwner.#seal()
      slabOwner = this
      this.#start = slabPosition
    }
    if (slab.length - slabPosition < size) {
      this.#seal()
      slab = this.#platform.allocate(SLAB_SIZE)
      slabWords = new Int32Array(slab.buffer)
      slabPosition = 0
      this.#start = 0
    }
  }

  #seal(): void {
    if (slabPosition > this.#start) this.#sealed.push(slab.subarray(this.#start, slabPosition))
    this.#start = slabPosition
  }

  #release(): void {
    if (slabOwner !== this) return
    this.#seal()
    slabOwner = undefined
  }
}

/** The length of a masked frame's header, in bytes, with the minimal length encoding of RFC 6455 section 5.2. */
function headerLength(payloadLength: number): number {
  return payloadLength < 126 ? 6 : payloadLength < 0x10000 ? 8 : MAX_HEADER
}

/** Writes all of a header but its masking key; the mirror of what `FrameReader` reads. */
function writeHeader(bytes: Uint8Array, at: number, first: number, length: number): void {
  bytes[at] = first
  if (length < 126) {
    bytes[at + 1] = MASK | length
  } else if (length < 0x10000) {
    bytes[at + 1] = MASK | 126
    bytes[at + 2] = length >>> 8
    bytes[at + 3] = length
  } else {
    bytes[at + 1] = MASK | 127
    writeUint32(bytes, at + 2, Math.floor(length / 0x100000000))
    writeUint32(bytes, at + 6, length)
  }
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
