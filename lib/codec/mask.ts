import type { MaskingMemory, Platform } from './platform.ts'
import { randomPool } from './random-pool.ts'

/* Masking of client frames (RFC 6455 section 5.3). */

/** Payloads of at least 64 bytes are masked by the host where it can: for fewer, the call costs more than a loop (bench: send). */
const HOST_MASKING_MIN = 64

/** Memory whose bytes can be masked in place. */
export interface MaskableMemory {
  readonly bytes: Uint8Array
  /** The same memory as whole words. Bytes beyond the last whole word cannot be masked. */
  readonly words: Int32Array
  /** The masking memory that `bytes` is a part of, at a multiple of four; undefined if `bytes` is ordinary memory. */
  readonly masking: MaskingMemory | undefined
}

/**
 * The masking key of the frame that is being written.
 *
 * The key is stored rotated: the byte at index i of the frame's memory is masked by key byte i modulo 4, wherever the
 * payload begins.
 */
class MaskingKey {
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4)
  /** The same four bytes as one word, so that no arithmetic depends on the host's byte order. */
  readonly word: Int32Array = new Int32Array(this.bytes.buffer)
}

/**
 * Shared by all frame writers of the process, since one frame is written at a time. Valid from `maskInPlace` to the last
 * `maskOn` of the frame. Whoever lets foreign code run in between saves and restores the key.
 */
export const currentKey: MaskingKey = new MaskingKey()

/** Writes a fresh masking key to `bytes[at, at + 4)` and masks `bytes[at + 4, end)` in place. */
export function maskInPlace(platform: Platform, memory: MaskableMemory, at: number, end: number): void {
  writeKey(platform, memory.bytes, at)
  maskOn(memory, at + 4, end)
}

/**
 * Masks `bytes[start, end)` with the current key.
 *
 * If the payload's previous part is in other memory, `start` must have the remainder modulo 4 that it would have directly
 * behind that part.
 */
export function maskOn({ bytes, words, masking }: MaskableMemory, start: number, end: number): void {
  const { bytes: keyBytes } = currentKey
  let position = start
  // 1. Single bytes up to the first whole word.
  while (position < end && (position & 3) !== 0) {
    bytes[position] = bytes[position]! ^ keyBytes[position & 3]!
    position++
  }
  // 2. Aligned words: by the host, or four to an iteration, which is 5 to 8 times faster than a byte loop.
  const key = currentKey.word[0]!
  const lastWord = (end - (end & 3)) / 4
  let word = (position - (position & 3)) / 4
  if (masking !== undefined && end - start >= HOST_MASKING_MIN) {
    const { byteOffset } = bytes
    masking.mask(byteOffset + word * 4, byteOffset + lastWord * 4, key)
    word = lastWord
  }
  for (const lastFour = lastWord - 3; word < lastFour; word += 4) {
    words[word] = words[word]! ^ key
    words[word + 1] = words[word + 1]! ^ key
    words[word + 2] = words[word + 2]! ^ key
    words[word + 3] = words[word + 3]! ^ key
  }
  for (; word < lastWord; word++) words[word] = words[word]! ^ key
  // 3. Single bytes behind the last whole word.
  if (word * 4 > position) position = word * 4
  for (; position < end; position++) bytes[position] = bytes[position]! ^ keyBytes[position & 3]!
}

/** Writes a fresh key to `bytes[at, at + 4)`, and makes it the current one. */
function writeKey(platform: Platform, bytes: Uint8Array, at: number): void {
  const { bytes: random } = randomPool
  const { bytes: keyBytes } = currentKey
  const from = randomPool.advance(platform, 4)
  for (let index = 0; index < 4; index++) {
    const byte = random[from + index]!
    bytes[at + index] = byte
    // The payload begins at `at + 4`, which has the same remainder modulo 4 as `at`.
    keyBytes[(at + index) & 3] = byte
  }
}
