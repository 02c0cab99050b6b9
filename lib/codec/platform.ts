import type { Compression } from './compression.ts'

/** Memory that the host masks faster than a loop in JavaScript does. */
export interface MaskingMemory {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** XORs each word of `bytes[start, end)` with `key`. Both indexes are multiples of 4. */
  mask(start: number, end: number, key: number): void
}

/**
 * What the codec needs from its host, because the language itself lacks it. Only types: each host has its own file in
 * `platform/`, and `entry/` joins them.
 */
export interface Platform {
  /** Raw DEFLATE. Undefined where the host has none: then permessage-deflate is not offered. */
  readonly compression?: Compression
  /** Fills `bytes` from the system's cryptographic generator. At most 65,536 bytes at a time. */
  fillRandom(bytes: Uint8Array): void
  /** The SHA-1 digest, for Sec-WebSocket-Accept (RFC 6455 section 4.2.2). */
  sha1(bytes: Uint8Array): Uint8Array
  /** The base64 encoding of RFC 4648 section 4, with padding. */
  base64(bytes: Uint8Array): string
  /**
   * Allocates an ArrayBuffer of the realm in which this package was loaded, and returns all of it. Its bytes are not
   * initialised: the caller writes them before anybody else sees them.
   */
  allocate(size: number): Uint8Array<ArrayBuffer>
  /** Sets up masking memory of some MiB. Undefined where the host has none. */
  maskingMemory?(): MaskingMemory | undefined
  /** The length of `text` in UTF-8, in bytes, with each lone surrogate counted as U+FFFD. */
  utf8Length(text: string): number
  /**
   * Writes `text` at `offset` in UTF-8, with each lone surrogate as U+FFFD. The caller makes sure that it fits.
   *
   * @returns the number of bytes written
   */
  encodeUtf8(text: string, target: Uint8Array, offset: number): number
  /** Whether `bytes[start, end)` is well-formed UTF-8. */
  isUtf8(bytes: Uint8Array, start: number, end: number): boolean
  /**
   * Decodes `bytes[start, end)`, and keeps a byte order mark.
   *
   * @returns undefined if the bytes are not well-formed UTF-8
   * @throws RangeError if the host has no strings of that length
   */
  decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined
  /** Decodes `bytes[start, end)` as Latin-1: each byte is one UTF-16 unit. Only where the host does so fast. */
  decodeLatin1?(bytes: Uint8Array, start: number, end: number): string
}
