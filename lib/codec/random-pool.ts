import type { Platform } from './platform.ts'

/** Bytes fetched from the system's generator at a time: one call for 1,024 masking keys instead of one for each. */
const SIZE = 4096

/**
 * Bytes of the system's cryptographic generator, for masking keys (RFC 6455 section 5.3) and the nonce of the opening
 * handshake (section 4.1). Each byte is given out once.
 */
class RandomPool {
  readonly bytes: Uint8Array = new Uint8Array(SIZE)
  /** Index of the next byte to give out. Those before it were given out. */
  #position = SIZE
  /** The platform that filled the pool. Another one does not get its bytes. */
  #platform: Platform | undefined

  /** Takes `count` bytes, at most 4096, in memory of their own. */
  take(platform: Platform, count: number): Uint8Array {
    const index = this.advance(platform, count)
    return this.bytes.slice(index, index + count)
  }

  /**
   * The same without a copy.
   *
   * @returns the index of the bytes in `bytes`, where they stay until the next call
   */
  advance(platform: Platform, count: number): number {
    if (SIZE - this.#position < count || this.#platform !== platform) {
      platform.fillRandom(this.bytes)
      this.#position = 0
      this.#platform = platform
    }
    const index = this.#position
    this.#position += count
    return index
  }
}

/**
 * Shared by all connections of the process, so that few of them have to call the system's generator. What `advance` has given
 * out is copied before anything else runs.
 */
export const randomPool: RandomPool = new RandomPool()
