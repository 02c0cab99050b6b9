import type { FrameHandler, Pieces } from './frame-handler.ts'
import type { Platform } from './platform.ts'
import { canBecomeCharacter, decodeText, wholeCharactersEnd } from './utf8.ts'
import { BEYOND_HOST, NOT_UTF8, type Violation } from './violations.ts'

/** A message of up to 1 MiB is put together in one buffer. A longer one is kept in pieces of 1 MiB, so that none has to grow. */
const PIECE_SIZE = 1024 * 1024
/**
 * A binary message whose length is known has all of its memory once a 16th has arrived, so that the rest is read to where it
 * belongs. Hosts give large memory untouched, so a lying length costs no more than the bytes that have arrived. Where more than
 * a quarter lies in pieces, because the last fragment alone told the length, the pieces go on: all of them would be copied.
 */
const RESERVE_FACTOR = 16
/** The size of a text buffer, in bytes. */
export const TEXT_BUFFER_SIZE: number = 256 * 1024
/** The pool has at most 8 text buffers, leased or not. */
const MAX_TEXT_BUFFERS = 8

// Kinds of memory that a reassembly buffer may have.
export const NONE = 0
/** The message's own. A message that fills it keeps it. */
export const OWN = 1
/** A text buffer, which goes back to the pool. */
export const LEASED = 2
/** Scratch memory, which other connections use as soon as the current call is over. */
export const SCRATCH = 3

const EMPTY = new Uint8Array(0)

/**
 * Buffers in which text of up to 256 KiB is reassembled. A string keeps none of the bytes that it was decoded from, so they
 * are leased to one message after the other: touching fresh memory costs more than copying (bench: receive text 64 KiB, and
 * in fragments).
 */
class TextBufferPool {
  readonly #unused: Uint8Array<ArrayBuffer>[] = []
  #count = 0

  /** A buffer, undefined if all are leased or the host has no memory for one. */
  lease(platform: Platform): Uint8Array<ArrayBuffer> | undefined {
    const unused = this.#unused.pop()
    if (unused !== undefined || this.#count === MAX_TEXT_BUFFERS) return unused
    try {
      const buffer = platform.allocate(TEXT_BUFFER_SIZE)
      this.#count++
      return buffer
    } catch {
      return undefined
    }
  }

  release(buffer: Uint8Array<ArrayBuffer>): void {
    this.#unused.push(buffer)
  }
}

/**
 * Shared by all connections of the process: few of them reassemble text at the same moment. A buffer is one message's until
 * it is released.
 */
const textBuffers = new TextBufferPool()

/**
 * The memory in which the payload of one message is put together.
 *
 * The end of the payload is `bytes[0, end)`. In a message of more than 1 MiB, pieces precede it, each of which holds whole
 * characters if the message is text. The pieces are put together once, one in each turn of the event loop: bytes in an
 * ArrayBuffer of the message's length, text in a string that the engine joins when its characters are first looked at. So
 * no call copies more than 1 MiB, and reassembly takes the length of the message in memory beside the delivered value.
 */
export class ReassemblyBuffer {
  readonly #platform: Platform
  /** The most bytes that a message may take, one more than the limit included. */
  readonly #most: number

  bytes: Uint8Array<ArrayBuffer> = EMPTY
  end = 0
  /** Kind of the memory of `bytes`: NONE, OWN, LEASED or SCRATCH. */
  memory: number = NONE
  isText = false
  /** The length of the message if it is known, 0 otherwise. */
  total = 0

  /** Text is known to be well-formed up to this index of `bytes`, the end of a character. */
  #validated = 0
  /** Pieces of the message before `bytes`. If `bytes` is to hold the whole message, they are copied to its front. */
  #pieces: Pieces = []
  /** Bytes of payload before `bytes`. */
  #before = 0
  /** The pieces that were joined so far: that many bytes at the front of `bytes`, or text. */
  #joined = 0
  #text = ''

  /** @param maxPayload the longest message, in bytes */
  constructor(platform: Platform, maxPayload: number) {
    this.#platform = platform
    this.#most = maxPayload + 1
  }

  /** The length of the payload so far, in bytes. */
  get length(): number {
    return this.#before + this.end
  }

  /** Uses a text buffer, if one is free, for a message of up to 256 KiB. */
  leaseTextBuffer(): void {
    const buffer = textBuffers.lease(this.#platform)
    if (buffer !== undefined) this.use(buffer, LEASED)
  }

  /** Changes to other memory, which has a copy of `bytes[0, end)`. */
  use(bytes: Uint8Array<ArrayBuffer>, memory: number): void {
    if (this.memory === LEASED) textBuffers.release(this.bytes)
    this.bytes = bytes
    this.memory = memory
  }

  /**
   * Appends `chunk[start, end)`.
   *
   * @param remaining bytes of the frame's payload from `start` on, including those that have not arrived
   */
  append(chunk: Uint8Array, start: number, end: number, remaining: number): Violation | undefined {
    for (let position = start; position < end; ) {
      if (this.end === this.bytes.length) {
        const problem = this.reserve(1, this.wanted(remaining))
        if (problem !== undefined) return problem
      }
      const { bytes } = this
      const part = Math.min(end - position, bytes.length - this.end)
      // A pipe that read to the read target has put the bytes in place already.
      const isInPlace = chunk.buffer === bytes.buffer && chunk.byteOffset + position === this.end
      // A new view is faster than `subarray` of a Buffer (bench: receive in fragments).
      if (!isInPlace) bytes.set(new Uint8Array(chunk.buffer, chunk.byteOffset + position, part), this.end)
      this.end += part
      position += part
    }
    return undefined
  }

  /** The capacity to aim for, in bytes: the length of the message if it is known, otherwise twice the present capacity. */
  wanted(remaining: number): number {
    return this.total || Math.max(this.length + remaining, this.bytes.length * 2)
  }

  /**
   * Makes room in `bytes` for `incoming` bytes, which have arrived.
   *
   * @param wanted the length for which room is worth having, in bytes
   */
  reserve(incoming: number, wanted: number): Violation | undefined {
    const { end, isText, length, total } = this
    const needed = end + incoming
    if (needed <= this.bytes.length) return undefined
    if (isText && needed > PIECE_SIZE) {
      const problem = this.checkText()
      if (problem !== undefined) return problem
    }
    try {
      if (needed <= PIECE_SIZE) this.#moveOn(Math.max(needed, Math.min(wanted, this.#most, PIECE_SIZE)), 0)
      else if (!isText && total > this.#before * 4 && total <= (length + incoming) * RESERVE_FACTOR) {
        this.#reserveWhole(total)
      } else {
        // A character that is cut goes on in the next piece.
        const whole = isText ? this.#validated : end
        this.#moveOn(end - whole + Math.min(PIECE_SIZE, (total || this.#most) - length), whole)
      }
    } catch {
      return BEYOND_HOST
    }
    return undefined
  }

  /** Checks the text so far, at whose end a character may be cut (RFC 6455 section 8.1). */
  checkText(): Violation | undefined {
    const { bytes, end } = this
    const whole = wholeCharactersEnd(bytes, this.#validated, end)
    if (!this.#platform.isUtf8(bytes, this.#validated, whole) || !canBecomeCharacter(bytes, whole, end)) return NOT_UTF8
    this.#validated = whole
    return undefined
  }

  /**
   * The message, as a string, as an ArrayBuffer that the caller owns, or in pieces if the handler takes them; or why there is
   * none.
   *
   * @returns undefined if the turn is over before all of it was put together: to be called again in a later one
   */
  take(handler: FrameHandler): string | ArrayBuffer | Pieces | Violation | undefined {
    const { bytes, end, isText } = this
    const pieces = this.#pieces
    if (pieces.length === 0) {
      if (isText) return decodeText(this.#platform, bytes, 0, end)
      return this.memory === OWN && bytes.length === end ? bytes.buffer : bytes.buffer.slice(0, end)
    }
    try {
      // The first call makes a piece of the last bytes.
      if (isText ? end > 0 : this.#before > 0 && handler.takesPieces) {
        pieces.push(bytes.subarray(0, end))
        if (!isText) return pieces
        this.end = 0
      } else if (!isText && this.#before > 0) this.#reserveWhole(this.length)
      const piece = pieces.shift()!
      if (isText) {
        const text = decodeText(this.#platform, piece, 0, piece.length)
        if (typeof text !== 'string') return text
        this.#text += text
      } else {
        this.bytes.set(piece, this.#joined)
        this.#joined += piece.length
      }
    } catch {
      return BEYOND_HOST
    }
    if (pieces.length > 0) return undefined
    return isText ? this.#text : this.bytes.buffer
  }

  clear(): void {
    if (this.memory === OWN) {
      // A buffer of this kind alone has, or had, pieces.
      this.#before = 0
      this.#joined = 0
      this.#text = ''
      if (this.#pieces.length > 0) this.#pieces = []
    }
    this.use(EMPTY, NONE)
    this.end = 0
    this.total = 0
    this.#validated = 0
  }

  /** Goes on in fresh memory of `size` bytes: `bytes[0, from)` becomes a piece, and the rest of the payload is copied. */
  #moveOn(size: number, from: number): void {
    const next = this.#platform.allocate(size)
    next.set(this.bytes.subarray(from, this.end))
    if (from > 0) {
      this.#pieces.push(this.bytes.subarray(0, from))
      this.#before += from
      this.end -= from
      this.#validated = 0
    }
    this.use(next, OWN)
  }

  /** Goes on in memory for all of a binary message. The pieces are copied to its front in the end. */
  #reserveWhole(total: number): void {
    this.#moveOn(total, this.end)
    this.end = this.#before
    this.#before = 0
  }
}
