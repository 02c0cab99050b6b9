import type { Scheme } from '../server/server.ts'

/** A running test server, as the runner sees it. */
export interface Server {
  /** The name of the server for the user. */
  readonly name: string
  /** The port of a scheme. @throws {UsageError} when the server has none */
  port(scheme: Scheme): number
  readonly host: string
  close(): Promise<void>
}

/** The host names of a server: its own, and one that makes it another site. */
export interface Hosts {
  readonly host: string
  readonly alternateHost: string
}

/** `scheme://host:port` of the WebSocket server of a variant. */
export function webSocketBase(server: Server, variant: 'ws' | 'wss' | 'h2'): string {
  return `${variant === 'ws' ? 'ws' : 'wss'}://${server.host}:${server.port(variant)}`
}

/** `scheme://host:port` of the pages of a scheme. */
export function pageBase(server: Server, scheme: 'http' | 'https' | 'h2'): string {
  return `${scheme === 'http' ? 'http' : 'https'}://${server.host}:${server.port(scheme)}`
}
