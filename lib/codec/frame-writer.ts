import type { Pipe } from '../transport/pipe.ts'
import { MAX_SPARE, frameMemory as memory, Slab, type TailOwner } from './frame-memory.ts'
import { currentKey, maskInPlace, maskOn } from './mask.ts'
import { FIN, LENGTH_16, LENGTH_64, MASK, MAX_CLIENT_HEADER, WHOLE_TEXT } from './opcodes.ts'
import type { Platform } from './platform.ts'

/** Text of up to 24 UTF-16 units is encoded by a loop if it is ASCII. */
const SHORT_TEXT = 24
/** Payloads of more than 128 KiB may go over several slabs. */
const LARGE_PAYLOAD = 128 * 1024
/** Where large text goes over several slabs, at most 12 KiB of each are left empty, so that it is not encoded in tiny parts. */
const MAX_UNUSED = 12 * 1024
/** Large payloads are copied and masked 256 KiB at a time: bytes that were just copied are masked fastest. */
const COPY_SIZE = 256 * 1024

export interface FrameWriterOwner {
  /**
   * Called in the middle of a write, perhaps of one frame, when so much waits that more of it needs memory which is not kept.
   * `flush` may be called within; it frees slabs if the network accepts everything.
   */
  flushEarly(): void
}

/**
 * Writes masked client frames (RFC 6455 sections 5.2 and 5.3), one behind the other, to the slabs of `FrameMemory`. `flush`
 * hands them to the pipe: everything that a connection sends in one turn of the event loop leaves in one write, or in a few
 * if it is longer than a slab.
 *
 * A pipe that `givesBack` gets the slab's own bytes, which stay in flight until it has sent them. Any other pipe gets a copy,
 * and owns that.
 */
export class FrameWriter implements TailOwner {
  readonly #platform: Platform
  readonly #owner: FrameWriterOwner | undefined
  /** Pieces to flush before what is at the tail, in order, and the slab of each. */
  readonly #sealed: { readonly bytes: Uint8Array; readonly slab: Slab }[] = []
  /** Bytes in flight: the pipe has accepted them and may still read them. */
  readonly #inFlight: { readonly slab: Slab; readonly length: number }[] = []

  /** Bytes that `flush` has handed to the pipe since the connection began. */
  flushed = 0

  constructor(platform: Platform, owner?: FrameWriterOwner) {
    this.#platform = platform
    this.#owner = owner
  }

  /**
   * Writes a text message in one frame.
   *
   * @returns its payload length in bytes
   */
  text(text: string): number {
    const platform = this.#platform
    let likely = text.length
    let most = likely * 3
    if (most > LARGE_PAYLOAD) {
      likely = most = platform.utf8Length(text)
      if (most > LARGE_PAYLOAD) return this.#largeText(text, most)
    }

    // The header's length depends on the payload's, which is known once the text is encoded. So the text is encoded where its
    // payload begins if all of it is ASCII, the common case, and moved if it is not.
    this.#claim(most + MAX_CLIENT_HEADER)
    const { slab, position } = memory
    const { bytes } = slab
    const guess = headerLength(likely)
    let start = position + guess
    let length = text.length <= SHORT_TEXT ? encodeAscii(text, bytes, start) : -1
    if (length < 0) length = platform.encodeUtf8(text, bytes, start)
    const actual = headerLength(length)
    if (actual !== guess) {
      bytes.copyWithin(position + actual, start, start + length)
      start = position + actual
    }
    writeHeader(bytes, position, WHOLE_TEXT, length)
    maskInPlace(platform, slab, start - 4, start + length)
    memory.position = start + length
    return length
  }

  /**
   * Writes a frame. The payload is copied.
   *
   * @param first the opcode, with the RSV bits if an extension sets them
   * @param final whether it is the last frame of its message
   */
  frame(first: number, payload: Uint8Array, final = true): void {
    const firstByte = final ? FIN | first : first
    const length = payload.length
    const header = headerLength(length)
    if (length > LARGE_PAYLOAD) return this.#largeFrame(firstByte, payload)
    this.#claim(header + length)
    const { slab, position } = memory
    const { bytes } = slab
    const start = position + header
    // Up to 32 bytes, a loop is faster than the call into the host (bench: send).
    if (length <= 32) for (let index = 0; index < length; index++) bytes[start + index] = payload[index]!
    else bytes.set(payload, start)
    writeHeader(bytes, position, firstByte, length)
    maskInPlace(this.#platform, slab, start - 4, start + length)
    memory.position = start + length
  }

  /** Whether bytes wait for `flush`. */
  get pending(): boolean {
    return this.#sealed.length > 0 || (memory.owner === this && memory.position > memory.start)
  }

  /**
   * Hands everything written since the last flush to `target`, in order.
   *
   * @returns the result of the last `write`; true if there was nothing to write
   */
  flush(target: Pick<Pipe, 'write' | 'givesBack'>): boolean {
    const sealed = this.#sealed
    if (sealed.length === 0 && memory.owner === this) return this.#flushTail(target)
    if (memory.owner === this) {
      this.seal()
      memory.owner = undefined
    }
    let ready = true
    const last = sealed.length - 1
    for (const [index, { bytes, slab }] of sealed.entries()) ready = this.#write(target, bytes, index < last, slab)
    sealed.length = 0
    if (ready) this.drained()
    return ready
  }

  /** Fast path: everything pending lies at the tail of the open slab. */
  #flushTail(target: Pick<Pipe, 'write' | 'givesBack'>): boolean {
    const { slab, start, position } = memory
    memory.owner = undefined
    if (position === start) return true
    const ready = this.#write(target, slab.bytes.subarray(start, position), false, slab)
    if (ready) this.drained()
    return ready
  }

  #write(target: Pick<Pipe, 'write' | 'givesBack'>, bytes: Uint8Array, more: boolean, slab: Slab): boolean {
    const { length } = bytes
    this.flushed += length
    const givesBack = target.givesBack === true
    const ready = target.write(givesBack ? bytes : new Uint8Array(bytes), more)
    if (givesBack && (!ready || this.#inFlight.length > 0)) this.#inFlight.push({ slab, length })
    else memory.giveBack(slab, length)
    return ready
  }

  /** Gives back everything in flight: the pipe has sent it. */
  drained(): void {
    // On Bun it costs time to empty an array that is empty (bench: send, 1 a turn).
    if (this.#inFlight.length === 0) return
    for (const { slab, length } of this.#inFlight) memory.giveBack(slab, length)
    this.#inFlight.length = 0
  }

  /** Fills each slab but for a few bytes. Returns `length`, that of the payload. */
  #largeText(text: string, length: number): number {
    this.#startLargeFrame(WHOLE_TEXT, length)
    for (let index = 0; index < text.length; ) {
      // The position in the next slab has the same remainder modulo 4, so that the rotated key stays valid.
      if (memory.slab.bytes.length - memory.position < MAX_UNUSED) this.#nextSlab(memory.position & 3)
      const { slab, position: start } = memory
      let end = Math.min(text.length, index + Math.floor((slab.bytes.length - start) / 3))
      // A surrogate pair is one character, which must not be cut.
      if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--
      memory.position += this.#platform.encodeUtf8(text.slice(index, end), slab.bytes, start)
      maskOn(slab, start, memory.position)
      index = end
    }
    return length
  }

  /** Fills each slab to its end. That is a multiple of 4, so that the rotated key stays valid in the next one. */
  #largeFrame(first: number, payload: Uint8Array): void {
    const { length } = payload
    this.#startLargeFrame(first, length)
    for (let index = 0; index < length; ) {
      if (memory.position === memory.slab.bytes.length) this.#nextSlab()
      const { slab, position: start } = memory
      const part = Math.min(length - index, slab.bytes.length - start, COPY_SIZE)
      slab.bytes.set(payload.subarray(index, index + part), start)
      memory.position += part
      maskOn(slab, start, memory.position)
      index += part
    }
  }

  /** Writes the header and the masking key of a frame whose payload may go over several slabs. */
  #startLargeFrame(first: number, length: number): void {
    const header = headerLength(length)
    this.#claim(header, length)
    writeHeader(memory.slab.bytes, memory.position, first, length)
    memory.position += header
    maskInPlace(this.#platform, memory.slab, memory.position - 4, memory.position)
  }

  /**
   * Makes the tail of the open slab this writer's, with room for `room` bytes.
   *
   * @param size bytes that are to be written in all, here and in slabs that follow
   */
  #claim(room: number, size = room): void {
    if (!memory.claim(this, this.#platform, room, size)) this.#nextSlab()
  }

  /** Goes on at `position` of the next slab. If much waits, it is flushed early first. */
  #nextSlab(position = 0): void {
    this.seal()
    if (this.#sealed.length >= MAX_SPARE && this.#owner !== undefined) {
      // The pipe is foreign code, which may send on other connections: those use the key and the tail, too.
      const key = currentKey.word[0]!
      this.#owner.flushEarly()
      currentKey.word[0] = key
    }
    memory.openNext(this, this.#platform, position)
  }

  seal(): void {
    const { slab, start, position } = memory
    if (position > start) this.#sealed.push({ bytes: slab.bytes.subarray(start, position), slab })
    memory.start = position
  }
}

/** A control frame in memory of its own, of at most 125 bytes of payload. */
export function controlFrame(platform: Platform, opcode: number, payload: Uint8Array): Uint8Array {
  const length = 6 + payload.length
  const memory = new Slab(new Uint8Array((length + 3) & ~3))
  memory.bytes.set(payload, 6)
  writeHeader(memory.bytes, 0, FIN | opcode, payload.length)
  maskInPlace(platform, memory, 2, length)
  return memory.bytes.subarray(0, length)
}

/**
 * Encodes text of which all is ASCII: for a few characters a loop is faster than the call into the host (bench: send text
 * 16 B).
 *
 * @returns the length in bytes, -1 if not all is ASCII
 */
function encodeAscii(text: string, bytes: Uint8Array, start: number): number {
  const { length } = text
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return -1
    bytes[start + index] = code
  }
  return length
}

/** The length in bytes of a masked frame's header, with the minimal length encoding of RFC 6455 section 5.2. */
function headerLength(payloadLength: number): number {
  return payloadLength < 126 ? 6 : payloadLength < 0x10000 ? 8 : MAX_CLIENT_HEADER
}

/** Writes a header without its masking key; the mirror of what `FrameHeader` parses. */
function writeHeader(bytes: Uint8Array, at: number, first: number, length: number): void {
  bytes[at] = first
  if (length < 126) {
    bytes[at + 1] = MASK | length
  } else if (length < 0x10000) {
    bytes[at + 1] = MASK | LENGTH_16
    bytes[at + 2] = length >>> 8
    bytes[at + 3] = length
  } else {
    bytes[at + 1] = MASK | LENGTH_64
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
