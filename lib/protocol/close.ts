import type { Platform } from '../codec/platform.ts'
import { INVALID_PAYLOAD, PROTOCOL_ERROR } from '../codec/violations.ts'

/** Status codes of RFC 6455 section 7.4.1 that are never sent in a frame. */
export const NO_STATUS = 1005
export const ABNORMAL_CLOSURE = 1006

export const NORMAL_CLOSURE = 1000
/** Sent when a Blob that was to be sent cannot be read. */
export const GOING_AWAY = 1001

/** The longest close reason, in bytes of UTF-8: a control frame holds 125 bytes, and the code takes two. */
export const MAX_REASON_BYTES = 123

/** The content of a Close frame. */
export interface CloseStatus {
  /** `NO_STATUS` if the frame was empty. */
  readonly code: number
  readonly reason: string
}

/** Reported when no Close frame was received (RFC 6455 section 7.1.5). */
export const NOT_RECEIVED: CloseStatus = { code: ABNORMAL_CLOSURE, reason: '' }

/** The body of a Close frame (RFC 6455 section 5.5.1): empty without a code. The reason is at most 123 bytes. */
export function writeCloseBody(platform: Platform, code: number | undefined, reason: string): Uint8Array {
  if (code === undefined) return new Uint8Array(0)
  const body = platform.allocate(2 + platform.utf8Length(reason))
  body[0] = code >>> 8
  body[1] = code
  platform.encodeUtf8(reason, body, 2)
  return body
}

/**
 * Reads the body of a Close frame; the mirror of `writeCloseBody`.
 *
 * @returns the content, or the status code that answers an ill-formed body (RFC 6455 sections 5.5.1 and 8.1)
 */
export function readCloseBody(
  platform: Platform,
  body: Uint8Array,
): CloseStatus | typeof PROTOCOL_ERROR | typeof INVALID_PAYLOAD {
  if (body.length === 0) return { code: NO_STATUS, reason: '' }
  if (body.length === 1) return PROTOCOL_ERROR
  const code = (body[0]! << 8) | body[1]!
  if (!mayBeSent(code)) return PROTOCOL_ERROR
  const reason = platform.decodeUtf8(body, 2, body.length)
  return reason === undefined ? INVALID_PAYLOAD : { code, reason }
}

/** Whether a frame may carry the code. RFC 6455 section 7.4 and its registry reserve 1004, 1005, 1006 and 1015. */
function mayBeSent(code: number): boolean {
  if (code >= 3000) return code < 5000
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_STATUS && code !== ABNORMAL_CLOSURE
}
