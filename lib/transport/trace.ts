import type { FailureStep } from '../protocol/errors.ts'
import type { HttpVersion, TlsState } from './pipe.ts'

/**
 * What is known of one opening. Each stage writes its step when it begins, and what it learns; the trace is read when the opening
 * ends, well or not, and by whoever asks an open socket for its way. See `WayInfo` for the members.
 */
export interface Trace {
  step: FailureStep
  http?: HttpVersion
  proxy?: string
  remoteAddress?: string
  /** Of TCP. */
  remotePort?: number
  tls?: TlsState
}
