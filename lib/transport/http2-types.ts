import type { Upgrade } from './pipe.ts'

/*
 * The members of node:http2 that are used. Programs for other hosts do not know the types of Node.js, so none is named here.
 */

/** `auto` takes HTTP/1.1 with servers that do not take WebSockets over HTTP/2; `only` takes nothing else. */
export type Http2Mode = 'auto' | 'only'

/** The promise of a stream on a connection, in the shape of a `Way` of the opening handshake. */
export interface Http2Way {
  readonly http: '2'
  /** An extended CONNECT (RFC 8441). To be called once at most. */
  readonly upgrade: Upgrade
  /** Gives up the promise. To be called if `upgrade` is not. */
  abort(this: void): void
  ref(): void
  unref(): void
}

/** A ClientHttp2Session. */
export interface Http2Session {
  on(event: string, listener: (...args: any[]) => void): unknown
  request(headers: object, options: object): Http2Stream
  setLocalWindowSize(size: number): unknown
  ping(answered: (error: Error | null) => void): unknown
  close(): unknown
  destroy(error?: Error): unknown
  ref(): unknown
  unref(): unknown
  readonly closed: boolean
  readonly destroyed: boolean
  /** Node's proxy of the session's socket, or of the stream in its place. */
  readonly socket: { allowHalfOpen: boolean }
}

/** The socket of a ClientHttp2Session, or a stream in its place. */
export interface Http2Socket {
  once(event: 'drain' | 'end', listener: () => void): unknown
  destroy(): unknown
  setMaxListeners(limit: number): unknown
  readonly writableNeedDrain: boolean
}

/** A ClientHttp2Stream. */
export interface Http2Stream {
  on(event: string, listener: (...args: any[]) => void): unknown
  write(bytes: Uint8Array, callback: (error?: unknown) => void): unknown
  end(finished: () => void): unknown
  /** `push(null)` ends the readable side, behind the bytes that were read. */
  push(end: null): unknown
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
