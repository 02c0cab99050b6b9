import type { ViolationCode } from '../codec/violations.ts'
import type { ResponseHead } from '../transport/pipe.ts'
import { boundMessage } from './quoting.ts'

/**
 * The kinds of failure. `failure(socket)` gives the code; the events of the standard say no more than "error". Codes change
 * only with a major version.
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
  | 'WS_ERR_UNREAD_LIMIT'
  // Protocol violations by the server.
  | 'WS_ERR_INVALID_CLOSE'
  | ViolationCode

/** The server's response to the opening handshake. */
export interface HandshakeResponse extends ResponseHead {
  /** The body, up to 64 KiB. Empty if the status is 101. */
  readonly body: Uint8Array
}

/** Why a connection failed: an Error with a stable `code`, and the system's error as its `cause` where there is one. */
export class ConnectionError extends Error {
  readonly code: FailureCode
  /** The status code that our Close frame tells the server (RFC 6455 section 7.4.1), unless one was sent before. */
  readonly closeCode: number | undefined
  /** The server's response, where it made the opening handshake fail. */
  readonly response: HandshakeResponse | undefined

  constructor(
    code: FailureCode,
    message: string,
    options: { cause?: unknown; closeCode?: number; response?: HandshakeResponse } = {},
  ) {
    // Its own members alone: others may come from a polluted Object.prototype.
    const { cause, closeCode, response } = { __proto__: null, ...options } as typeof options
    super(boundMessage(message), cause === undefined ? undefined : { cause })
    this.code = code
    this.closeCode = closeCode
    this.response = response
    forgetReceivers(this)
    forgetReceivers(cause)
  }

  override get name(): string {
    return 'ConnectionError'
  }
}

/** Reads the stack as text. Until then, V8 keeps the objects of all calls in it: an error that is kept would keep its socket. */
function forgetReceivers(error: unknown): void {
  try {
    void (error as Error).stack
  } catch {
    // The reason of a signal may be anything.
  }
}
