/** The error codes of RST_STREAM and GOAWAY frames (RFC 9113 section 7), by their numbers. */
const CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

export const NO_ERROR = 0
/** The server has not processed the stream. */
export const REFUSED_STREAM = 7
export const CANCEL = 8
/** The server wants HTTP/1.1 for this request. */
export const HTTP_1_1_REQUIRED = 13

/**
 * Says how a stream was lost.
 *
 * @param isLost whether its connection was lost
 * @param code of RST_STREAM otherwise
 */
export function describeLoss(isLost: boolean, code: number | undefined): string {
  return isLost
    ? 'The HTTP/2 connection was lost'
    : `The server reset the stream (${CODES[code ?? NO_ERROR] ?? `error code ${code}`})`
}
