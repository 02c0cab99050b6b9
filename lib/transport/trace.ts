import type { FailureStep } from '../protocol/errors.ts'
import type { HttpVersion, TlsState } from './pipe.ts'

/**
 * What is known of one opening. Each stage writes its step when it begins, and what it learns; the trace is read when the opening
 * ends, well or not, and by whoever asks an open socket for its way. See `WayInfo` for the members.
 */
export interface Trace {
  step: FailureStep
  http?: HttpVersion | undefined
  proxy?: string | undefined
  remoteAddress?: string | undefined
  /** Of TCP. */
  remotePort?: number | undefined
  tls?: TlsState | undefined
}

/** A trace with nothing in it. It has all members, since an inherited one may come from a polluted Object.prototype. */
export function startTrace(step: FailureStep): Trace {
  return { step, http: undefined, proxy: undefined, remoteAddress: undefined, remotePort: undefined, tls: undefined }
}
