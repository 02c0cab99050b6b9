/**
 * What permessage-deflate (RFC 7692) needs of the host: raw DEFLATE (RFC 1951) over the messages of a connection. As in
 * `platform.ts` each host brings its own; one that has none does not offer the extension.
 */
export interface Compression {
  /**
   * @param windowBits 8 to 15: the sender's LZ77 window is at most so large
   * @param maxOutput no message inflates to more than this, in bytes
   */
  createInflater(windowBits: number, maxOutput: number): Inflater
  createDeflater(options: DeflaterOptions): Deflater
}

export interface DeflaterOptions {
  /** 8 to 15: the LZ77 window, which the receiver must hold too. */
  readonly windowBits: number
  /** 0 (none) to 9 (best), zlib's compression level. */
  readonly level: number
  /** 1 to 9, zlib's memory for the state of compression. */
  readonly memLevel: number
}

/** How the messages that arrive are compressed, as the handshake has agreed on it (RFC 7692 section 7.1). */
export interface InflateParameters {
  /** Each message is compressed by itself. */
  readonly serverNoContextTakeover: boolean
  readonly serverMaxWindowBits: number
}

export const INFLATED = 0
/** The input is not DEFLATE. */
export const CORRUPT = 1
/** There would be more output than the limit. A host may leave it to the caller to notice. */
export const TOO_LONG = 2

/** One direction's receiving end. Memory is taken at the first use and given back by `close`. */
export interface Inflater {
  /** Of the last call: how much of the input was used, and how much output was written. */
  readonly consumed: number
  readonly produced: number
  /**
   * Inflates `input[start, end)` into `output` from `outputStart` on, until either is used up or the stream has ended
   * (a block with BFINAL set): then input is left although there is room. A full output may mean that more is to come,
   * even from no more input.
   *
   * @param last the input is what a sender leaves out at the end of a message: an inflater that has given all output
   * before refuses it if it brings more
   */
  inflate(
    input: Uint8Array,
    start: number,
    end: number,
    last: boolean,
    output: Uint8Array,
    outputStart: number,
  ): typeof INFLATED | typeof CORRUPT | typeof TOO_LONG
  /** Forgets the window: what follows was compressed without what came before. */
  reset(): void
  close(): void
}

/** One direction's sending end. Memory is taken at the first use and given back by `close`. */
export interface Deflater {
  /**
   * Compresses a message, up to an empty stored block whose last four bytes are left out (RFC 7692 section 7.2.1).
   *
   * @returns bytes that are valid until the next call
   */
  deflate(message: Uint8Array): Uint8Array
  /** The same without holding up the event loop. One call at a time; the bytes are the callback's. Never fails. */
  deflateLater(message: Uint8Array, callback: (compressed: Uint8Array) => void): void
  /** Forgets the window, as the receiver does. */
  reset(): void
  close(): void
}
