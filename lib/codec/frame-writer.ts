import type { Pipe } from '../transport/pipe.ts'
import { MAX_SPARE, frameMemory as memory, Slab, type TailOwner } from './frame-memory.ts'
import { currentKey, maskInPlace, maskOn } from './mask.ts'
import { CLOSE, FIN, LENGTH_16, LENGTH_64, MASK, MAX_CLIENT_HEADER, RSV1, WHOLE_TEXT } from './opcodes.ts'
import type { Platform } from './platform.ts'

/** Text of up to 24 UTF-16 units is encoded by a loop if it is ASCII. */
const SHORT_TEXT = 24
/** Payloads of more than 128 KiB may go over several slabs. */
export const LARGE_PAYLOAD: number = 128 * 1024
/** Where large text goes over several slabs, at most 12 KiB of each are left empty, so that it is not encoded in tiny parts. */
const MAX_UNUSED = 12 * 1024
/** Large payloads are copied and masked 256 KiB at a time: bytes that were just copied are masked fastest. */
const COPY_SIZE = 256 * 1024

export interface FrameWriterOwner {
  /**
   * Called before a frame, or in the middle of a large one, when the waiting bytes fill the slabs that are kept, so that more of
   * them would need new memory. `flush` may be called within; it frees slabs if the network accepts everything.
   */
  flushEarly(): void
}

/**
 * Writes masked client frames (RFC 6455 sections 5.2 and 5.3), one behind the other, to the slabs of `FrameMemory`. `flush`
 * hands them to the pipe: everything that a connection sends in one turn of the event loop leaves in one write, or in a few
 * if it is longer than a slab.
 *
 * A pipe that `givesBack` gets the slab's own bytes, which stay in flight until it has sent them or has closed. Any other pipe
 * gets a copy, and owns that.
 *
 * A pipe is foreign code: its `write` may send on other connections, which use the same slabs and the same key, and on its
 * own. So it is called between two frames, or in the middle of a large one, which saves the key and goes on in another slab.
 */
export class FrameWriter implements TailOwner {
  readonly #platform: Platform
  readonly #owner: FrameWriterOwner | undefined
  /** Pieces to flush before the tail, in order, and the slab of each. */
  readonly #sealed: { readonly bytes: Uint8Array; readonly slab: Slab }[] = []
  /** Bytes in flight: the pipe has accepted them and may still read them. Undefined if there are none (bench: idle). */
  #inFlight: { readonly slab: Slab; readonly length: number }[] | undefined

  /** Bytes that `flush` has handed to the pipe since the connection began. */
  flushed = 0
  /** Whether a `flush` is under way: foreign code may run. */
  isFlushing = false
  /** Whether more waits than should: a slab is full, and others or parts of them wait already. */
  #isLong = false
  /** Frames that were sent in the middle of a large one, to be written behind it. Undefined outside of large frames. */
  #behindLarge: (() => void)[] | undefined
  #isReleased = false

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
    if (this.#behindLarge === undefined) return this.#text(text)
    this.#behindLarge.push(() => this.#text(text))
    return this.#platform.utf8Length(text)
  }

  /**
   * Writes a frame. The payload is copied.
   *
   * @param first the opcode, with the RSV bits if an extension sets them
   * @param final whether it is the last frame of its message
   */
  frame(first: number, payload: Uint8Array, final = true): void {
    const firstByte = final ? FIN | first : first
    if (this.#behindLarge === undefined) return this.#frame(firstByte, payload)
    const copy = new Uint8Array(payload)
    this.#behindLarge.push(() => this.#frame(firstByte, copy))
  }

  /** Flushes if whole slabs are waiting. Called where no frame has begun and no shared memory is in use. */
  flushIfLong(): void {
    if (!this.#isLong || this.isFlushing) return
    this.#isLong = false
    this.#owner?.flushEarly()
  }

  /** Whether bytes wait for `flush`. */
  get pending(): boolean {
    return this.#sealed.length > 0 || (memory.owner === this && memory.position > memory.start)
  }

  /**
   * Hands everything written since the last flush to `target`, in order. Not to be called while `isFlushing`.
   *
   * @returns the result of the last `write`; true if there was nothing to write
   */
  flush(target: Pick<Pipe, 'write' | 'givesBack'>): boolean {
    this.isFlushing = true
    try {
      if (this.#sealed.length === 0 && memory.owner === this) return this.#flushTail(target)
      return this.#flushSealed(target)
    } finally {
      this.isFlushing = false
      if (this.#isReleased) this.release()
    }
  }

  #flushSealed(target: Pick<Pipe, 'write' | 'givesBack'>): boolean {
    this.#releaseTail()
    const sealed = this.#sealed
    let ready = true
    let written = 0
    try {
      while (written < sealed.length) {
        const { bytes, slab } = sealed[written++]!
        ready = this.#write(target, bytes, written < sealed.length, slab)
      }
    } finally {
      sealed.splice(0, written)
    }
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
    let ready = false
    try {
      // The pipe may have closed, or close now.
      ready = this.#isReleased || target.write(givesBack ? bytes : new Uint8Array(bytes), more)
    } finally {
      const isInFlight = givesBack && !this.#isReleased && (!ready || this.#inFlight !== undefined)
      if (isInFlight) (this.#inFlight ??= []).push({ slab, length })
      else memory.giveBack(slab, length)
    }
    return ready
  }

  /** Gives back everything in flight: the pipe has sent it, or has closed. */
  drained(): void {
    const inFlight = this.#inFlight
    if (inFlight === undefined) return
    this.#inFlight = undefined
    for (const { slab, length } of inFlight) memory.giveBack(slab, length)
  }

  /** The last call: the pipe has closed, and looks at no byte any more. Gives back everything, sent or not. */
  release(): void {
    this.#isReleased = true
    if (this.isFlushing) return
    this.#releaseTail()
    for (const { bytes, slab } of this.#sealed.splice(0)) memory.giveBack(slab, bytes.length)
    this.drained()
  }

  #text(text: string): number {
    const platform = this.#platform
    let likely = text.length
    let most = likely * 3
    if (most > LARGE_PAYLOAD) {
      likely = most = platform.utf8Length(text)
      if (most > LARGE_PAYLOAD) return this.#large(() => this.#largeText(text, most))
    }
    this.flushIfLong()

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

  #frame(first: number, payload: Uint8Array): void {
    const { length } = payload
    const header = headerLength(length)
    if (length > LARGE_PAYLOAD) return this.#large(() => this.#largeFrame(first, payload))
    // The payload of a control frame is borrowed from a pipe, and compressed bytes are in memory that connections share.
    if ((first & (RSV1 | CLOSE)) === 0) this.flushIfLong()
    this.#claim(header + length)
    const { slab, position } = memory
    const { bytes } = slab
    const start = position + header
    // Up to 32 bytes, a loop is faster than the call into the host (bench: send).
    if (length <= 32) for (let index = 0; index < length; index++) bytes[start + index] = payload[index]!
    else bytes.set(payload, start)
    writeHeader(bytes, position, first, length)
    maskInPlace(this.#platform, slab, start - 4, start + length)
    memory.position = start + length
  }

  /** Writes a large frame, and behind it all frames that foreign code has sent in its middle. */
  #large<Result>(write: () => Result): Result {
    // Called for a frame of `behind` that is large itself.
    if (this.#behindLarge !== undefined) return write()
    const behind: (() => void)[] = []
    this.#behindLarge = behind
    const result = write()
    for (const writeNext of behind) writeNext()
    this.#behindLarge = undefined
    return result
  }

  /** Fills each slab but for a few bytes. Returns `length`, that of the payload. */
  #largeText(text: string, length: number): number {
    this.#startLargeFrame(WHOLE_TEXT, length)
    for (let index = 0; index < text.length; ) {
      // The position in the next slab has the same remainder modulo 4, so that the rotated key stays valid.
      if (memory.slab.bytes.length - memory.position < MAX_UNUSED) this.#nextSlabOfLarge(memory.position & 3)
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
      if (memory.position === memory.slab.bytes.length) this.#nextSlabOfLarge()
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
    if (memory.claim(this, this.#platform, room, size)) return
    this.#sealSlab()
    memory.openNext(this, this.#platform, 0)
  }

  /** Continues a large frame at `position` of the next slab. Flushes the full slabs first, if the pipe takes them. */
  #nextSlabOfLarge(position = 0): void {
    this.#sealSlab()
    const key = currentKey.word[0]!
    this.flushIfLong()
    currentKey.word[0] = key
    // The tail may be another connection's by now.
    memory.openNext(this, this.#platform, position)
  }

  #sealSlab(): void {
    this.seal()
    this.#isLong = this.#sealed.length >= MAX_SPARE
  }

  seal(): void {
    const { slab, start, position } = memory
    memory.start = position
    if (position === start) return
    // Foreign code has closed the pipe in the middle of a write.
    if (this.#isReleased) memory.giveBack(slab, position - start)
    else this.#sealed.push({ bytes: slab.bytes.subarray(start, position), slab })
  }

  #releaseTail(): void {
    if (memory.owner !== this) return
    this.seal()
    memory.owner = undefined
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
