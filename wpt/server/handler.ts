import type { CloseBody, Connection } from './connection.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** The behaviour of one path of the WebSocket server. Without any function, the server accepts the handshake and closes. */
export interface Handler {
  /** Runs before the server answers the opening handshake; may shape the answer, or throw `Refused` or `Aborted`. */
  handshake?(handshake: Handshake): void | Promise<void>
  /** Runs once the connection is open. When it returns and no close frame was sent, the server closes with 1000. */
  open?(connection: Connection): void | Promise<void>
  /** The answer to a close frame of the client; without it, 1000 and no reason. May throw `Aborted`. */
  answerClose?(connection: Connection): CloseBody | Promise<CloseBody>
}

/** The opening handshake. A handler may change the response. */
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
  /** Writes bytes before the response. In HTTP/2 this is impossible, so there it resets the stream. */
  write(bytes: string | Buffer): void
  /** Reads bytes that the client sends after its handshake. @throws {ConnectionLost} */
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

/** Thrown by a handler to drop the TCP connection (or the HTTP/2 stream) without a response. */
export class Aborted extends Error {
  override readonly name = 'Aborted'
}
