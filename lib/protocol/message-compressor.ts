import type { Deflater } from '../codec/compression.ts'
import type { Platform } from '../codec/platform.ts'
import type { DeflateParameters } from './extensions.ts'

/** How messages are compressed. */
export interface CompressionSettings {
  /** Messages of fewer bytes are sent as they are. */
  readonly threshold: number
  readonly level: number
  readonly memLevel: number
}

/**
 * Bytes from which on a message is compressed in parts of this size, each off the event loop: one part takes about a
 * millisecond.
 */
export const LARGE_MESSAGE: number = 128 * 1024

/**
 * Memory in which a text is encoded before it is compressed. All connections share it, since the bytes are needed only until
 * the deflater has read them, within the same call.
 */
const encoding = { memory: new Uint8Array(0) }

/** Compresses the messages of one connection (RFC 7692 section 7.2.1). Made only where permessage-deflate was agreed on. */
export class MessageCompressor {
  readonly #platform: Platform
  readonly #parameters: DeflateParameters
  readonly #settings: CompressionSettings
  /** Created by the first message that is compressed (bench: idle). */
  #deflater: Deflater | undefined

  constructor(platform: Platform, parameters: DeflateParameters, settings: CompressionSettings) {
    this.#platform = platform
    this.#parameters = parameters
    this.#settings = settings
  }

  /** Whether a message is to be compressed: it has at least as many bytes as the threshold, and is not empty. */
  accepts(message: string | Uint8Array): boolean {
    // DEFLATE writes nothing for an empty message, and a frame with RSV1 needs something.
    if (message.length === 0) return false
    const { threshold } = this.#settings
    if (message.length >= threshold) return true
    // A UTF-16 unit has at most three bytes in UTF-8.
    if (typeof message !== 'string' || message.length * 3 < threshold) return false
    return this.#platform.utf8Length(message) >= threshold
  }

  /** A text in UTF-8. The bytes are valid until the next call, unless they are as many as a large message has. */
  encode(text: string): Uint8Array {
    const most = text.length * 3
    const large = most >= LARGE_MESSAGE
    if (!large && encoding.memory.length < most) encoding.memory = this.#platform.allocate(most)
    const bytes = large ? this.#platform.allocate(this.#platform.utf8Length(text)) : encoding.memory
    return bytes.subarray(0, this.#platform.encodeUtf8(text, bytes, 0))
  }

  /** Compresses a whole message. The bytes are valid until the next call. */
  compress(message: Uint8Array): Uint8Array {
    return this.#open().deflate(message)
  }

  /**
   * Compresses the next part of a message off the event loop. One call at a time.
   *
   * @param final whether it is the last part
   */
  compressPart(part: Uint8Array, final: boolean, callback: (compressed: Uint8Array) => void): void {
    this.#open().deflateLater(part, compressed => callback(final ? compressed : withTail(compressed)))
  }

  /** Call this after each message, before foreign code runs. The bytes that `compress` has returned stay valid. */
  endMessage(): void {
    if (this.#parameters.clientNoContextTakeover) this.#deflater?.reset()
  }

  close(): void {
    this.#deflater?.close()
  }

  #open(): Deflater {
    const windowBits = this.#parameters.clientMaxWindowBits
    return (this.#deflater ??= this.#platform.compression!.createDeflater({ ...this.#settings, windowBits }))
  }
}

/** Adds the four bytes that a deflater leaves out (RFC 7692 section 7.2.1): only the end of a message goes without them. */
function withTail(compressed: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(compressed.length + 4)
  bytes.set(compressed)
  bytes.set([0, 0, 0xff, 0xff], compressed.length)
  return bytes
}
