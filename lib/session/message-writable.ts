import { host } from '../host/host.ts'
import { DOMException } from '../idl/dom-exception.ts'
import { bytesOf, toDOMString } from '../idl/webidl.ts'
import { setCause, type WebSocketError } from '../idl/websocket-error.ts'
import type { Connection } from '../protocol/connection.ts'
import { MESSAGE_OVERHEAD } from './backpressure.ts'
import { Deferred } from './deferred.ts'
import type { EventLoop } from './event-loop.ts'

/** The WebSocketStream, as seen by its writable side. */
export interface MessageDestination {
  readonly loop: EventLoop
  /** The writer was closed, and all its messages are sent. */
  close(code: number | undefined, reason: string): void
  /** A writer waits for the network. */
  awaited?(): void
  /** The writable was aborted. Called once or twice. */
  aborted(reason: unknown): void
  /** A chunk was given to the connection as a message. */
  sent?(message: unknown): void
  /** A message has left while a Close frame waits behind it: the closing handshake makes progress. */
  restartCloseTimer(): void
}

/** The part of a connection that is used here. A host that has a WebSocket of its own brings another object with it. */
export type MessageConnection = Pick<
  Connection,
  'writable' | 'congested' | 'transmitted' | 'sendText' | 'sendBinary' | 'startClosingHandshake' | 'flush'
>

/** The part of WritableStreamDefaultController that is used here; the host's type is not the same in all programs. */
interface Controller {
  readonly signal?: { readonly reason: unknown; addEventListener(type: 'abort', listener: () => void): void }
  error(reason: unknown): void
}

/**
 * Write coalescing: messages that are written in one task are gathered up to this many bytes, `MESSAGE_OVERHEAD` for each
 * included, for one write to the network. At that size the writer waits for a task: an endless source of chunks would
 * otherwise keep the event loop from all other work.
 */
const MAX_GATHERED = 64 * 1024

/**
 * The writable side of a WebSocketStream: a WritableStream that sends each chunk as one message.
 *
 * Send backpressure: a write is done when the network has taken its message, or is about to take it at the end of the task.
 * While the network does not keep up, the write stays pending, and the stream keeps the later chunks in its own queue.
 *
 * A Close frame waits until that queue is empty, or dropped.
 */
export class MessageWritable {
  readonly stream: object
  readonly #destination: MessageDestination
  #controller!: Controller
  /** Set before anybody has the stream, so before the first write. */
  #connection: MessageConnection | undefined

  /** Chunks in the stream's own queue, not counting the one that is being written. */
  #queuedChunks = 0
  /** The stream has dropped its queue: it was aborted or errored, or closed with nothing in it. */
  #queueDropped = false
  /** True while `#write` gives the connection a message: the flush that the connection asks for is the affair of `#write`. */
  #sending = false
  #flushScheduled = false
  /** Payload bytes of all messages so far. Infinite after a message that was given up, which therefore never leaves. */
  #sent = 0
  /** Payload bytes of the messages since the last flush. */
  #unflushed = 0
  /** The same with `MESSAGE_OVERHEAD` for each message. */
  #gathered = 0
  /** The write that waits for the network. */
  #pendingWrite: Deferred<void> | undefined
  /** The writer's `close()`, settled when the connection has ended. */
  #closeRequest: Deferred<void> | undefined

  /** Our Close frame, while it waits for the messages of the queue. */
  #pendingClose: { readonly code: number | undefined; readonly reason: string } | undefined
  /** The connection ends without us: the server's Close frame has come before ours was due, or the connection has failed. */
  #isEnding = false
  /** The pending write had not left when the server's Close frame arrived. It fails, even if the message leaves later. */
  #pendingWriteFails = false
  /** The connection is about to fail: a write waits for the network no more, as long as that is not congested. */
  #isLate = false

  /** @param WritableStream the class of the Streams Standard */
  constructor(WritableStream: new (...args: any[]) => object, destination: MessageDestination) {
    this.#destination = destination
    const sink = {
      __proto__: null,
      start: (controller: Controller) => this.#start(controller),
      write: (chunk: unknown) => this.#write(chunk),
      close: () => this.#close(),
      abort: (reason: unknown) => this.#abort(reason),
    }
    // Counts the chunks that enter the stream's queue: the stream gives no other notice of them.
    const size = (): number => {
      this.#queuedChunks++
      return 1
    }
    this.stream = new WritableStream(sink, { __proto__: null, highWaterMark: 1, size })
  }

  // Called by the WebSocketStream.

  /** The opening handshake is done: the messages go to this connection. */
  open(connection: MessageConnection): void {
    this.#connection = connection
  }

  /** Whether a write waits for the network. */
  get hasPendingWrite(): boolean {
    return this.#pendingWrite !== undefined
  }

  /** Starts the closing handshake behind the messages in the stream's queue. */
  startClosingHandshake(code: number | undefined, reason: string): void {
    this.#pendingClose = { code, reason }
    if (this.#queuedChunks === 0 || this.#queueDropped) this.#sendClose()
  }

  /** The server's Close frame has been received. */
  onCloseReceived(): void {
    this.#isEnding = true
    this.#pendingWriteFails = this.#pendingWrite !== undefined && this.#connection!.congested
  }

  /**
   * The server has broken the protocol, and the connection is about to fail. A network that is slow to report does not hold up the
   * answers to earlier messages: they go to the connection within the next task, ahead of the Close frame.
   *
   * @returns whether a write was held up, so that the failure has to wait for a task
   */
  onViolation(): boolean {
    this.#isLate = true
    if (this.#pendingWrite === undefined || this.#connection!.congested) return false
    this.#pendingWrite.resolve()
    this.#pendingWrite = undefined
    return true
  }

  /** The connection has failed; `onFailed` follows. */
  onEnding(): void {
    this.#isEnding = true
  }

  /** The connection asks for a flush. */
  flushSoon(): void {
    if (!this.#sending) this.#destination.loop.tasks.afterScheduled(this.#flush)
  }

  onDrained(): void {
    const write = this.#pendingWrite
    if (write === undefined || this.#pendingWriteFails || !this.#hasLeft(this.#connection!)) return
    this.#pendingWrite = undefined
    if (this.#pendingClose !== undefined) this.#destination.restartCloseTimer()
    write.resolve()
  }

  /** The connection has closed cleanly, and no write is pending. */
  onClosed(): void {
    if (this.#closeRequest !== undefined) this.#closeRequest.resolve()
    else this.#controller.error(new DOMException('The WebSocketStream is closed', 'InvalidStateError'))
  }

  /** The connection has failed, or has closed before the pending write was done. */
  onFailed(failure: WebSocketError): void {
    if (this.#pendingWrite !== undefined) this.#pendingWrite.reject(lostWrite(failure))
    else this.#controller.error(failure)
    this.#closeRequest?.reject(failure)
  }

  // Called by the stream.

  #start(controller: Controller): void {
    this.#controller = controller
    // The stream calls `abort` only after the pending write, which a server that does not read holds up.
    controller.signal?.addEventListener('abort', () => this.#abort(controller.signal?.reason))
  }

  /**
   * "Write a chunk": bytes become a binary message, anything else a text message.
   *
   * @returns nothing if the network has taken everything before this chunk, so that it takes this one at the end of the task
   * @throws TypeError for shared or resizable memory, and for a symbol; "InvalidStateError" DOMException after our Close
   *   frame
   */
  #write(chunk: unknown): Promise<void> | undefined {
    this.#queuedChunks--
    const connection = this.#connection!
    if (!connection.writable) return this.#refuseWrite()
    try {
      this.#destination.loop.io.enter()
      this.#sending = true
      const length = this.#send(connection, chunk)
      this.#sent += length
      this.#unflushed += length
      this.#gathered += length + MESSAGE_OVERHEAD
    } catch (error) {
      this.#dropQueue()
      throw error
    } finally {
      this.#sending = false
    }
    if (this.#queuedChunks === 0) this.#sendClose()
    // A writer that waits for each write writes the next chunk in a microtask, so both leave in one flush.
    const isLate = this.#isLate && !connection.congested
    if (this.#gathered < MAX_GATHERED && (connection.transmitted + this.#unflushed === this.#sent || isLate)) {
      this.#scheduleFlush()
      return undefined
    }
    this.#flush()
    if (this.#hasLeft(connection) || isLate) return new Promise(resolve => host.queueTask(resolve))
    this.#destination.awaited?.()
    this.#pendingWrite = new Deferred()
    return this.#pendingWrite.promise
  }

  /** Nothing can follow our own Close frame. In a connection that ends without us, the write fails with it. */
  #refuseWrite(): Promise<void> {
    if (!this.#isEnding) {
      this.#dropQueue()
      throw new DOMException('The WebSocketStream is closing: it takes no more messages', 'InvalidStateError')
    }
    this.#sent = Number.POSITIVE_INFINITY
    this.#pendingWrite = new Deferred()
    return this.#pendingWrite.promise
  }

  /** @returns bytes of the payload */
  #send(connection: MessageConnection, chunk: unknown): number {
    const bytes = bytesOf(chunk)
    const text = bytes === undefined ? toDOMString(chunk) : undefined
    const length = text === undefined ? bytes!.length : connection.sendText(text)
    if (text === undefined) connection.sendBinary(bytes!)
    this.#destination.sent?.(text ?? bytes)
    return length
  }

  /** The stream closes once its queue is empty. The promise settles when the connection has ended. */
  #close(): Promise<void> {
    this.#dropQueue()
    this.#destination.close(undefined, '')
    this.#closeRequest = new Deferred()
    return this.#closeRequest.promise
  }

  #abort(reason: unknown): void {
    this.#dropQueue()
    this.#destination.aborted(reason)
  }

  // Helpers, in call order.

  /** Whether the network has taken all messages. */
  #hasLeft(connection: MessageConnection): boolean {
    return connection.transmitted >= this.#sent
  }

  /** The chunks in the stream's queue will not be written, so a Close frame waits for them no more. */
  #dropQueue(): void {
    this.#queueDropped = true
    this.#sendClose()
  }

  #sendClose(): void {
    const close = this.#pendingClose
    if (close === undefined) return
    this.#pendingClose = undefined
    this.#connection!.startClosingHandshake(close.code, close.reason)
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    host.afterMicrotasks(this.#flush)
  }

  readonly #flush = (): void => {
    this.#flushScheduled = false
    this.#unflushed = 0
    this.#gathered = 0
    this.#connection!.flush()
    this.onDrained()
  }
}

/** The error of a write that could not be done. Unlike the proposal, it has a cause: how the connection ended. */
function lostWrite(cause: WebSocketError): DOMException {
  const error = new DOMException('The WebSocketStream ended before the message was sent', 'InvalidStateError')
  setCause(error, cause)
  return error
}
