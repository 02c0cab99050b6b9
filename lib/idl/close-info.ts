import { host } from '../host/host.ts'
import { MAX_REASON_BYTES } from '../protocol/close.ts'
import { toEnforcedUnsignedShort, toUSVString } from './webidl.ts'

/** How a WebSocketStream is to be closed, or was. */
export interface WebSocketCloseInfo {
  /** 1000, or 3000 to 4999. */
  closeCode?: number
  /** At most 123 bytes of UTF-8. With a reason and no code, the code is 1000. Default: empty. */
  reason?: string
}

/**
 * The dictionary WebSocketCloseInfo.
 *
 * @throws TypeError for what is neither an object nor undefined nor null, and for a code that is not from 0 to 65535
 */
export function readCloseInfo(value: unknown): { closeCode: number | undefined; reason: string } {
  if (value === undefined || value === null) return { closeCode: undefined, reason: '' }
  if (typeof value !== 'object' && typeof value !== 'function') {
    throw new TypeError('How to close is not told by an object with closeCode and reason')
  }
  const { closeCode, reason } = value as { closeCode?: unknown; reason?: unknown }
  return {
    closeCode: closeCode === undefined ? undefined : toEnforcedUnsignedShort(closeCode),
    reason: reason === undefined ? '' : toUSVString(reason),
  }
}

/**
 * @see https://websockets.spec.whatwg.org/#validate-close-code-and-reason
 * @throws "InvalidAccessError" DOMException for a code that an application may not send, "SyntaxError" DOMException for
 *   a reason that has no room in a Close frame
 */
export function validateCloseCodeAndReason(code: number | undefined, reason: string | undefined): void {
  if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999)) {
    throw new DOMException(`A close code is 1000 or from 3000 to 4999, not ${code}`, 'InvalidAccessError')
  }
  if (reason !== undefined && host.platform.utf8Length(reason) > MAX_REASON_BYTES) {
    throw new DOMException(`A close reason has at most ${MAX_REASON_BYTES} bytes of UTF-8`, 'SyntaxError')
  }
}
