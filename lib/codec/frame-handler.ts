import type { MessageBatch } from './message-batch.ts'
import type { ViolationCode } from './violations.ts'

/** Where a `FrameReader` puts what it reads. Payloads of control frames are valid only during the call. */
export interface FrameHandler {
  onText(data: string): void
  /** The buffer is the handler's to keep. */
  onBinary(data: ArrayBuffer): void
  /** Whether `onBatch` is called with small messages that came together, in place of a call for each. */
  readonly takesBatches?: boolean
  onBatch?(batch: MessageBatch): void
  onPing(payload: Uint8Array): void
  onPong(payload: Uint8Array): void
  /** What has come inflates to so much that reading is held up until `goOn`, to be called from a later task. */
  onBusy(): void
  /** The last call: nothing after a Close frame is read (RFC 6455 section 5.5.1). */
  onClose(payload: Uint8Array): void
  /** The last call: the peer broke the protocol, and nothing after that is read (RFC 6455 section 7.1.7). */
  onViolation(closeCode: number, code: ViolationCode, message: string): void
}

/** Limits on what a peer may send; 0 is none. */
export interface ReadLimits {
  /** The largest message, in bytes. */
  readonly maxPayload: number
  /** The largest number of frames in a message. */
  readonly maxFragments: number
}
