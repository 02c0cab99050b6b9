import type { ReadLimits } from '../codec/frame-reader.ts'
import type { MessageBatch } from '../codec/message-batch.ts'
import type { CloseStatus } from './close.ts'
import type { ConnectionError } from './errors.ts'
import type { CompressionSettings } from './send-queue.ts'

/** How a connection ended. */
export interface CloseResult extends CloseStatus {
  readonly wasClean: boolean
  /** Why it failed; undefined if it closed cleanly. */
  readonly error: ConnectionError | undefined
}

/** The layer above. None of its methods may throw, or run code of the user's before it returns. */
export interface ConnectionOwner {
  /** "A WebSocket message has been received" (RFC 6455 section 6.2). */
  onText(data: string): void
  /** The buffer is the owner's to keep. */
  onBinary(data: ArrayBuffer): void
  /** Several messages that came together, to an owner that has this method. */
  onBatch?(batch: MessageBatch): void
  /** The payload is valid only during the call. */
  onPong(payload: Uint8Array): void
  /** "The WebSocket closing handshake is started", by the peer. `acknowledgeClose` is owed. */
  onCloseReceived(): void
  /** Bytes wait for `flush`, which is to be called before the turn ends. */
  flushSoon(): void
  /** What came is more work than one turn of the event loop should do: `goOn` is to be called from a later task. */
  goOnLater(): void
  /** All bytes that had to wait have left. */
  onDrained(): void
  /** "The WebSocket connection is closed", once. The pipe may take until `onReleased` to go. */
  onClosed(closure: CloseResult): void
  /** The pipe is gone too. The last call. */
  onReleased(): void
}

/** What of the caller's settings a connection needs. */
export interface ConnectionSettings extends ReadLimits {
  /** How to compress, if the handshake has agreed on it. */
  readonly perMessageDeflate: CompressionSettings | undefined
}
