/*
 * What is used of node:http2. The types of Node.js are unknown to programs for other hosts, so the declarations do not name
 * them.
 */

/** A ClientHttp2Session. */
export interface Http2Session {
  on(event: string, listener: (...args: any[]) => void): unknown
  request(headers: object, options: object): Http2Stream
  setLocalWindowSize(size: number): unknown
  close(): unknown
  destroy(): unknown
  ref(): unknown
  unref(): unknown
  readonly closed: boolean
  readonly destroyed: boolean
}

/** A ClientHttp2Stream. */
export interface Http2Stream {
  on(event: string, listener: (...args: any[]) => void): unknown
  write(bytes: Uint8Array, callback: (error?: unknown) => void): unknown
  end(): unknown
  close(code: number): unknown
  destroy(): unknown
  pause(): unknown
  resume(): unknown
  cork(): unknown
  uncork(): unknown
  readonly closed: boolean
  readonly destroyed: boolean
  /** The error code of RST_STREAM, once the stream is closed. */
  readonly rstCode?: number | undefined
}
