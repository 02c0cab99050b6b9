import type { CloseBody, Connection } from './connection.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** What one path of the WebSocket server does. Every function is optional: without any, the handshake is accepted and closed. */
export interface Handler {
  /** Runs before the server answers the opening handshake; may shape the answer, or throw `Refused` or `Aborted`. */
  handshake?(handshake: Handshake): void | Promise<void>
  /** Runs once the connection is open. When it returns and no close frame was sent, the server closes with 1000. */
  open?(connection: Connection): void | Promise<void>
  /** The answer to a close frame of the client; without it, 1000 and no reason. May throw `Aborted`. */
  answerClose?(connection: Connection): CloseBody | Promise<CloseBody>
}

/** The opening handshake, as a handler may shape it. */
export interface Handshake {
  readonly request: UpgradeRequest
  /** Aborts when the client goes away or the server closes. */
  readonly signal: AbortSignal
  /** The subprotocol that the response names; undefined (the default) names none. */
  protocol: string | undefined
  /** Whether the server may agree to permessage-deflate; true by default. */
  compression: boolean
  /** Further fields of the response. */
  readonly headers: [name: string, value: string][]
  /** Puts bytes on the wire ahead of the response. HTTP/2 has no place for such bytes, so there it breaks the stream. */
  write(bytes: string | Buffer): void
  /** Bytes of the client, past the handshake. @throws {ConnectionLost} */
  read(count: number): Promise<Buffer>
}

/** Thrown by a handler to answer the handshake with this status instead of accepting it. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  readonly headers: readonly [name: string, value: string][]

  constructor(status: number, headers: readonly [name: string, value: string][] = []) {
    super(`refused with ${status}`)
    this.status = status
    this.headers = headers
  }
}

/** Thrown by a handler to drop the TCP connection (or the HTTP/2 stream) with nothing more said. */
export class Aborted extends Error {
  override readonly name = 'Aborted'
}
