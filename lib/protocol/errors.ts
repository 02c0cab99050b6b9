import type { ViolationCode } from '../codec/violations.ts'
import type { ResponseHead, WayInfo } from '../transport/pipe.ts'
import { boundMessage } from './quoting.ts'

/**
 * The kinds of failure. `failure(socket)` gives the code; the events of the standard say no more than "error". Codes change
 * only with a major version.
 */
export type FailureCode =
  // Before the connection was open.
  | 'WS_ERR_ABORTED'
  | 'WS_ERR_ADDRESS_REFUSED'
  | 'WS_ERR_BLOCKED_PORT'
  | 'WS_ERR_CLOSED_BEFORE_OPEN'
  | 'WS_ERR_CONNECT'
  | 'WS_ERR_COOKIE_JAR'
  | 'WS_ERR_DNS'
  | 'WS_ERR_HANDSHAKE_TIMEOUT'
  | 'WS_ERR_HTTP2'
  | 'WS_ERR_INVALID_ACCEPT'
  | 'WS_ERR_INVALID_CONNECTION'
  | 'WS_ERR_INVALID_EXTENSIONS'
  | 'WS_ERR_INVALID_RESPONSE'
  | 'WS_ERR_INVALID_SUBPROTOCOL'
  | 'WS_ERR_INVALID_UPGRADE'
  | 'WS_ERR_PROXY'
  | 'WS_ERR_PROXY_REFUSED'
  | 'WS_ERR_RESPONSE_TOO_LARGE'
  | 'WS_ERR_TLS'
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

/**
 * The steps of an opening, in their order: find the address, connect to it, have a proxy open a tunnel, encrypt, shake hands.
 * What concerns a proxy, its address and its TLS included, is the step `proxy`.
 */
export type FailureStep = 'dns' | 'connect' | 'proxy' | 'tls' | 'handshake'

/** The server's response to the opening handshake. */
export interface HandshakeResponse extends ResponseHead, WayInfo {
  /** The body, up to 64 KiB. Empty if the connection was opened. */
  readonly body: Uint8Array
}

/** Why a connection failed: an Error with a stable `code`, and the system's error as its `cause` where there is one. */
export class ConnectionError extends Error {
  /** What went wrong, such as `WS_ERR_CONNECT`. It stays the same from version to version, unlike the message. */
  readonly code: FailureCode
  /** The status code that our Close frame tells the server (RFC 6455 section 7.4.1), unless one was sent before. */
  readonly closeCode: number | undefined
  /** The response that made the opening fail: the server's, or the proxy's if `step` is `proxy`. */
  readonly response: HandshakeResponse | undefined
  /** The step of the opening that failed, or that was under way. Undefined once the connection was open. */
  readonly step: FailureStep | undefined

  /** Called by the library. The message is cut off at a length that a log can take. */
  constructor(
    code: FailureCode,
    message: string,
    options: { cause?: unknown; closeCode?: number; response?: HandshakeResponse; step?: FailureStep } = {},
  ) {
    // Its own members alone: others may come from a polluted Object.prototype.
    const { cause, closeCode, response, step } = { __proto__: null, ...options } as typeof options
    super(boundMessage(message), cause === undefined ? undefined : { cause })
    this.code = code
    this.closeCode = closeCode
    this.response = response
    this.step = step
    forgetReceivers(this)
    forgetReceivers(cause)
  }

  /** `ConnectionError`. */
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
