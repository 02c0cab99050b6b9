import { Buffer } from 'node:buffer'
import { bytesOfView, isUint8Array } from '../host/views.ts'

/** Bytes of a reason, beside the two of the code (RFC 6455 section 5.5). */
const MAX_REASON = 123

/** @throws TypeError for a code that a Close frame may not have (RFC 6455 section 7.4) */
export function validateCloseCode(code: unknown): asserts code is number {
  const isCode = typeof code === 'number' && Number.isInteger(code)
  const isProtocol = isCode && code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)
  if (!isProtocol && !(isCode && code >= 3000 && code <= 4999)) {
    throw new TypeError(
      `The close code must be one that can be sent, such as 1000 or 3000 to 4999, not ${String(code)}`,
    )
  }
}

/** @throws TypeError for a reason that is neither a string nor bytes; RangeError for more than 123 bytes */
export function readReason(reason: string | Uint8Array | undefined): string {
  if (reason === undefined || !reason.length) return ''
  if (typeof reason !== 'string' && !isUint8Array(reason)) {
    throw new TypeError('The close reason must be a string or a Uint8Array')
  }
  const bytes = Buffer.from(typeof reason === 'string' ? reason : (bytesOfView(reason) as any))
  const { length } = bytes
  if (length > MAX_REASON) throw new RangeError(`The close reason has at most ${MAX_REASON} bytes, not ${length}`)
  return bytes.toString()
}
