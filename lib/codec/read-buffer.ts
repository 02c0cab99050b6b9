import type { Platform } from './platform.ts'

/** One read takes up to so many bytes. */
const SIZE = 256 * 1024
/** So many buffers that nobody uses are kept for the next ones who need some. */
const MAX_POOLED = 8
const MIN_POOLED = 16 * 1024
const pool: ReadBuffer[] = []
/** For fewer bytes than this no buffer is kept: they are copied. */
const MIN_KEPT = 16 * 1024

/**
 * Memory that reads go to and messages are decoded from: counted, and used again, since to touch fresh memory costs as
 * much as to copy (bench: receive text 128 B).
 */
export class ReadBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The same as whole words. */
  readonly words: Int32Array
  /** Up to here are bytes that somebody still needs. */
  used = 0
  /** How many need it. */
  users = 0

  private constructor(platform: Platform, size: number) {
    this.bytes = platform.allocate(size)
    this.words = new Int32Array(this.bytes.buffer)
  }

  /** One of at least `size` bytes, with no user yet. */
  static take(platform: Platform, size: number): ReadBuffer {
    // A small one is no more than it has to be, since there may be one for each of many connections.
    if (size < MIN_POOLED || size > SIZE) return new ReadBuffer(platform, size + (-size & 3))
    const buffer = pool.pop() ?? new ReadBuffer(platform, SIZE)
    buffer.used = 0
    return buffer
  }

  /**
   * One user more, for bytes of it that are needed.
   *
   * @returns false if they are too few to keep all of it for them
   */
  keep(bytes: Uint8Array): boolean {
    if (bytes.length < MIN_KEPT) return false
    this.users++
    this.used = Math.max(this.used, bytes.byteOffset + bytes.length)
    return true
  }

  /** A user less. */
  release(): void {
    if (--this.users === 0 && this.bytes.length === SIZE && pool.length < MAX_POOLED) pool.push(this)
  }
}

/** A chunk of so many bytes is likely to be followed by more at once. */
const FLOOD = 8 * 1024
/** With less room than this, in bytes, another buffer is taken. */
const MIN_ROOM = 128 * 1024

/**
 * Where a reader lets its pipe read to while much arrives: memory that may be kept for messages which wait. Else there is
 * none, so that an idle connection owns no buffer.
 */
export class ReadTarget {
  readonly #platform: Platform
  #buffer: ReadBuffer | undefined
  #isFlood = false

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /** A chunk has come, of so many bytes. */
  note(length: number): void {
    this.#isFlood = length >= FLOOD
  }

  /** The buffer that a chunk was read to, if it is ours. */
  bufferOf(chunk: Uint8Array): ReadBuffer | undefined {
    return chunk.buffer === this.#buffer?.bytes.buffer ? this.#buffer : undefined
  }

  /** Room for the next read, behind what is still needed. */
  room(): Uint8Array | undefined {
    let buffer = this.#buffer
    if (buffer?.users === 1) buffer.used = 0
    if (buffer !== undefined && (!this.#isFlood || buffer.bytes.length - buffer.used < MIN_ROOM)) {
      buffer.release()
      this.#buffer = undefined
      buffer = undefined
    }
    if (!this.#isFlood) return undefined
    if (buffer === undefined) {
      buffer = ReadBuffer.take(this.#platform, SIZE)
      buffer.users++
      this.#buffer = buffer
    }
    return buffer.used === 0 ? buffer.bytes : buffer.bytes.subarray(buffer.used)
  }

  /** Reads no more. The buffer is not for others: the pipe may have been given it, and fill it once more. */
  close(): void {
    this.#buffer = undefined
  }
}
