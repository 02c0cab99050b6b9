/** What a server can do wrong in its frames. The codes are part of the public `FailureCode`. */
export type ViolationCode =
  | 'WS_ERR_FRAGMENTED_CONTROL'
  | 'WS_ERR_INVALID_COMPRESSION'
  | 'WS_ERR_INVALID_LENGTH'
  | 'WS_ERR_INVALID_OPCODE'
  | 'WS_ERR_INVALID_UTF8'
  | 'WS_ERR_LONG_CONTROL'
  | 'WS_ERR_MASKED_FRAME'
  | 'WS_ERR_MESSAGE_TOO_BIG'
  | 'WS_ERR_RESERVED_BITS'
  | 'WS_ERR_TOO_MANY_FRAGMENTS'
  | 'WS_ERR_UNEXPECTED_CONTINUATION'
  | 'WS_ERR_UNFINISHED_MESSAGE'

/** The close codes that answer violations (RFC 6455 section 7.4.1). */
export const PROTOCOL_ERROR = 1002
export const INVALID_PAYLOAD = 1007
export const POLICY_VIOLATION = 1008
export const MESSAGE_TOO_BIG = 1009

/** Why a connection is failed: the close code for the server, the error code and the message for the user. */
export interface Violation {
  readonly closeCode: number
  readonly code: ViolationCode
  readonly message: string
}

export function violation(closeCode: number, code: ViolationCode, message: string): Violation {
  return { closeCode, code, message }
}

/** RFC 6455 section 8.1. */
export const NOT_UTF8: Violation = violation(
  INVALID_PAYLOAD,
  'WS_ERR_INVALID_UTF8',
  'a text message is not well-formed UTF-8',
)

export const NOT_DEFLATE: Violation = violation(
  INVALID_PAYLOAD,
  'WS_ERR_INVALID_COMPRESSION',
  'a compressed message is not DEFLATE',
)

/** The host has no ArrayBuffer, or no string, of the message's length. */
export const BEYOND_HOST: Violation = violation(
  MESSAGE_TOO_BIG,
  'WS_ERR_MESSAGE_TOO_BIG',
  'a message is larger than this host can hold',
)

/** The message exceeds the user's limit `maxPayload`. */
export function tooBig(maxPayload: number): Violation {
  return violation(MESSAGE_TOO_BIG, 'WS_ERR_MESSAGE_TOO_BIG', `a message exceeds ${maxPayload} bytes ("maxPayload")`)
}

/** Tells a violation from a message, which may be an ArrayBuffer of another realm. */
export function isViolation(value: object): value is Violation {
  return Object.hasOwn(value, 'closeCode')
}
