import type { Compression } from './compression.ts'

/** Memory that the host masks faster than a loop of ours does. */
export interface MaskingMemory {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** XORs each word of `bytes[start, end)` with `key`; both are multiples of four. */
  mask(start: number, end: number, key: number): void
}

/**
 * What the codec needs of the host that the language itself does not have. Only types: each host has its own
 * file in `platform/`, and `entry/` joins them.
 */
export interface Platform {
  /** Raw DEFLATE, where the host has it. */
  readonly compression?: Compression
  /** Fills `bytes` from the system's cryptographic generator. At most 65,536 bytes at a time. */
  fillRandom(bytes: Uint8Array): void
  /** The SHA-1 digest, which RFC 6455 section 4.2.2 wants for Sec-WebSocket-Accept. */
  sha1(bytes: Uint8Array): Uint8Array
  /** The base64 encoding of RFC 4648 section 4, with padding. */
  base64(bytes: Uint8Array): string
  /** Memory of its own, from offset 0 on. May hold anything: whoever asks writes it before anybody sees it. */
  allocate(size: number): Uint8Array<ArrayBuffer>
  /** Makes such memory, of some megabytes; undefined where the host has none. */
  maskingMemory?(): MaskingMemory | undefined
  /** How many bytes `text` has in UTF-8, a lone surrogate counted as U+FFFD. */
  utf8Length(text: string): number
  /**
   * Writes `text` in UTF-8 at `offset`, a lone surrogate as U+FFFD. The caller has made sure of the room.
   *
   * @returns the number of bytes written
   */
  encodeUtf8(text: string, target: Uint8Array, offset: number): number
  /** Whether `bytes[start, end)` is well-formed UTF-8. */
  isUtf8(bytes: Uint8Array, start: number, end: number): boolean
  /**
   * `bytes[start, end)` as a string, a byte order mark kept.
   *
   * @returns undefined if the bytes are not well-formed UTF-8
   * @throws RangeError if the host has no strings of that length
   */
  decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined
  /** `bytes[start, end)` as a string of as many units, where the host has a quick way. */
  decodeLatin1?(bytes: Uint8Array, start: number, end: number): string
}
