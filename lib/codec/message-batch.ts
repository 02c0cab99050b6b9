import { BINARY, TEXT } from './opcodes.ts'
import type { Platform } from './platform.ts'
import { ReadBuffer } from './read-buffer.ts'

const FINAL_TEXT = 0x80 | TEXT
const FINAL_BINARY = 0x80 | BINARY

/** Messages of more than this many bytes are not gathered. */
const MAX_BATCHED = 16 * 1024
/** Fewer messages than this that come together are not worth a batch. */
const MIN_BATCH = 4

/** Text is turned into a string by blocks of this many bytes, of which the messages are then cut. */
const BLOCK = 1024
/** Longer messages gain nothing by that. */
const MAX_BLOCKED = 256
const OPCODE = 0x0f

/**
 * Small messages that came in one chunk, each in one frame: whole and checked, and decoded when they are asked for. So
 * what waits is one buffer in place of thousands of strings and buffers, all alive at the next garbage collection
 * (bench: receive text 16 B).
 */
export class MessageBatch {
  /** How many messages are left. */
  left = 0
  /** Bytes of the frames. */
  readonly size: number

  readonly #platform: Platform
  readonly #buffer: ReadBuffer
  #position = 0
  #start = 0
  /** All text that is short enough for blocks is ASCII. */
  #isAscii = true

  /** A part of the frames as a string, each byte a unit. A message that is kept keeps so much of it alive, at most. */
  #block = ''
  #blockStart = 0
  #blockEnd = 0

  /**
   * Takes frames from `chunk[start, end)`, as far as their text is well-formed. They have the shape that is said above.
   *
   * @param memory what the chunk was read to, if it may be kept
   */
  constructor(platform: Platform, chunk: Uint8Array, start: number, end: number, memory: ReadBuffer | undefined) {
    const length = end - start
    this.#platform = platform
    const bytes = chunk.subarray(start, end)
    if (memory?.keep(bytes) === true) {
      this.#buffer = memory
      this.#position = bytes.byteOffset
    } else {
      this.#buffer = ReadBuffer.take(platform, length)
      this.#buffer.bytes.set(bytes)
      this.#buffer.users++
    }
    this.size = this.#check(this.#position + length) - this.#position
  }

  /** The next message. There must be one. */
  next(): string | ArrayBuffer {
    const message = this.#decode() ?? copy(this.#buffer.bytes, this.#start, this.#position).buffer
    if (this.left === 0) this.#buffer.release()
    return message
  }

  /** The same for a stream: binary as bytes. */
  nextChunk(): string | Uint8Array<ArrayBuffer> {
    const message = this.#decode() ?? copy(this.#buffer.bytes, this.#start, this.#position)
    if (this.left === 0) this.#buffer.release()
    return message
  }

  /** Gives up what is left. */
  drop(): void {
    this.#buffer.release()
    this.left = 0
  }

  /** Goes on to the next message. Undefined for a binary one, which is `#start` to `#position` then. */
  #decode(): string | undefined {
    const { bytes } = this.#buffer
    const opcode = bytes[this.#position]! & OPCODE
    const start = payloadStart(bytes, this.#position)
    const end = start + payloadLength(bytes, this.#position)
    this.#start = start
    this.#position = end
    this.left--
    if (opcode !== TEXT) return undefined
    const { decodeLatin1 } = this.#platform
    if (!this.#isAscii || decodeLatin1 === undefined || end - start > MAX_BLOCKED) {
      return this.#platform.decodeUtf8(bytes, start, end)!
    }
    if (end > this.#blockEnd) {
      this.#blockStart = start
      this.#blockEnd = Math.min(start + BLOCK, bytes.length)
      this.#block = decodeLatin1(bytes, start, this.#blockEnd)
    }
    return this.#block.slice(start - this.#blockStart, end - this.#blockStart)
  }

  /** Counts the messages up to one whose text is ill-formed. Returns where they end. */
  #check(end: number): number {
    const { bytes, words } = this.#buffer
    let position = this.#position
    while (position < end) {
      const start = payloadStart(bytes, position)
      const after = start + payloadLength(bytes, position)
      const isText = (bytes[position]! & OPCODE) === TEXT
      if (isText && (after - start > MAX_BLOCKED || !isAscii(bytes, words, start, after))) {
        if (!this.#platform.isUtf8(bytes, start, after)) break
        if (after - start <= MAX_BLOCKED) this.#isAscii = false
      }
      this.left++
      position = after
    }
    return position
  }
}

/**
 * Takes the messages from `chunk[start]` on as a batch, if there are enough that are small, in one frame, whole and
 * well-formed.
 *
 * @param maxPayload the longest that may be, in bytes
 * @param memory what the chunk was read to, if it may be kept
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
    if (length === 126) {
      length = (chunk[position + 2]! << 8) | chunk[position + 3]!
      // One that ought to be in a shorter form is no matter for us.
      if (length < 126) break
      header = 4
    } else if (length > 126) break
    const after = position + header + length
    if ((first !== FINAL_TEXT && first !== FINAL_BINARY) || length > longest || after > end) break
    count++
    position = after
  }
  if (count < MIN_BATCH) return undefined
  const batch = new MessageBatch(platform, chunk, start, position, memory)
  if (batch.left > 0) return batch
  batch.drop()
  return undefined
}

/** Where the payload begins of an unmasked frame at `at` that is not longer than 64 KiB. */
function payloadStart(bytes: Uint8Array, at: number): number {
  return bytes[at + 1] === 126 ? at + 4 : at + 2
}

function payloadLength(bytes: Uint8Array, at: number): number {
  const length = bytes[at + 1]!
  return length === 126 ? (bytes[at + 2]! << 8) | bytes[at + 3]! : length
}

/** By words of four bytes: as quick as a call into the host for what is so short (bench: receive text 128 B). */
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

/** `bytes[start, end)` in memory of their own. Few of them have no ArrayBuffer in V8 until it is asked for. */
export function copy(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const target = new Uint8Array(end - start)
  // Below this size a loop beats the view and the call into the host (bench: receive).
  if (end - start <= 64) for (let index = start; index < end; index++) target[index - start] = bytes[index]!
  else target.set(bytes.subarray(start, end))
  return target
}
