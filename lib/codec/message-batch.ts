import { LENGTH_16, OPCODE_BITS, TEXT, WHOLE_BINARY, WHOLE_TEXT } from './opcodes.ts'
import type { Platform } from './platform.ts'
import { type ReadBuffer, readBuffers } from './read-buffer.ts'

/** The longest message of a batch, in bytes. */
const MAX_BATCHED = 16 * 1024
/** The fewest messages that are worth a batch. */
const MIN_BATCH = 4

/** ASCII text is decoded in blocks of 1 KiB, and the messages are slices of the block. */
const BLOCK_SIZE = 1024
/** Text of more than 256 bytes is decoded by itself, which is as fast. */
const MAX_SLICED = 256

/**
 * Small messages that arrived together, each in one frame, whole and checked. Each is decoded when it is asked for, so that
 * the backlog is one buffer, in place of thousands of strings and ArrayBuffers that the next garbage collection would have to
 * copy (bench: receive text 16 B).
 */
export class MessageBatch {
  /** How many messages are left. */
  left = 0
  /** The frames' length in bytes. */
  readonly size: number

  readonly #platform: Platform
  /** The frames. The batch holds a reference until its last message was decoded. */
  readonly #buffer: ReadBuffer
  /** Where the next frame begins, and the payload of the last one has ended. */
  #position = 0
  /** Where the payload of the last frame began. */
  #start = 0
  /** Whether all text of up to 256 bytes is ASCII. */
  #isAscii = true

  /** `bytes[#blockStart, #blockEnd)` as a string. A message that is kept keeps all of its block alive. */
  #block = ''
  #blockStart = 0
  #blockEnd = 0

  /**
   * Takes the frames of `chunk[start, end)`, up to one whose text is ill-formed. `takeBatch` has found out that they are
   * whole messages and small.
   *
   * @param memory the read buffer that the chunk was read to; undefined if it is the pipe's own memory
   */
  constructor(platform: Platform, chunk: Uint8Array, start: number, end: number, memory: ReadBuffer | undefined) {
    const length = end - start
    this.#platform = platform
    const bytes = chunk.subarray(start, end)
    if (memory?.retain(bytes) === true) {
      this.#buffer = memory
      this.#position = bytes.byteOffset
    } else {
      this.#buffer = readBuffers.take(platform, length)
      this.#buffer.bytes.set(bytes)
    }
    this.size = this.#check(this.#position + length) - this.#position
  }

  /** The next message. Not to be called when none is left. */
  next(): string | ArrayBuffer {
    const message = this.#decode() ?? copy(this.#buffer.bytes, this.#start, this.#position).buffer
    if (this.left === 0) this.#buffer.release()
    return message
  }

  /** The same for a stream: a binary message as a Uint8Array. */
  nextChunk(): string | Uint8Array<ArrayBuffer> {
    const message = this.#decode() ?? copy(this.#buffer.bytes, this.#start, this.#position)
    if (this.left === 0) this.#buffer.release()
    return message
  }

  /** Gives up the messages that are left. */
  drop(): void {
    this.#buffer.release()
    this.left = 0
  }

  /** Reads the next frame. Returns its text; undefined if it is binary, with the payload from `#start` to `#position`. */
  #decode(): string | undefined {
    const { bytes } = this.#buffer
    const opcode = bytes[this.#position]! & OPCODE_BITS
    const start = payloadStart(bytes, this.#position)
    const end = start + payloadLength(bytes, this.#position)
    this.#start = start
    this.#position = end
    this.left--
    if (opcode !== TEXT) return undefined
    const { decodeLatin1 } = this.#platform
    if (!this.#isAscii || decodeLatin1 === undefined || end - start > MAX_SLICED) {
      return this.#platform.decodeUtf8(bytes, start, end)!
    }
    if (end > this.#blockEnd) {
      this.#blockStart = start
      this.#blockEnd = Math.min(start + BLOCK_SIZE, bytes.length)
      this.#block = decodeLatin1(bytes, start, this.#blockEnd)
    }
    return this.#block.slice(start - this.#blockStart, end - this.#blockStart)
  }

  /** Counts the messages before `end`, up to one whose text is ill-formed. Returns where they end. */
  #check(end: number): number {
    const { bytes, words } = this.#buffer
    let position = this.#position
    while (position < end) {
      const start = payloadStart(bytes, position)
      const after = start + payloadLength(bytes, position)
      const isText = (bytes[position]! & OPCODE_BITS) === TEXT
      if (isText && (after - start > MAX_SLICED || !isAscii(bytes, words, start, after))) {
        if (!this.#platform.isUtf8(bytes, start, after)) break
        if (after - start <= MAX_SLICED) this.#isAscii = false
      }
      this.left++
      position = after
    }
    return position
  }
}

/**
 * Takes the messages at `chunk[start]` as a batch, if at least four in a row are small, whole, and in one frame each. The
 * batch ends before text that is ill-formed.
 *
 * @param maxPayload the user's limit, in bytes
 * @param memory the read buffer that the chunk was read to; undefined if it is the pipe's own memory
 */
export function takeBatch(
  platform: Platform,
  chunk: Uint8Array,
  start: number,
  maxPayload: number,
  memory: ReadBuffer | undefined,
): MessageBatch | undefined {
  const longest = Math.min(MAX_BATCHED, maxPayload)
  const end = chunk.length
  let count = 0
  let position = start
  while (position + 4 <= end) {
    const first = chunk[position]!
    let length = chunk[position + 1]!
    let header = 2
    if (length === LENGTH_16) {
      length = (chunk[position + 2]! << 8) | chunk[position + 3]!
      // Not the shortest encoding: the frame reader refuses it.
      if (length < 126) break
      header = 4
    } else if (length > LENGTH_16) break
    const after = position + header + length
    if ((first !== WHOLE_TEXT && first !== WHOLE_BINARY) || length > longest || after > end) break
    count++
    position = after
  }
  if (count < MIN_BATCH) return undefined
  const batch = new MessageBatch(platform, chunk, start, position, memory)
  if (batch.left > 0) return batch
  batch.drop()
  return undefined
}

/** Where the payload of the frame at `at` begins. The frame is not masked, and not longer than 64 KiB. */
function payloadStart(bytes: Uint8Array, at: number): number {
  return bytes[at + 1] === LENGTH_16 ? at + 4 : at + 2
}

function payloadLength(bytes: Uint8Array, at: number): number {
  const length = bytes[at + 1]!
  return length === LENGTH_16 ? (bytes[at + 2]! << 8) | bytes[at + 3]! : length
}

/** Reads words of four bytes: as fast as a call into the host for text this short (bench: receive text 128 B). */
function isAscii(bytes: Uint8Array, words: Int32Array, start: number, end: number): boolean {
  let seen = 0
  let position = start
  while ((position & 3) !== 0 && position < end) seen |= bytes[position++]!
  let seenWords = 0
  for (; position + 16 <= end; position += 16) {
    const word = position >> 2
    seenWords |= words[word]! | words[word + 1]! | words[word + 2]! | words[word + 3]!
  }
  for (; position + 4 <= end; position += 4) seenWords |= words[position >> 2]!
  while (position < end) seen |= bytes[position++]!
  return ((seen & 0x80) | (seenWords & 0x80808080)) === 0
}

/** Copies `bytes[start, end)`. In V8, a copy of up to 64 bytes has no ArrayBuffer until that is asked for. */
export function copy(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const target = new Uint8Array(end - start)
  // Up to 64 bytes, a loop is faster than the view and the call into the host; and a new view faster than `subarray` of a Buffer
  // (bench: receive).
  if (end - start <= 64) for (let index = start; index < end; index++) target[index - start] = bytes[index]!
  else target.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start))
  return target
}
