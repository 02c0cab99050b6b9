import type { Pieces, ReadLimits } from '../codec/frame-reader.ts'
import type { MessageBatch } from '../codec/message-batch.ts'
import type { CloseStatus } from './close.ts'
import type { ConnectionError } from './errors.ts'
import type { CompressionSettings } from './message-compressor.ts'

/** How a connection ended. */
export interface CloseResult extends CloseStatus {
  /** Why it failed. Undefined if it closed cleanly. */
  readonly error: ConnectionError | undefined
}

/** The layer above a connection. Its methods must not throw, and must not run the user's code before they return. */
export interface ConnectionOwner {
  /** "A WebSocket message has been received" (RFC 6455 section 6.2). */
  onText(data: string): void
  /** The memory is the owner's to keep. Pieces come only where `takesPieces` is true. */
  onBinary(data: ArrayBuffer | Pieces): void
  /**
   * Whether a binary message of more than 1 MiB, whose length was not known, is passed in pieces, instead of being put together
   * first.
   */
  readonly takesPieces?: boolean | undefined
  /** Small messages that arrived together. Without this method, each is passed to `onText` or `onBinary`. */
  onBatch?(batch: MessageBatch): void
  /** A frame of a fragmented message has ended, and others follow: the message has `length` bytes so far, inflated. */
  onFragment?(length: number): void
  /**
   * A ping has arrived. The payload is valid only during the call.
   *
   * @returns true if the connection must not answer it
   */
  onPing?(payload: Uint8Array): boolean
  /** The payload is valid only during the call. */
  onPong(payload: Uint8Array): void
  /** "The WebSocket closing handshake is started", by the peer. The owner must call `acknowledgeClose`. */
  onCloseReceived(): void
  /** The closing handshake is done, or the server has ended TCP within it: the rest takes little time. May be called twice. */
  onServerEndDue(): void
  /** The peer broke the protocol, and nothing more is read. The owner must call `failAfterViolation`. */
  onViolation(): void
  /** Frames were written. The owner must call `flush` before the turn ends. */
  flushSoon(): void
  /**
   * What arrived inflates to more than one turn of the event loop should handle. The owner must call `continueReading`
   * from a later task.
   */
  continueReadingLater(): void
  /** The pipe's backpressure is over: all bytes that had to wait have left. */
  onDrained(): void
  /** "The WebSocket connection is closed", once. After a failure the pipe may still be open until `onReleased`. */
  onClosed(closure: CloseResult): void
  /** The pipe has closed. The last call. */
  onReleased(): void
}

/** The settings that a connection uses. */
export interface ConnectionSettings extends ReadLimits {
  /** How to compress, where the handshake agrees on permessage-deflate. Undefined if it was not offered. */
  readonly perMessageDeflate: CompressionSettings | undefined
}
