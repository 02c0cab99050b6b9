import { type FrameHandler, FrameReader, type Pieces } from '../codec/frame-reader.ts'
import { controlFrame } from '../codec/frame-writer.ts'
import type { MessageBatch } from '../codec/message-batch.ts'
import { PONG } from '../codec/opcodes.ts'
import type { Platform } from '../codec/platform.ts'
import type { Pipe, PipeSink } from '../transport/pipe.ts'
import { CLOSED_PIPE } from './closed-pipe.ts'
import type { FailureCode } from './errors.ts'
import type { DeflateParameters } from './extensions.ts'
import { OutgoingQueue, PIECE_SIZE } from './outgoing-queue.ts'
import type { ConnectionOwner, ConnectionSettings } from './owner.ts'
import { type Reservation, SendQueue, type SendQueueOwner } from './send-queue.ts'

/** With more than this many bytes buffered in the pipe, a connection is congested: the peer seems not to read. */
const CONGESTION = 64 * 1024
/** Bytes that are discarded after the last frame. A peer that sends more is cut off. */
const MAX_DISCARDED = 1024 * 1024
/**
 * When the pipe closes while the owner has paused, what arrived before is still read: what the reader takes in this many turns,
 * which inflates to about 4 MiB.
 */
const MAX_READS_BEYOND_PAUSE = 8

/**
 * Frames over a pipe, in both directions: paused reading, pongs, write coalescing and backpressure.
 *
 * It never begins or ends a connection. `Connection` does, which adds the states to it. The two are one object, since an
 * idle connection should own few (bench: idle).
 */
export abstract class FramedPipe implements PipeSink, FrameHandler, SendQueueOwner {
  protected readonly platform: Platform
  protected readonly owner: ConnectionOwner
  protected readonly sendQueue: SendQueue
  readonly #reader: FrameReader
  #pipe: Omit<Pipe, 'start'>

  #reads = 0
  #discarded = 0

  // Reading is held up while either of the first two is true.
  /** The owner has called `pause`. */
  #paused = false
  /** The reader has called `onYield`, and waits for `continueReading`; or it has stopped, and the failure is still to come. */
  #busy = false
  /** The pipe has ended while reading was held up. The end is handled when all that came before it was read. */
  #endDeferred = false

  /** The owner has been asked for a `flush` that it has not made yet. */
  #flushRequested = false
  /** Backpressure: the last write to the pipe returned false, and `drain` has not followed yet. */
  #needsDrain = false
  /** The backlog of the pipe. Created by the first write that has to wait, and dropped once all of it has left (bench: idle). */
  #queue: OutgoingQueue | undefined
  /** Our Close frame is due, or our end: all that is sent from now on is the last. */
  #closeDue = false
  /** Our side of the pipe is to end once everything was written; and it has ended. */
  #endDue = false
  #ended = false
  /** Everything up to our Close frame has left. */
  #allSent = false

  protected constructor(
    platform: Platform,
    pipe: Pipe,
    owner: ConnectionOwner,
    settings: ConnectionSettings,
    deflate: DeflateParameters | undefined,
  ) {
    this.platform = platform
    this.#pipe = pipe
    this.owner = owner
    this.#reader = new FrameReader(platform, this, settings, deflate)
    this.sendQueue = new SendQueue(platform, deflate, settings.perMessageDeflate, this)
  }

  // Decided by the state of the connection.

  /** Whether frames are no longer read. What still arrives is discarded. */
  protected abstract get isOver(): boolean
  /** Whether a ping is answered. */
  protected abstract get answersPings(): boolean
  /** The peer sends no more, and all that it sent was read. */
  protected abstract onPipeEnd(): void
  /** Everything has left for the network, our Close frame included. Called once, at most. */
  protected abstract onAllSent(): void
  /** The pipe is gone. The last call. */
  protected abstract onPipeClose(cause: unknown): void
  abstract onClose(payload: Uint8Array): void
  abstract onViolation(closeCode: number, code: FailureCode, message: string): void

  // Called by the owner.

  /** Bytes that have not left; of those in the pipe only if it tells. */
  get backlog(): number {
    return (this.#pipe.buffered ?? 0) + (this.#queue?.size ?? 0)
  }

  /** Whether the pipe exerts backpressure and has buffered more than 64 KiB, or does not tell how much. */
  get congested(): boolean {
    return this.#needsDrain && this.#buffered > CONGESTION
  }

  /** A counter that grows with each chunk that arrives: the sign of life that a heartbeat looks for. */
  get reads(): number {
    return this.#reads
  }

  /**
   * Application bytes that have left for the network; of a flush that has left in part, the same part. After a connection was
   * lost, the number stays as it was.
   */
  get transmitted(): number {
    return this.sendQueue.transmitted(this.#buffered)
  }

  /**
   * Sends a text message; a lone surrogate goes out as U+FFFD.
   *
   * @returns its length in bytes
   */
  sendText(text: string): number {
    const length = this.sendQueue.text(text)
    this.requestFlush()
    return length
  }

  /** Sends a binary message, or one with another opcode. The bytes are copied. */
  sendBinary(bytes: Uint8Array, opcode?: number): void {
    this.sendQueue.binary(bytes, opcode)
    this.requestFlush()
  }

  /** Reserves a place in the send order for a message whose bytes are not known yet: `fill` brings them. */
  reserve(opcode?: number, final?: boolean): Reservation {
    return this.sendQueue.reserve(opcode, final)
  }

  /** Gives a reservation its bytes, which are taken over. */
  fill(reservation: Reservation, bytes: Uint8Array): void {
    this.sendQueue.fill(reservation, bytes)
  }

  /** Drops the messages that wait for a reservation or for compression. */
  dropMessages(): void {
    this.sendQueue.dropMessages()
  }

  /** Hands all frames that were written since the last flush to the pipe, mostly in one write. */
  flush(): void {
    this.#flushRequested = false
    // Within a write, foreign code has sent on this connection. That leaves by a flush after this one.
    if (this.sendQueue.isFlushing) return
    if (this.sendQueue.pending) {
      this.#needsDrain = !this.sendQueue.flush(this)
      this.requestFlush()
    }
    if (this.#closeDue) this.#checkSent()
  }

  /** Stops reading from the network. No message is given out until `resume`. */
  pause(): void {
    this.#paused = true
    this.#reader.pause()
    this.#pipe.pause()
  }

  /** Ends a `pause`. Messages that arrived before may be given out within the call. */
  resume(): void {
    this.#paused = false
    this.#readOn()
  }

  /** Reads on after the owner's `continueReadingLater` was called. */
  continueReading(): void {
    this.#busy = false
    // The reader was busy, so nothing newer was read. The bytes that it still holds count as a sign of life.
    this.#reads++
    this.#readOn()
  }

  ref(): void {
    this.#pipe.ref?.()
  }

  unref(): void {
    this.#pipe.unref?.()
  }

  // Called by the pipe.

  data(bytes: Uint8Array): void {
    this.#reads++
    if (!this.isOver) {
      this.#reader.read(bytes)
      this.#flushAnswers()
      return
    }
    // RFC 6455 section 1.4: data that follows a Close frame is discarded.
    this.#discarded += bytes.length
    if (this.#discarded > MAX_DISCARDED) this.#pipe.abort()
  }

  room(): Uint8Array | undefined {
    return this.isOver ? undefined : this.#reader.readTarget()
  }

  drain(): void {
    this.#needsDrain = !this.#writeQueue()
    if (this.#needsDrain) return
    this.sendQueue.drained()
    if (this.#closeDue) this.#checkSent()
    this.owner.onDrained()
  }

  end(): void {
    // While reading is held up, messages are still to come before the end.
    if (this.#reader.paused && !this.isOver) this.#endDeferred = true
    else this.onPipeEnd()
  }

  close(cause?: unknown): void {
    this.#queue?.drop()
    // A pipe may close while reading is held up. What arrived before is read at once, somewhat beyond the owner's limit.
    if (this.#reader.paused) this.#pipe = CLOSED_PIPE
    let left = Number.POSITIVE_INFINITY
    while (this.#reader.paused && left-- > 0) {
      if (this.#paused) left = MAX_READS_BEYOND_PAUSE
      this.#paused = false
      this.continueReading()
    }
    this.onPipeClose(cause)
  }

  // Called by the frame reader.

  onText(data: string): void {
    this.owner.onText(data)
  }

  onBinary(data: ArrayBuffer | Pieces): void {
    this.owner.onBinary(data)
  }

  get takesPieces(): boolean | undefined {
    return this.owner.takesPieces
  }

  get takesBatches(): boolean {
    return this.owner.onBatch !== undefined
  }

  onBatch(batch: MessageBatch): void {
    this.owner.onBatch!(batch)
  }

  /** Answers a ping. While the connection is congested, only the newest one is answered (RFC 6455 section 5.5.3). */
  onPing(payload: Uint8Array): void {
    if (!this.answersPings || this.owner.onPing?.(payload) === true) return
    if (this.#queue === undefined && !this.congested) return this.sendQueue.control(PONG, payload)
    this.#queue ??= new OutgoingQueue()
    this.#queue.pong = controlFrame(this.platform, PONG, payload)
  }

  onPong(payload: Uint8Array): void {
    this.owner.onPong(payload)
  }

  onYield(): void {
    this.#busy = true
    this.#pipe.pause()
    this.owner.continueReadingLater()
  }

  // Called by the send queue.

  /** Writes to the pipe, in order. Returns false if something has to wait. */
  write(bytes: Uint8Array, more: boolean): boolean {
    if (this.#queue === undefined && !this.#needsDrain && !more && bytes.length <= PIECE_SIZE) {
      return this.#pipe.write(bytes, false)
    }
    this.#queue ??= new OutgoingQueue()
    this.#queue.push(bytes)
    return !more && !this.#needsDrain && this.#writeQueue()
  }

  get givesBack(): boolean | undefined {
    return this.#pipe.givesBack
  }

  requestFlush(): void {
    if (this.#flushRequested || !this.sendQueue.pending) return
    this.#flushRequested = true
    this.owner.flushSoon()
  }

  /** Flushes a part of a large message. While the pipe takes all, its memory is reused for the next part (bench: send). */
  flushEarly(): void {
    if (!this.#needsDrain) this.#needsDrain = !this.sendQueue.flush(this)
  }

  // Called by the subclass.

  /** Sends a ping or a pong of the owner at once, ahead of all messages that wait. */
  protected sendControl(opcode: number, payload: Uint8Array): void {
    if (this.#queue !== undefined) return this.#queue.pushPing(controlFrame(this.platform, opcode, payload))
    this.sendQueue.control(opcode, payload)
    this.requestFlush()
  }

  /** Sends our Close frame, after everything that was sent before. */
  protected sendClose(body: Uint8Array): void {
    this.#closeDue = true
    this.sendQueue.close(body)
    this.requestFlush()
  }

  /** Whether everything has left for the network, our Close frame included. */
  protected get allSent(): boolean {
    return this.#allSent
  }

  /**
   * Ends our side of the pipe, once, when all that waits in the send queue was written. Resumes the pipe, so that the peer's
   * end is seen.
   */
  protected halfClose(): void {
    if (!this.#endDue) this.#pipe.resume()
    this.#closeDue = true
    this.#endDue = true
    this.flush()
  }

  /** Reads no more frames, and nothing from the network until `halfClose`. */
  protected stopReading(): void {
    this.#busy = true
    this.#reader.stop()
    this.#pipe.pause()
  }

  /** Reads no more frames, and frees the memory for them. */
  protected release(): void {
    this.#reader.stop()
  }

  protected abortPipe(reason: unknown): void {
    this.#queue?.drop()
    this.#pipe.abort(reason)
  }

  /** Bytes that have not left. A pipe that does not tell has buffered none, or, until it drains, any number. */
  get #buffered(): number {
    const { buffered } = this.#pipe
    if (buffered === undefined) return this.#needsDrain ? Number.POSITIVE_INFINITY : 0
    return buffered + (this.#queue?.size ?? 0)
  }

  /** Writes the backlog until the pipe exerts backpressure. Returns false if it does. */
  #writeQueue(): boolean {
    const queue = this.#queue
    if (queue === undefined) return true
    if (!this.answersPings) queue.pong = undefined
    const ready = queue.writeTo(this.#pipe)
    if (queue.isDone) this.#queue = undefined
    return ready
  }

  #readOn(): void {
    if (this.#paused || this.#busy) return
    this.#reader.resume()
    this.#flushAnswers()
    if (this.#reader.paused) return
    this.#pipe.resume()
    if (!this.#endDeferred) return
    this.#endDeferred = false
    this.end()
  }

  /** Looks whether everything was written, and has left. */
  #checkSent(): void {
    if (this.sendQueue.waits || this.sendQueue.pending) return
    if (this.#endDue && !this.#ended && this.#queue === undefined) {
      this.#ended = true
      this.sendQueue.stop()
      this.#pipe.end()
    }
    if (this.#allSent || this.#needsDrain) return
    this.#allSent = true
    this.onAllSent()
  }

  /** Sends the frames that were written while reading, such as pongs, unless a requested flush will. */
  #flushAnswers(): void {
    if (this.sendQueue.pending && !this.#flushRequested) this.flush()
  }
}
