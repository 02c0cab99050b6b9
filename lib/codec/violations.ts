/** What a peer can do wrong in its frames. The codes are part of the public `FailureCode`. */
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

/** The status codes that answer them (RFC 6455 section 7.4.1). */
export const PROTOCOL_ERROR = 1002
export const INVALID_PAYLOAD = 1007
export const POLICY_VIOLATION = 1008
export const MESSAGE_TOO_BIG = 1009

/** What to tell the peer, and the user. */
export interface Violation {
  readonly closeCode: number
  readonly code: ViolationCode
  readonly message: string
}
