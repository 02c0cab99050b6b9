/**
 * What permessage-deflate (RFC 7692) needs from its host: raw DEFLATE (RFC 1951) over the messages of a connection. As for
 * `Platform`, each host has its own file in `platform/`.
 */
export interface Compression {
  /**
   * @param windowBits 8 to 15: the sender's LZ77 window has at most 2 to the power of this, in bytes
   * @param maxOutput the longest message after inflating, in bytes
   */
  createInflater(windowBits: number, maxOutput: number): Inflater
  createDeflater(options: DeflaterOptions): Deflater
}

export interface DeflaterOptions {
  /** 8 to 15: the LZ77 window has 2 to the power of this, in bytes. The receiver must hold one of the same size. */
  readonly windowBits: number
  /** zlib's compression level: 0 (none) to 9 (best). */
  readonly level: number
  /** zlib's memory level for the state of compression: 1 (least) to 9. */
  readonly memLevel: number
}

/** How the server compresses messages, as agreed on in the opening handshake (RFC 7692 section 7.1). */
export interface InflateParameters {
  /** The server compresses each message with an empty window. */
  readonly serverNoContextTakeover: boolean
  readonly serverMaxWindowBits: number
}

/** Results of `Inflater.inflate`. */
export const INFLATED = 0
/** The input is not DEFLATE. */
export const CORRUPT = 1
/** The message is longer than `maxOutput`. A host may return `INFLATED` and leave this check to the caller. */
export const TOO_LONG = 2

/** Inflates what the server sends. Takes its memory at the first use, and releases it in `close`. */
export interface Inflater {
  /** How much input the last call of `inflate` has used, in bytes. */
  readonly consumed: number
  /** How much output it has written, in bytes. */
  readonly produced: number
  /**
   * Inflates `input[start, end)` to `output[outputStart]` and on. Stops when the input is used, the output is full, or the
   * stream has ended (a block with BFINAL set): then input is left although the output is not full. When the output is
   * full, another call may bring more, even with no input.
   *
   * @param last whether the input is what a sender leaves out at the end of a message. An inflater that has written all
   * output before refuses it if it brings more
   */
  inflate(
    input: Uint8Array,
    start: number,
    end: number,
    last: boolean,
    output: Uint8Array,
    outputStart: number,
  ): typeof INFLATED | typeof CORRUPT | typeof TOO_LONG
  /** Empties the window, as the sender has done for the next message. */
  reset(): void
  close(): void
}

/** Compresses outgoing messages. Takes its memory at the first use, and releases it in `close`. */
export interface Deflater {
  /**
   * Compresses a message. The result ends in an empty stored block whose last four bytes are left out (RFC 7692 section
   * 7.2.1).
   *
   * @returns bytes that are valid until the next call for any connection: to be copied before foreign code runs
   */
  deflate(message: Uint8Array): Uint8Array
  /** The same, off the event loop and in memory that the callback owns. One call at a time. Never fails. */
  deflateLater(message: Uint8Array, callback: (compressed: Uint8Array) => void): void
  /** Empties the window, as the receiver does. */
  reset(): void
  close(): void
}
