import { integer, oneOf, type Readers } from './reading.ts'

/**
 * Options for hosts that bring a WebSocket of their own: browsers and React Native. Elsewhere they are checked, and have no
 * effect, so that one program runs on both sides.
 */
export interface Options {
  /**
   * What a browser does with an option that a page cannot have, such as `headers` or `tls`: "refuse" throws a TypeError with the
   * code WS_ERR_UNSUPPORTED that names the option, "ignore" goes on without it. Default: "refuse".
   */
  readonly browser?: 'refuse' | 'ignore'
  /**
   * The most bytes of messages that a WebSocketStream keeps for its reader in a browser without one of its own, where nothing can
   * hold the server back; the connection is given up when more wait. 0 for no limit. Default: 134,217,728 (128 MiB).
   */
  readonly maxUnread?: number
}

export type Settings = Required<Options>

export const readers: Readers<Settings> = {
  browser: oneOf(['refuse', 'ignore'], '"refuse" or "ignore"'),
  maxUnread: integer({ fallback: 128 * 1024 * 1024 }),
}
