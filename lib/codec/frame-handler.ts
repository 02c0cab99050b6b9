import type { MessageBatch } from './message-batch.ts'
import type { ViolationCode } from './violations.ts'

/** The payload of a binary message of more than 1 MiB: two pieces or more, of at most 1 MiB each. */
export type Pieces = Uint8Array<ArrayBuffer>[]

/** Receives what a `FrameReader` reads. Payloads of control frames are valid only during the call. */
export interface FrameHandler {
  onText(data: string): void
  /** The memory is the handler's to keep. Pieces come only where `takesPieces` is true. */
  onBinary(data: ArrayBuffer | Pieces): void
  /**
   * Whether a binary message of more than 1 MiB, whose length was not known, is passed in pieces, instead of being put together
   * first.
   */
  readonly takesPieces?: boolean | undefined
  /** Whether small messages that arrive together are passed to `onBatch`, instead of one by one. */
  readonly takesBatches?: boolean
  onBatch?(batch: MessageBatch): void
  /**
   * A frame has ended that is not the last of its message.
   *
   * @param length payload bytes of the message so far, inflated
   */
  onFragment?(length: number): void
  onPing(payload: Uint8Array): void
  onPong(payload: Uint8Array): void
  /**
   * The reader has paused itself, because what has arrived is more work than one turn of the event loop should do: much to
   * inflate, a long message to put together, or many small frames. The handler calls `resume` in a later task.
   */
  onYield(): void
  /** The last call: nothing behind a Close frame is read (RFC 6455 section 5.5.1). */
  onClose(payload: Uint8Array): void
  /** The last call: the server broke the protocol, and nothing behind that is read (RFC 6455 section 7.1.7). */
  onViolation(closeCode: number, code: ViolationCode, message: string): void
}

/** Limits on what a server may send; 0 is none. */
export interface ReadLimits {
  /** The largest message, in bytes. */
  readonly maxPayload: number
  /** The largest number of frames in a message. */
  readonly maxFragments: number
}
