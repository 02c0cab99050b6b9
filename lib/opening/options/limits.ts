import { integer, milliseconds, type Readers } from './reading.ts'

/** Limits of time and memory. */
export interface Options {
  /**
   * Milliseconds for the opening handshake, from the TCP connection to the server's response, and as many for DNS; 0 for no
   * limit. Default: 30,000. The time does not run while another connection to the same host and port is being opened
   * (RFC 6455 section 4.1).
   */
  readonly handshakeTimeout?: number
  /**
   * Milliseconds for the closing handshake and the server's end of TCP; 0 for no limit. Default: 10,000. The time starts
   * again as long as the server still takes what was sent before the Close frame.
   */
  readonly closeTimeout?: number
  /** The largest message to receive, in bytes, decompressed; 0 for no limit. Default: 134,217,728 (128 MiB). */
  readonly maxPayload?: number
  /** The largest number of frames in a received message; 0 for no limit. Default: 0, since frames cost no memory. */
  readonly maxFragments?: number
  /**
   * The most bytes that may wait to be sent when `send` of a WebSocket is called; 0 for no limit. With more, `send` throws a
   * "QuotaExceededError" DOMException and takes nothing. Default: 0, as in browsers. A WebSocketStream holds up its writer instead.
   */
  readonly maxBufferedAmount?: number
}

export type Settings = Required<Options>

export const readers: Readers<Settings> = {
  handshakeTimeout: milliseconds({ fallback: 30_000 }),
  closeTimeout: milliseconds({ fallback: 10_000 }),
  maxPayload: integer({ fallback: 128 * 1024 * 1024 }),
  maxFragments: integer({ fallback: 0 }),
  maxBufferedAmount: integer({ fallback: 0 }),
}
