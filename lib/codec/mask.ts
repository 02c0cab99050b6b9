import type { MaskingMemory, Platform } from './platform.ts'

/**
 * Masking of client frames (RFC 6455 section 5.3). Keys, and the nonce of the opening handshake, come from the system's
 * generator by way of a pool: one call for 1,024 keys instead of one each.
 */

const POOL_SIZE = 4096
const pool = new Uint8Array(POOL_SIZE)
let poolPosition = POOL_SIZE
let poolPlatform: Platform | undefined

// One key, seen as four bytes and as one word: no arithmetic on the host's byte order is needed.
const keyBytes = new Uint8Array(4)
const keyWord = new Int32Array(keyBytes.buffer)

/** Memory that is masked in place. */
export interface MaskableMemory {
  readonly bytes: Uint8Array
  /** The same as whole words; what is left over at the end of `bytes` cannot be masked. */
  readonly words: Int32Array
  /** What `bytes` is a part of, at a multiple of four, if the host helps. */
  readonly masking: MaskingMemory | undefined
}

/** From so many bytes on the call into the host pays (bench: send). */
const WORTH_THE_CALL = 64

/** Writes a fresh masking key at `bytes[at, at + 4)` and masks `bytes[at + 4, end)` in place. */
export function maskInPlace(platform: Platform, memory: MaskableMemory, at: number, end: number): void {
  writeKey(platform, memory.bytes, at)
  maskOn(memory, at + 4, end)
}

/**
 * Masks `bytes[start, end)` with the key that was written last. In other memory than the part before, it is to begin at the
 * same remainder of four as it would stand at behind that.
 */
export function maskOn({ bytes, words, masking }: MaskableMemory, start: number, end: number): void {
  let position = start
  // 1. Single bytes up to the first whole word.
  while (position < end && (position & 3) !== 0) {
    bytes[position] = bytes[position]! ^ keyBytes[position & 3]!
    position++
  }
  // 2. Aligned words.
  const key = keyWord[0]!
  const lastWord = (end - (end & 3)) / 4
  let word = (position - (position & 3)) / 4
  if (masking !== undefined && end - start >= WORTH_THE_CALL) {
    const { byteOffset } = bytes
    masking.mask(byteOffset + word * 4, byteOffset + lastWord * 4, key)
    word = lastWord
  }
  // Four in a turn: 5 to 8 times faster than a byte loop.
  for (const lastFour = lastWord - 3; word < lastFour; word += 4) {
    words[word] = words[word]! ^ key
    words[word + 1] = words[word + 1]! ^ key
    words[word + 2] = words[word + 2]! ^ key
    words[word + 3] = words[word + 3]! ^ key
  }
  for (; word < lastWord; word++) words[word] = words[word]! ^ key
  // 3. What is left of the last word.
  if (word * 4 > position) position = word * 4
  for (; position < end; position++) bytes[position] = bytes[position]! ^ keyBytes[position & 3]!
}

/** The key that was written last, for {@link useKey}. */
export function currentKey(): number {
  return keyWord[0]!
}

/** Goes on with a key, after others may have been written. */
export function useKey(key: number): void {
  keyWord[0] = key
}

/** So many random bytes that nobody else gets: whole words, and not many. */
export function takeRandom(platform: Platform, count: number): Uint8Array {
  if (POOL_SIZE - poolPosition < count || poolPlatform !== platform) refill(platform)
  poolPosition += count
  return pool.slice(poolPosition - count, poolPosition)
}

function refill(platform: Platform): void {
  platform.fillRandom(pool)
  poolPosition = 0
  poolPlatform = platform
}

/** Writes a fresh key, and turns it so that the payload byte at index i of `bytes` takes byte i mod 4 of `keyBytes`. */
function writeKey(platform: Platform, bytes: Uint8Array, at: number): void {
  if (poolPosition === POOL_SIZE || poolPlatform !== platform) refill(platform)
  const turn = at & 3
  for (let index = 0; index < 4; index++) {
    const byte = pool[poolPosition++]!
    bytes[at + index] = byte
    keyBytes[(turn + index) & 3] = byte
  }
}
