import type { Platform } from './platform.ts'

/** Size of a read buffer, and so the most that one read takes, in bytes. */
const SIZE = 256 * 1024
/** Unused buffers that the pool keeps. */
const MAX_POOLED = 8
/** For fewer bytes than this, a buffer of just that size is allocated, since each of many connections may hold one. */
const MIN_POOLED = 16 * 1024
/** The least number of bytes for which all of a buffer is retained. Fewer are copied. */
const MIN_RETAINED = 16 * 1024
/** A chunk of at least 8 KiB is a sign that more follows at once. */
const FLOOD = 8 * 1024
/** A read buffer with less than 128 KiB behind what is referenced is replaced. */
const MIN_ROOM = 128 * 1024

/**
 * Memory that a pipe reads to, and that messages are decoded from later. It counts its references, and goes back to the pool
 * when it has none: touching fresh memory costs as much as copying (bench: receive text 128 B).
 */
export class ReadBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The same memory as whole words. */
  readonly words: Int32Array
  /** End of the region that is still referenced; bytes beyond it may be overwritten. */
  retainedEnd = 0
  /** Number of chunks and readers that use the buffer. Its taker has the first reference. */
  references = 1

  constructor(platform: Platform, size: number) {
    this.bytes = platform.allocate(size)
    this.words = new Int32Array(this.bytes.buffer)
  }

  /**
   * Adds a reference for `bytes`, which are a part of this buffer.
   *
   * @returns false if they are too few to retain the whole buffer for them
   */
  retain(bytes: Uint8Array): boolean {
    if (bytes.length < MIN_RETAINED) return false
    this.references++
    this.retainedEnd = Math.max(this.retainedEnd, bytes.byteOffset + bytes.length)
    return true
  }

  /** Removes a reference. */
  release(): void {
    if (--this.references === 0) readBuffers.put(this)
  }
}

class ReadBufferPool {
  readonly #unused: ReadBuffer[] = []

  /** A buffer of at least `size` bytes, with one reference. */
  take(platform: Platform, size: number): ReadBuffer {
    if (size < MIN_POOLED || size > SIZE) return new ReadBuffer(platform, size + (-size & 3))
    return this.#unused.pop() ?? new ReadBuffer(platform, SIZE)
  }

  /** Takes back a buffer that has no reference any more. */
  put(buffer: ReadBuffer): void {
    if (buffer.bytes.length !== SIZE || this.#unused.length === MAX_POOLED) return
    buffer.retainedEnd = 0
    buffer.references = 1
    this.#unused.push(buffer)
  }
}

/** Shared by all readers and batches of the process: a buffer that one connection is done with is the next one's. */
export const readBuffers: ReadBufferPool = new ReadBufferPool()

/**
 * The read buffer of one reader, which holds one only while much arrives: an idle connection owns no buffer.
 */
export class ReadBufferLease {
  readonly #platform: Platform
  #buffer: ReadBuffer | undefined
  #isFlood = false

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /** Called for each chunk that arrives. Returns the read buffer that it is in; undefined if it is the pipe's own memory. */
  bufferOf(chunk: Uint8Array): ReadBuffer | undefined {
    this.#isFlood = chunk.length >= FLOOD
    return chunk.buffer === this.#buffer?.bytes.buffer ? this.#buffer : undefined
  }

  /** Where the next read should go, behind everything that is still referenced; undefined for the pipe's own memory. */
  readTarget(): Uint8Array | undefined {
    let buffer = this.#buffer
    // The lease's own reference is the only one.
    if (buffer?.references === 1) buffer.retainedEnd = 0
    if (buffer !== undefined && (!this.#isFlood || buffer.bytes.length - buffer.retainedEnd < MIN_ROOM)) {
      buffer.release()
      this.#buffer = undefined
    }
    if (!this.#isFlood) return undefined
    buffer = this.#buffer ??= readBuffers.take(this.#platform, SIZE)
    return buffer.retainedEnd === 0 ? buffer.bytes : buffer.bytes.subarray(buffer.retainedEnd)
  }

  /** Ends the lease, without a release: the pipe may have been given the buffer, and fill it once more. */
  abandon(): void {
    this.#buffer = undefined
  }
}
