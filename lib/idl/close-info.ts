import { host } from '../host/host.ts'
import { MAX_REASON_BYTES } from '../protocol/close.ts'
import { withName } from '../protocol/close-names.ts'
import { DOMException } from './dom-exception.ts'
import { toEnforcedUnsignedShort, toUSVString } from './webidl.ts'

/** The code and reason to close a WebSocketStream with, or those it was closed with. */
export interface WebSocketCloseInfo {
  /** The status code: 1000, or 3000 to 4999. Default: none, or 1000 with a reason. */
  closeCode?: number
  /** At most 123 bytes of UTF-8. Default: empty. */
  reason?: string
}

/**
 * Converts to the dictionary WebSocketCloseInfo.
 *
 * @throws TypeError for a value that is neither an object nor undefined nor null, and for a code that is not from 0 to 65535
 */
export function readCloseInfo(value: unknown): { closeCode: number | undefined; reason: string } {
  if (value === undefined || value === null) return { closeCode: undefined, reason: '' }
  if (typeof value !== 'object' && typeof value !== 'function') {
    throw new TypeError('The close info must be an object with closeCode and reason')
  }
  const { closeCode, reason } = value as { closeCode?: unknown; reason?: unknown }
  return {
    closeCode: closeCode === undefined ? undefined : toEnforcedUnsignedShort(closeCode),
    reason: reason === undefined ? '' : toUSVString(reason),
  }
}

/**
 * Checks a close code and reason that an application wants to send.
 *
 * @see https://websockets.spec.whatwg.org/#validate-close-code-and-reason
 * @throws "InvalidAccessError" DOMException for a code that is not 1000 or 3000 to 4999, "SyntaxError" DOMException for a
 *   reason that does not fit into a Close frame
 */
export function validateCloseCodeAndReason(code: number | undefined, reason: string | undefined): void {
  if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999)) {
    throw new DOMException(
      `The close code must be ${withName(1000)} or from 3000 to 4999, not ${withName(code)}`,
      'InvalidAccessError',
    )
  }
  if (reason !== undefined && host.platform.utf8Length(reason) > MAX_REASON_BYTES) {
    throw new DOMException(`The close reason must have at most ${MAX_REASON_BYTES} bytes of UTF-8`, 'SyntaxError')
  }
}
