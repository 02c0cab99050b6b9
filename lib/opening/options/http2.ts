import { oneOf, type Readers } from './reading.ts'

/** The version of HTTP that carries the socket. */
export interface Options {
  /**
   * WebSocket over HTTP/2 (RFC 8441), where many sockets of an origin share one connection. `'auto'` offers HTTP/2 to servers
   * of wss URLs, and takes HTTP/1.1 with those that do not support it; `'only'` takes nothing else, for ws URLs too, and false
   * none of it. Default: false.
   */
  readonly http2?: 'auto' | 'only' | false
}

export type Settings = Required<Options>

export const readers: Readers<Settings> = { http2: oneOf([false, 'auto', 'only'], '"auto", "only" or false') }
