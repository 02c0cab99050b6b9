import { type FrameHandler, FrameReader } from '../codec/frame-reader.ts'
import type { MessageBatch } from '../codec/message-batch.ts'
import { CLOSE, PING, PONG } from '../codec/opcodes.ts'
import type { Platform } from '../codec/platform.ts'
import { INVALID_PAYLOAD, PROTOCOL_ERROR } from '../codec/violations.ts'
import type { Pipe, PipeSink } from '../transport/pipe.ts'
import { type CloseStatus, NO_STATUS, NOT_RECEIVED, readCloseBody, writeCloseBody } from './close.ts'
import { CLOSED_PIPE } from './closed-pipe.ts'
import { ConnectionError, type FailureCode } from './errors.ts'
import type { DeflateParameters } from './extensions.ts'
import type { CloseResult, ConnectionOwner, ConnectionSettings } from './owner.ts'
import { type Place, SendQueue, type SendQueueOwner } from './send-queue.ts'

export type { CloseResult, ConnectionOwner, ConnectionSettings }

/*
 * The one state machine: what a WebSocket connection is once its opening handshake is done.
 *
 * A connection ends in one of three ways. Cleanly: each side sends a Close frame, then the server closes TCP (RFC 6455
 * section 7.1.1), and only then it is closed for the owner. Failed: one side broke the rules or went silent; we say why
 * in a Close frame where we still may (section 7.1.7), the owner is told at once, and the pipe is left to finish
 * sending. Lost: the pipe closed under us, which is a failure too (section 7.2.1).
 *
 *   state          peer's Close   startClosing   acknowledge   fail      pipe end      pipe close
 *   Open           CloseReceived  CloseSent      -             Failed    Failed        Closed, lost
 *   CloseSent      Finished       -              -             Failed    Failed        Closed, lost
 *   CloseReceived  (not read)     -              Finished      Failed    Finished      Closed, lost
 *   Finished       (not read)     -              -             -         our end       Closed, clean
 *   Failed         (not read)     -              -             -         -             Closed
 *   Closed         -              -              -             -         -             -
 *
 * CloseSent is entered when our Close frame is due, even if it still waits behind data whose bytes are not known yet.
 */
const OPEN = 0
const CLOSE_SENT = 1
const CLOSE_RECEIVED = 2
const FINISHED = 3
const FAILED = 4
const CLOSED = 5

/** While more than this many bytes wait in the pipe, the peer seems not to read: a pong waits, and a newer one takes its place. */
const CONGESTION = 64 * 1024
/** So much is read over after the last frame, in bytes, before a peer that goes on sending is cut off. */
const MAX_IGNORED = 1024 * 1024

export class Connection implements PipeSink, FrameHandler, SendQueueOwner {
  readonly #platform: Platform
  #pipe: Omit<Pipe, 'start'>
  readonly #owner: ConnectionOwner
  readonly #reader: FrameReader
  readonly #sendQueue: SendQueue
  #state = OPEN
  #received: CloseStatus = NOT_RECEIVED
  #ignored = 0
  #reads = 0
  #owedPong: Uint8Array | undefined
  #flushRequested = false
  #ended = false
  /** Reading is held up by the owner; and by the reader, until `goOn`. */
  #paused = false
  #busy = false
  /** The pipe has ended while reading was held up. */
  #endHeld = false
  /** The pipe said that bytes wait, and has not drained since. */
  #waiting = false

  constructor(
    platform: Platform,
    pipe: Pipe,
    owner: ConnectionOwner,
    settings: ConnectionSettings,
    deflate?: DeflateParameters,
  ) {
    this.#platform = platform
    this.#pipe = pipe
    this.#owner = owner
    this.#reader = new FrameReader(platform, this, settings, deflate)
    this.#sendQueue = new SendQueue(platform, deflate, settings.perMessageDeflate, this)
    pipe.start(this)
  }

  // What the owner calls.

  /** Whether messages may be sent: our Close frame is not due yet. */
  get writable(): boolean {
    return this.#state === OPEN || this.#state === CLOSE_RECEIVED
  }

  /** Bytes that wait in the pipe, as far as it tells. */
  get backlog(): number {
    return this.#pipe.buffered ?? 0
  }

  /** Whether so many bytes wait that the peer seems not to read. */
  get congested(): boolean {
    return this.#waiting && (this.#pipe.buffered ?? Number.POSITIVE_INFINITY) > CONGESTION
  }

  /** Grows with each chunk that arrives: the sign of life that a heartbeat looks for. */
  get reads(): number {
    return this.#reads
  }

  /**
   * Application bytes that have left for the network, counted up to the last whole flush that has. A connection that is
   * lost leaves it where it was.
   */
  get transmitted(): number {
    return this.#sendQueue.transmitted(this.#pipe.buffered ?? (this.#waiting ? Number.POSITIVE_INFINITY : 0))
  }

  /**
   * Sends a text message; a lone surrogate goes out as U+FFFD.
   *
   * @returns its length in bytes
   */
  sendText(text: string): number {
    const length = this.#sendQueue.text(text)
    this.requestFlush()
    return length
  }

  /** Sends a binary message. The bytes are copied. */
  sendBinary(bytes: Uint8Array): void {
    this.#sendQueue.binary(bytes)
    this.requestFlush()
  }

  /** Gives up the messages that wait for their turn. */
  dropWaiting(): void {
    this.#sendQueue.dropMessages()
  }

  /** Takes a place in the order for a binary message whose bytes come later, by `fill`. */
  reserve(): Place {
    return this.#sendQueue.reserve()
  }

  /** Gives a reserved place its bytes, which are taken over. */
  fill(place: Place, bytes: Uint8Array): void {
    this.#sendQueue.fill(place, bytes)
  }

  /** Sends a ping at once, past everything reserved. At most 125 bytes, which are copied. */
  ping(payload: Uint8Array): void {
    if (this.#state !== OPEN) return
    this.#sendQueue.control(PING, payload)
    this.requestFlush()
  }

  /**
   * "Start the WebSocket closing handshake" (RFC 6455 section 7.1.2), behind everything sent before.
   *
   * @param code none for an empty Close frame
   */
  startClosingHandshake(code: number | undefined, reason: string): void {
    if (this.#state !== OPEN) return
    this.#state = CLOSE_SENT
    this.#sendQueue.close(writeCloseBody(this.#platform, code, reason))
    this.requestFlush()
  }

  /** Answers the peer's Close frame with one like it (RFC 6455 section 5.5.1), behind everything sent before. */
  acknowledgeClose(): void {
    if (this.#state !== CLOSE_RECEIVED) return
    this.#state = FINISHED
    const { code, reason } = this.#received
    this.#sendQueue.close(writeCloseBody(this.#platform, code === NO_STATUS ? undefined : code, reason))
    this.requestFlush()
  }

  /**
   * "Fail the WebSocket connection" (RFC 6455 section 7.1.7). An error with a `closeCode` tells the peer, if a Close
   * frame may still be sent.
   */
  fail(error: ConnectionError): void {
    if (this.#state >= FINISHED) return
    if (error.closeCode !== undefined && this.writable) {
      this.#sendQueue.control(CLOSE, writeCloseBody(this.#platform, error.closeCode, ''))
    }
    this.#lose(error)
    this.#end()
  }

  /** Drops the pipe now; `close` follows from it. An error makes it the reason of a connection that has not ended. */
  abort(error?: ConnectionError): void {
    if (error !== undefined && this.#state < FINISHED) this.#lose(error)
    if (this.#state !== CLOSED) this.#pipe.abort(error)
  }

  /** Hands everything written since the last flush to the pipe, in one write mostly. */
  flush(): void {
    this.#flushRequested = false
    if (this.#sendQueue.pending) this.#waiting = !this.#sendQueue.flush(this.#pipe)
  }

  /** Gives out no more messages until `resume`, and stops reading from the network. */
  pause(): void {
    this.#paused = true
    this.#reader.pause()
    this.#pipe.pause()
  }

  /** Goes on. Messages that came before may be given out within the call. */
  resume(): void {
    this.#paused = false
    this.#readOn()
  }

  /** Goes on with what came, as `goOnLater` asked for. */
  goOn(): void {
    this.#busy = false
    // Until now there was no time to look for anything newer.
    this.#reads++
    this.#readOn()
  }

  ref(): void {
    this.#pipe.ref?.()
  }

  unref(): void {
    this.#pipe.unref?.()
  }

  // What the pipe calls.

  data(bytes: Uint8Array): void {
    this.#reads++
    if (this.#state < FINISHED) {
      this.#reader.read(bytes)
      this.#flushAnswers()
      return
    }
    // RFC 6455 section 1.4: data behind a Close frame is discarded.
    this.#ignored += bytes.length
    if (this.#ignored > MAX_IGNORED) this.#pipe.abort()
  }

  room(): Uint8Array | undefined {
    return this.#state < FINISHED ? this.#reader.readTarget() : undefined
  }

  drain(): void {
    this.#waiting = false
    this.#sendQueue.drained()
    if (this.#owedPong !== undefined && this.#state <= CLOSE_SENT) {
      this.#sendQueue.control(PONG, this.#owedPong)
      this.flush()
    }
    this.#owedPong = undefined
    this.#owner.onDrained()
  }

  end(): void {
    // Not before the messages that are held up.
    if (this.#reader.paused && this.#state < FINISHED) {
      this.#endHeld = true
      return
    }
    if (this.#state === CLOSE_RECEIVED) {
      // It waits for nothing more: what has to wait for its bytes is too late.
      this.#sendQueue.dropMessages()
      this.acknowledgeClose()
    }
    if (this.#state < FINISHED) {
      this.fail(new ConnectionError('WS_ERR_CONNECTION_LOST', 'The server ended the connection without a Close frame'))
    }
    this.#end()
  }

  close(cause?: unknown): void {
    // A pipe that closes although it is paused: what came before is read at once.
    if (this.#busy) this.#pipe = CLOSED_PIPE
    while (this.#busy && !this.#paused) this.goOn()
    const state = this.#state
    if (state < FINISHED) {
      const options = cause === undefined ? {} : { cause }
      this.#lose(new ConnectionError('WS_ERR_CONNECTION_LOST', 'The connection was lost', options))
    }
    this.#stop()
    this.#sendQueue.release()
    this.#state = CLOSED
    if (state === FINISHED) this.#owner.onClosed({ ...this.#received, wasClean: true, error: undefined })
    this.#owner.onReleased()
  }

  // What the reader calls.

  onText(data: string): void {
    this.#owner.onText(data)
  }

  onBinary(data: ArrayBuffer): void {
    this.#owner.onBinary(data)
  }

  /**
   * RFC 6455 section 5.5.2: an answer is owed until the peer's Close frame has come, also behind ours. While the peer does
   * not read, only the newest ping is owed one (section 5.5.3).
   */
  onPing(payload: Uint8Array): void {
    if (this.#state > CLOSE_SENT) return
    // Not by `slice`: on Node.js the payload may be a Buffer, whose `slice` copies nothing.
    this.#owedPong = this.congested ? new Uint8Array(payload) : undefined
    if (this.#owedPong === undefined) this.#sendQueue.control(PONG, payload)
  }

  get takesBatches(): boolean {
    return this.#owner.onBatch !== undefined
  }

  onBatch(batch: MessageBatch): void {
    this.#owner.onBatch!(batch)
  }

  onPong(payload: Uint8Array): void {
    this.#owner.onPong(payload)
  }

  onYield(): void {
    this.#busy = true
    this.#pipe.pause()
    this.#owner.goOnLater()
  }

  onClose(payload: Uint8Array): void {
    const status = readCloseBody(this.#platform, payload)
    if (status === PROTOCOL_ERROR || status === INVALID_PAYLOAD) {
      const message = 'The server broke the protocol: its Close frame is ill-formed'
      return this.onViolation(status, 'WS_ERR_INVALID_CLOSE', message)
    }
    this.#received = status
    if (this.#state === OPEN) {
      this.#state = CLOSE_RECEIVED
      this.#owner.onCloseReceived()
      return
    }
    this.#state = FINISHED
    // The peer reads no more data: what still waits for its bytes makes way for our Close frame, which stands last.
    this.#sendQueue.dropMessages()
    this.requestFlush()
  }

  onViolation(closeCode: number, code: FailureCode, message: string): void {
    this.fail(new ConnectionError(code, message, { closeCode }))
  }

  // What the outgoing side calls.

  requestFlush(): void {
    if (this.#flushRequested || !this.#sendQueue.pending) return
    this.#flushRequested = true
    this.#owner.flushSoon()
  }

  /** While the network takes all, a large message leaves as it is written, by memory that is used again (bench: send). */
  flushEarly(): void {
    if (!this.#waiting) this.#waiting = !this.#sendQueue.flush(this.#pipe)
  }

  // The rest, in call order.

  #readOn(): void {
    if (this.#paused || this.#busy) return
    this.#reader.resume()
    this.#flushAnswers()
    if (this.#reader.paused) return
    this.#pipe.resume()
    if (!this.#endHeld) return
    this.#endHeld = false
    this.end()
  }

  /** Sends at once what was written in answer to what was read. */
  #flushAnswers(): void {
    if (this.#sendQueue.pending && !this.#flushRequested) this.flush()
  }

  /** Ends our side of the pipe, once, and makes sure that the peer's end is seen. */
  #end(): void {
    this.flush()
    if (this.#ended) return
    this.#ended = true
    this.#pipe.resume()
    this.#pipe.end()
  }

  /** Nothing more is read, and nothing more waits to be written; the memory for both goes. */
  #stop(): void {
    this.#reader.stop()
    this.#sendQueue.stop()
  }

  #lose(error: ConnectionError): void {
    this.#stop()
    this.#state = FAILED
    this.#owner.onClosed({ ...this.#received, wasClean: false, error })
  }
}
