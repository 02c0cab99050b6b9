import type { FailureStep } from '../protocol/errors.ts'
import type { HttpVersion, TlsState } from './pipe.ts'

/**
 * The record of one opening. Each stage writes its step when it begins, and the facts that it learns. Read when the opening
 * ends, with or without success, and by `handshake()`. See `WayInfo` for the members.
 */
export interface Trace {
  step: FailureStep
  http?: HttpVersion | undefined
  proxy?: string | undefined
  remoteAddress?: string | undefined
  /** The TCP port that `remoteAddress` is connected at. */
  remotePort?: number | undefined
  tls?: TlsState | undefined
}

/** A trace with nothing in it. It has all members, since an inherited one may come from a polluted Object.prototype. */
export function startTrace(step: FailureStep): Trace {
  return { step, http: undefined, proxy: undefined, remoteAddress: undefined, remotePort: undefined, tls: undefined }
}
