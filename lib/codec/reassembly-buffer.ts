import type { Platform } from './platform.ts'

/** The least growth of a buffer, in bytes. */
const GROWTH_STEP = 1024 * 1024
/**
 * Growth factor of a buffer. Capacity follows what has arrived, not the length that was announced, so a lying length costs
 * nothing. Each growth copies everything.
 */
const GROWTH = 4
/** The size of a text buffer, in bytes. */
export const TEXT_BUFFER_SIZE: number = 256 * 1024
/** The pool has at most 8 text buffers, leased or not. */
const MAX_TEXT_BUFFERS = 8

// What the memory of a reassembly buffer is.
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

/** Shared by all connections of the process: few of them reassemble text at the same moment. */
const textBuffers = new TextBufferPool()

/** The memory in which the payload of one message is put together. */
export class ReassemblyBuffer {
  readonly #platform: Platform
  /** The payload so far is `bytes[0, length)`. */
  bytes: Uint8Array<ArrayBuffer> = EMPTY
  length = 0
  /** What the memory of `bytes` is: NONE, OWN, LEASED or SCRATCH. */
  memory: number = NONE

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /** Uses a text buffer, if one is free, for a message of up to 256 KiB. */
  leaseTextBuffer(): void {
    const buffer = textBuffers.lease(this.#platform)
    if (buffer !== undefined) this.use(buffer, LEASED)
  }

  /** Changes to other memory, which has a copy of the payload so far. */
  use(bytes: Uint8Array<ArrayBuffer>, memory: number): void {
    if (this.memory === LEASED) textBuffers.release(this.bytes)
    this.bytes = bytes
    this.memory = memory
  }

  /** Appends `chunk[start, end)`, with the room and the result of `reserve`. */
  append(chunk: Uint8Array, start: number, end: number, wanted: number): boolean {
    if (!this.reserve(end - start, wanted)) return false
    // A pipe that read to the read target has put the bytes in place already.
    const isInPlace = chunk.buffer === this.bytes.buffer && chunk.byteOffset + start === this.length
    if (!isInPlace) this.bytes.set(chunk.subarray(start, end), this.length)
    this.length += end - start
    return true
  }

  /**
   * Makes room for `incoming` bytes more.
   *
   * @param wanted the capacity that the message needs if it keeps what it announced, in bytes; approached in steps
   * @returns false if the host has no memory of that size
   */
  reserve(incoming: number, wanted: number): boolean {
    const needed = this.length + incoming
    return needed <= this.bytes.length || this.#grow(needed, wanted)
  }

  #grow(needed: number, wanted: number): boolean {
    const step = Math.max(this.bytes.length * GROWTH, GROWTH_STEP)
    let bytes: Uint8Array<ArrayBuffer>
    try {
      bytes = this.#platform.allocate(Math.max(needed, Math.min(wanted, step)))
    } catch {
      return false
    }
    bytes.set(this.bytes.subarray(0, this.length))
    this.use(bytes, OWN)
    return true
  }

  /** The payload as an ArrayBuffer that the caller owns. */
  toArrayBuffer(): ArrayBuffer {
    const { buffer, length } = this.bytes
    return this.memory === OWN && length === this.length ? buffer : buffer.slice(0, this.length)
  }

  clear(): void {
    this.use(EMPTY, NONE)
    this.length = 0
  }
}
