import type { Pipe } from '../transport/pipe.ts'
import { currentKey, type MaskableMemory, maskInPlace, maskOn, useKey } from './mask.ts'
import { TEXT } from './opcodes.ts'
import type { MaskingMemory, Platform } from './platform.ts'

/**
 * Writes masked client frames (RFC 6455 sections 5.2 and 5.3), one behind the other, so that everything one connection
 * sends in a turn leaves in one write, or in a few if it is more than the memory that is kept.
 *
 * Frames share one slab among all connections: an idle connection owns no buffer. The connection that wrote last owns the
 * slab's tail; when another one wants it, the owner's bytes so far are sealed into a piece. A slab is used again when all
 * of it has left by pipes that look at no byte afterwards. Any other pipe gets a copy, and owns that.
 */

/** A MiB in one frame, or in thousands, and their headers: few long writes cost less than many (bench: send binary 64 KiB). */
const SLAB_SIZE = 1088 * 1024
/** Text of up to so many units is taken for ASCII first. */
const SHORT_TEXT = 24
/** A longer payload, in bytes, may go over several slabs. */
const LARGE_PAYLOAD = 128 * 1024
/** A text that does is encoded in parts that leave so much of a slab empty at most. */
const SMALL_REST = 12 * 1024
/** Copied and masked at a time: what was just copied is masked the quickest. */
const PART = 256 * 1024
/** So many slabs are kept besides the one that is written to; and those that mask quickly. */
const MAX_SPARE = 3
/** Who has written so many bytes goes on to write, and gets memory that masks quickly: to set that up takes a millisecond. */
const WORTH_SETTING_UP = 256 * 1024
const MAX_HEADER = 14
const FIN = 0x80
const MASK = 0x80

/** Used again, since to touch fresh memory costs more than to mask what it is for (bench: send). */
class Slab implements MaskableMemory {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly words: Int32Array
  readonly masking: MaskingMemory | undefined
  /** How much of it was written, once it is no longer written to. */
  end = 0
  /** How much of that has left, and may be written over. */
  left = 0

  constructor(bytes: Uint8Array<ArrayBuffer>, masking?: MaskingMemory) {
    this.bytes = bytes
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    this.masking = masking
  }
}

/** The one that is written to. */
let slab = new Slab(new Uint8Array(0))
let slabPosition = 0
const spare: Slab[] = []
/** Those that there are beyond that, while a network is slower than what is sent: until the next garbage collection. */
let surplus = new WeakRef<Slab[]>([])
let slabOwner: FrameWriter | undefined

/** Memory that masks quickly, once it is worth having, and how much of it is slabs already. */
let masking: MaskingMemory | undefined
let maskingTaken = 0
let isSetUp = false
/** Bytes in slabs of other memory. */
let writtenBefore = 0

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
  /** What is to go first, piece by piece, and the slab of each. */
  readonly #sealed: { readonly bytes: Uint8Array; readonly from: Slab }[] = []
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
    const { bytes } = slab
    let length = text.length <= SHORT_TEXT ? encodeAscii(text, bytes, start) : -1
    if (length < 0) length = platform.encodeUtf8(text, bytes, start)
    const actual = headerLength(length)
    if (actual !== guess) {
      bytes.copyWithin(slabPosition + actual, start, start + length)
      start = slabPosition + actual
    }
    writeHeader(bytes, slabPosition, FIN | TEXT, length)
    maskInPlace(platform, slab, start - 4, start + length)
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
    const { bytes } = slab
    // Below this size a loop beats the call into the host (bench: send).
    if (length <= 32) for (let index = 0; index < length; index++) bytes[start + index] = payload[index]!
    else bytes.set(payload, start)
    writeHeader(bytes, slabPosition, firstByte, length)
    maskInPlace(this.#platform, slab, start - 4, start + length)
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
    for (const [index, { bytes, from }] of sealed.entries()) ready = this.#hand(target, bytes, index < last, from)
    sealed.length = 0
    if (ready) this.allLeft()
    return ready
  }

  /** The usual case: one slab holds all of it, and what is handed out leaves at once. */
  #flushTail(target: Pick<Pipe, 'write' | 'givesBack'>): boolean {
    slabOwner = undefined
    const length = slabPosition - this.#start
    if (length === 0) return true
    const ready = this.#hand(target, slab.bytes.subarray(this.#start, slabPosition), false, slab)
    if (ready) this.allLeft()
    return ready
  }

  #hand(target: Pick<Pipe, 'write' | 'givesBack'>, bytes: Uint8Array, more: boolean, from: Slab): boolean {
    const { length } = bytes
    this.flushed += length
    const givesBack = target.givesBack === true
    const ready = target.write(givesBack ? bytes : new Uint8Array(bytes), more)
    if (givesBack && (!ready || this.#lent.length > 0)) this.#lent.push({ slab: from, length })
    else giveBack(from, length)
    return ready
  }

  /** All that was handed out has left. */
  allLeft(): void {
    // Bun takes a while to make an array empty that is (bench: send, 1 a turn).
    if (this.#lent.length === 0) return
    for (const { slab, length } of this.#lent) giveBack(slab, length)
    this.#lent.length = 0
  }

  #longText(text: string): number {
    const platform = this.#platform
    const length = platform.utf8Length(text)
    if (length <= LARGE_PAYLOAD) {
      const header = headerLength(length)
      this.#claim(header + length)
      const start = slabPosition + header
      platform.encodeUtf8(text, slab.bytes, start)
      writeHeader(slab.bytes, slabPosition, FIN | TEXT, length)
      maskInPlace(platform, slab, start - 4, start + length)
      slabPosition = start + length
      return length
    }
    this.#startLong(FIN | TEXT, length)
    for (let index = 0; index < text.length; ) {
      // In the next slab at the same remainder of four, so that the key goes on as it is.
      if (slab.bytes.length - slabPosition < SMALL_REST) this.#nextSlab(slabPosition & 3)
      const start = slabPosition
      let end = Math.min(text.length, index + Math.floor((slab.bytes.length - start) / 3))
      // A pair of surrogates is one character.
      if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--
      slabPosition += platform.encodeUtf8(text.slice(index, end), slab.bytes, start)
      maskOn(slab, start, slabPosition)
      index = end
    }
    return length
  }

  /** Fills slabs to their ends, so that the key goes on in the next one as it is. */
  #longFrame(first: number, payload: Uint8Array): void {
    const { length } = payload
    this.#startLong(first, length)
    for (let index = 0; index < length; ) {
      if (slabPosition === slab.bytes.length) this.#nextSlab()
      const start = slabPosition
      const taken = Math.min(length - index, slab.bytes.length - start, PART)
      slab.bytes.set(payload.subarray(index, index + taken), start)
      slabPosition += taken
      maskOn(slab, start, slabPosition)
      index += taken
    }
  }

  /** Writes the header and the key of a frame whose payload may go over several slabs. */
  #startLong(first: number, length: number): void {
    const header = headerLength(length)
    this.#claim(header, length)
    writeHeader(slab.bytes, slabPosition, first, length)
    slabPosition += header
    maskInPlace(this.#platform, slab, slabPosition - 4, slabPosition)
  }

  /** Makes the slab's tail this writer's, with room for `room` bytes, of `size` that are to be written. */
  #claim(room: number, size = room): void {
    this.#own()
    const makesWay = slab.masking === undefined && shouldMakeWay(this.#platform, size)
    if (makesWay || slab.bytes.length - slabPosition < room) this.#nextSlab()
  }

  #own(): void {
    if (slabOwner === this) return
    if (slabOwner !== undefined) slabOwner.#seal()
    slabOwner = this
    this.#start = slabPosition
  }

  /** Goes on at `position` of another slab, or of the same one if all of that has left. */
  #nextSlab(position = 0): void {
    this.#seal()
    if (this.#sealed.length >= MAX_SPARE && this.#owner !== undefined) {
      // What the pipe does with it may be to write to another connection.
      const key = currentKey()
      this.#owner.flushEarly()
      useKey(key)
      this.#own()
    }
    if (
      slabPosition > 0 ||
      slab.bytes.length === 0 ||
      (slab.masking === undefined && shouldMakeWay(this.#platform, 0))
    ) {
      slab.end = slabPosition
      slab = spare.pop() ?? surplus.deref()?.pop() ?? makeSlab(this.#platform)
    }
    slab.left = position
    slabPosition = position
    this.#start = position
  }

  #seal(): void {
    if (slabPosition > this.#start) {
      this.#sealed.push({ bytes: slab.bytes.subarray(this.#start, slabPosition), from: slab })
    }
    this.#start = slabPosition
  }

  #release(): void {
    if (slabOwner !== this) return
    this.#seal()
    slabOwner = undefined
  }
}

/**
 * Whether a slab without masking is to make way for one that has it. Counts the `size` bytes that would go to it, and sets
 * the memory up once they are worth it.
 */
function shouldMakeWay(platform: Platform, size: number): boolean {
  writtenBefore += size
  if (writtenBefore < WORTH_SETTING_UP) return false
  if (!isSetUp) {
    isSetUp = true
    masking = platform.maskingMemory?.()
  }
  return hasUntaken(masking) || spare.at(-1)?.masking !== undefined
}

function hasUntaken(memory: MaskingMemory | undefined): memory is MaskingMemory {
  return memory !== undefined && maskingTaken + SLAB_SIZE <= memory.bytes.length
}

function makeSlab(platform: Platform): Slab {
  if (!hasUntaken(masking)) return new Slab(platform.allocate(SLAB_SIZE))
  const start = maskingTaken
  maskingTaken += SLAB_SIZE
  return new Slab(masking.bytes.subarray(start, maskingTaken), masking)
}

/** So much more of a slab has left: it is written to from its start again, now or later, if nothing of it is needed any more. */
function giveBack(used: Slab, length: number): void {
  used.left += length
  if (used === slab) {
    if (used.left < slabPosition) return
    slabPosition = 0
  } else {
    if (used.left < used.end) return
    // Those that mask quickly are taken first, and all of them kept.
    if (used.masking !== undefined) spare.push(used)
    else if (spare.length < MAX_SPARE) spare.unshift(used)
    else keepForNow(used)
  }
  used.left = 0
}

function keepForNow(used: Slab): void {
  const others = surplus.deref()
  if (others !== undefined) others.push(used)
  else surplus = new WeakRef([used])
}

/** Encodes text of ASCII alone: a loop beats the call into the host for a few characters (bench: send text 16 B). Else -1. */
function encodeAscii(text: string, bytes: Uint8Array, start: number): number {
  const { length } = text
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return -1
    bytes[start + index] = code
  }
  return length
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
