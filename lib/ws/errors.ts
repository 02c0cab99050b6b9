import { ConnectionError, type FailureCode } from '../protocol/errors.ts'

type ErrorClass = typeof Error | typeof RangeError

/** The errors of ws for violations by the server, by our codes: the code and the class. */
const violations: Readonly<Partial<Record<FailureCode, readonly [code: string, Class: ErrorClass]>>> = {
  WS_ERR_FRAGMENTED_CONTROL: ['WS_ERR_EXPECTED_FIN', RangeError],
  WS_ERR_INVALID_CLOSE: ['WS_ERR_INVALID_CLOSE_CODE', RangeError],
  WS_ERR_INVALID_COMPRESSION: ['Z_DATA_ERROR', Error],
  WS_ERR_INVALID_LENGTH: ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', RangeError],
  WS_ERR_INVALID_OPCODE: ['WS_ERR_INVALID_OPCODE', RangeError],
  WS_ERR_INVALID_UTF8: ['WS_ERR_INVALID_UTF8', Error],
  WS_ERR_LONG_CONTROL: ['WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH', RangeError],
  WS_ERR_MASKED_FRAME: ['WS_ERR_UNEXPECTED_MASK', RangeError],
  WS_ERR_MESSAGE_TOO_BIG: ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', RangeError],
  WS_ERR_RESERVED_BITS: ['WS_ERR_UNEXPECTED_RSV_2_3', RangeError],
  WS_ERR_TOO_MANY_FRAGMENTS: ['WS_ERR_TOO_MANY_BUFFERED_PARTS', RangeError],
  WS_ERR_UNEXPECTED_CONTINUATION: ['WS_ERR_INVALID_OPCODE', RangeError],
  WS_ERR_UNFINISHED_MESSAGE: ['WS_ERR_INVALID_OPCODE', RangeError],
}

/** Ends of an open connection that are no error for ws: it emits "close" alone. */
const SILENT: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'WS_ERR_CLOSE_TIMEOUT',
  'WS_ERR_CONNECTION_LOST',
  'WS_ERR_TERMINATED',
])

/** Whether ws emits "error" for the failure of a connection that was open. */
export function isReported(error: ConnectionError): boolean {
  return !SILENT.has(error.code)
}

/**
 * The error that ws would emit: of the same class, with the same code. A failure to connect is the error of the system, and that
 * of a Blob what reading it has rejected with. The cause of others is the error of this package, which says more.
 */
export function toWsError(error: ConnectionError): Error {
  const isForeign = error.code === 'WS_ERR_CONNECT' || error.code === 'WS_ERR_BLOB_READ'
  if (isForeign && error.cause instanceof Error) return error.cause
  const [code, Class] = violations[error.code] ?? [undefined, Error]
  const converted = new Class(error.message, { cause: error })
  return code === undefined ? converted : Object.assign(converted, { code })
}

/** The failure of an opening handshake. Programs compare the texts of these, so they are those of ws. */
export function openingError(code: FailureCode, message: string, cause?: unknown): ConnectionError {
  return new ConnectionError(code, message, { cause })
}
