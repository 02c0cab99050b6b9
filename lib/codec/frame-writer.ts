import type { Pipe } from '../transport/pipe.ts'
import { maskInPlace, maskOn } from './mask.ts'
import { TEXT } from './opcodes.ts'
import type { Platform } from './platform.ts'

/**
 * Writes masked client frames (RFC 6455 sections 5.2 and 5.3), one behind the other, so that everything one connection
 * sends in a turn leaves in one write, or in a few if it is more than the memory that is kept.
 *
 * Most frames share one slab among all connections: an idle connection owns no buffer. The connection that wrote last
 * owns the slab's tail; when another one wants it, the owner's bytes so far are sealed into a piece. A slab is used again
 * when all of it has left by pipes that look at no byte afterwards. Any other pipe owns what it was given.
 */

const SLAB_SIZE = 256 * 1024
/** A text that is longer than this, in bytes, is encoded in a buffer of its own; other payloads go over several slabs. */
const LARGE_PAYLOAD = 128 * 1024
/** So many slabs are kept besides the one that is written to. */
const MAX_SPARE = 7
const MAX_HEADER = 14
const FIN = 0x80
const MASK = 0x80

/** Used again, since to touch fresh memory costs more than to mask what it is for (bench: send). */
class Slab {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The same as whole words. */
  readonly words: Int32Array
  /** How much of it was written, once it is no longer written to. */
  end = 0
  /** How much of that has left, and may be written over. */
  left = 0

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes
    this.words = new Int32Array(bytes.buffer)
  }
}

/** The one that is written to. */
let slab = new Slab(new Uint8Array(0))
let slabPosition = 0
const spare: Slab[] = []
let slabOwner: FrameWriter | undefined

export interface FrameWriterOwner {
  /**
   * So much was written, perhaps of one frame, that more of it takes memory which is not kept: `flush` may be called, and
   * makes memory free if the network takes what there is.
   */
  flushEarly(): void
}

export class FrameWriter {
  readonly #platform: Platform
  readonly #owner: FrameWriterOwner | undefined
  readonly #sealed: Uint8Array[] = []
  /** The slab of each; undefined for a buffer of its own. */
  readonly #sealedIn: (Slab | undefined)[] = []
  /** Slabs with bytes that the pipe has and will give back, and how many. */
  readonly #lent: { readonly slab: Slab; readonly length: number }[] = []
  /** Where in the slab the bytes begin that are this writer's and not sealed yet; only while it owns the slab. */
  #start = 0

  /** Bytes handed out by `flush` so far. */
  flushed = 0

  constructor(platform: Platform, owner?: FrameWriterOwner) {
    this.#platform = platform
    this.#owner = owner
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
    const { bytes, words } = slab
    const length = platform.encodeUtf8(text, bytes, start)
    const actual = headerLength(length)
    if (actual !== guess) {
      bytes.copyWithin(slabPosition + actual, start, start + length)
      start = slabPosition + actual
    }
    writeHeader(bytes, slabPosition, FIN | TEXT, length)
    maskInPlace(platform, bytes, words, start - 4, start + length)
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
    if (length > LARGE_PAYLOAD) return this.#longFrame(firstByte, payload)
    this.#claim(header + length)
    const start = slabPosition + header
    const { bytes, words } = slab
    // Below this size a loop beats the call into the host (bench: send).
    if (length <= 32) for (let index = 0; index < length; index++) bytes[start + index] = payload[index]!
    else bytes.set(payload, start)
    writeHeader(bytes, slabPosition, firstByte, length)
    maskInPlace(this.#platform, bytes, words, start - 4, start + length)
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
  flush(target: Pick<Pipe, 'write' | 'givesBack'>): boolean {
    const sealed = this.#sealed
    if (sealed.length === 0 && slabOwner === this) return this.#flushTail(target)
    this.#release()
    let ready = true
    const last = sealed.length - 1
    for (let index = 0; index <= last; index++) {
      const bytes = sealed[index]!
      this.flushed += bytes.length
      ready = target.write(bytes, index < last)
      const from = this.#sealedIn[index]
      if (from !== undefined && target.givesBack === true) this.#lent.push({ slab: from, length: bytes.length })
    }
    sealed.length = 0
    this.#sealedIn.length = 0
    if (ready) this.allLeft()
    return ready
  }

  /** The usual case: one slab holds all of it, and what is handed out leaves at once. */
  #flushTail(target: Pick<Pipe, 'write' | 'givesBack'>): boolean {
    slabOwner = undefined
    const length = slabPosition - this.#start
    if (length === 0) return true
    const from = slab
    this.flushed += length
    const ready = target.write(from.bytes.subarray(this.#start, slabPosition), false)
    if (target.givesBack !== true) return ready
    if (ready && this.#lent.length === 0) {
      from.left += length
      reuse(from)
    } else {
      this.#lent.push({ slab: from, length })
      if (ready) this.allLeft()
    }
    return ready
  }

  /** All that was handed out has left. */
  allLeft(): void {
    for (const { slab, length } of this.#lent) {
      slab.left += length
      reuse(slab)
    }
    this.#lent.length = 0
  }

  #longText(text: string): number {
    const platform = this.#platform
    const length = platform.utf8Length(text)
    const header = headerLength(length)
    if (length <= LARGE_PAYLOAD) {
      this.#claim(header + length)
      const { bytes, words } = slab
      const start = slabPosition + header
      platform.encodeUtf8(text, bytes, start)
      writeHeader(bytes, slabPosition, FIN | TEXT, length)
      maskInPlace(platform, bytes, words, start - 4, start + length)
      slabPosition = start + length
      return length
    }
    const end = header + length
    const bytes = platform.allocate(end + (-end & 3))
    platform.encodeUtf8(text, bytes, header)
    writeHeader(bytes, 0, FIN | TEXT, length)
    maskInPlace(platform, bytes, new Int32Array(bytes.buffer), header - 4, end)
    this.#release()
    this.#sealed.push(bytes.subarray(0, end))
    this.#sealedIn.push(undefined)
    return length
  }

  /** Fills slabs to their ends, so that the key goes on in the next one as it is. */
  #longFrame(first: number, payload: Uint8Array): void {
    const { length } = payload
    const header = headerLength(length)
    this.#claim(header)
    writeHeader(slab.bytes, slabPosition, first, length)
    slabPosition += header
    maskInPlace(this.#platform, slab.bytes, slab.words, slabPosition - 4, slabPosition)
    for (let index = 0; index < length; ) {
      const { bytes, words } = slab
      const start = slabPosition
      const taken = Math.min(length - index, bytes.length - start)
      bytes.set(payload.subarray(index, index + taken), start)
      maskOn(bytes, words, start, start + taken)
      slabPosition += taken
      index += taken
      if (index < length) this.#nextSlab()
    }
  }

  /** Makes the slab's tail this writer's, with room for `size` more bytes. */
  #claim(size: number): void {
    if (slabOwner !== this) {
      if (slabOwner !== undefined) slabOwner.#seal()
      slabOwner = this
      this.#start = slabPosition
    }
    if (slab.bytes.length - slabPosition < size) this.#nextSlab()
  }

  #nextSlab(): void {
    this.#seal()
    slab.end = slabPosition
    if (this.#sealed.length >= MAX_SPARE && this.#owner !== undefined) {
      this.#owner.flushEarly()
      slabOwner = this
      this.#start = slabPosition
      // What was in it has left.
      if (slabPosition === 0) return
    }
    slab = spare.pop() ?? new Slab(this.#platform.allocate(SLAB_SIZE))
    slabPosition = 0
    this.#start = 0
  }

  #seal(): void {
    if (slabPosition > this.#start) {
      this.#sealed.push(slab.bytes.subarray(this.#start, slabPosition))
      this.#sealedIn.push(slab)
    }
    this.#start = slabPosition
  }

  #release(): void {
    if (slabOwner !== this) return
    this.#seal()
    slabOwner = undefined
  }
}

/** Writes to a slab from its start again, now or later, if nothing of it is needed any more. */
function reuse(used: Slab): void {
  if (used === slab) {
    if (used.left < slabPosition) return
    slabPosition = 0
  } else {
    if (used.left < used.end || spare.length === MAX_SPARE) return
    spare.push(used)
  }
  used.left = 0
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
