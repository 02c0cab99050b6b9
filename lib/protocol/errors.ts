import type { ViolationCode } from '../codec/violations.ts'
import type { ResponseHead } from '../transport/pipe.ts'

/**
 * Why a connection failed. `failure(socket)` gives it out; the events of the standard say no more than "error".
 * The codes are stable: they change only with a major version.
 */
export type FailureCode =
  // Before the connection was open.
  | 'WS_ERR_ABORTED'
  | 'WS_ERR_BLOCKED_PORT'
  | 'WS_ERR_CLOSED_BEFORE_OPEN'
  | 'WS_ERR_CONNECT'
  | 'WS_ERR_HANDSHAKE_TIMEOUT'
  | 'WS_ERR_INVALID_ACCEPT'
  | 'WS_ERR_INVALID_CONNECTION'
  | 'WS_ERR_INVALID_EXTENSIONS'
  | 'WS_ERR_INVALID_RESPONSE'
  | 'WS_ERR_INVALID_SUBPROTOCOL'
  | 'WS_ERR_INVALID_UPGRADE'
  | 'WS_ERR_RESPONSE_TOO_LARGE'
  | 'WS_ERR_UNEXPECTED_STATUS'
  // While it was open.
  | 'WS_ERR_BLOB_READ'
  | 'WS_ERR_CLOSE_TIMEOUT'
  | 'WS_ERR_CONNECTION_LOST'
  | 'WS_ERR_HEARTBEAT_TIMEOUT'
  | 'WS_ERR_TERMINATED'
  // Because of what the peer sent.
  | 'WS_ERR_INVALID_CLOSE'
  | ViolationCode

/** How a server answered the opening handshake. */
export interface HandshakeResponse extends ResponseHead {
  /** Up to 64 KiB of the body of a refusal; empty if the connection was upgraded. */
  readonly body: Uint8Array
}

/** An Error with a stable `code`, and as `cause` the system's error where one lies below. */
export class ConnectionError extends Error {
  readonly code: FailureCode
  /** The status code for the peer (RFC 6455 section 7.4.1): that of our Close frame, unless one was sent already. */
  readonly closeCode: number | undefined
  /** The server's answer to the opening handshake, where that is what failed. */
  readonly response: HandshakeResponse | undefined

  constructor(
    code: FailureCode,
    message: string,
    options: { cause?: unknown; closeCode?: number; response?: HandshakeResponse } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.closeCode = options.closeCode
    this.response = options.response
  }

  override get name(): string {
    return 'ConnectionError'
  }
}
