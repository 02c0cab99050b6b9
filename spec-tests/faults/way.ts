/** How a client gets to the server. The faults happen on its own connection: to the server, or to the proxy before it. */
export const wayNames = [
  'ws',
  'wss',
  'ws by http proxy',
  'wss by http proxy',
  'ws by https proxy',
  'ws by socks5',
  'ws over http2',
  'wss over http2',
] as const
export type Way = (typeof wayNames)[number]

interface WayDescription {
  /** TLS is spoken on the way: with the server, or with an https proxy. */
  readonly secure: boolean
  readonly http2: boolean
  /** The scheme of the proxy between the client and the server. */
  readonly proxy?: 'http' | 'https' | 'socks5'
}

export const ways: Readonly<Record<Way, WayDescription>> = {
  ws: { secure: false, http2: false },
  wss: { secure: true, http2: false },
  'ws by http proxy': { secure: false, http2: false, proxy: 'http' },
  'wss by http proxy': { secure: true, http2: false, proxy: 'http' },
  'ws by https proxy': { secure: true, http2: false, proxy: 'https' },
  'ws by socks5': { secure: false, http2: false, proxy: 'socks5' },
  'ws over http2': { secure: false, http2: true },
  'wss over http2': { secure: true, http2: true },
}
