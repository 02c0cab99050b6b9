import type { Pieces } from '../codec/frame-reader.ts'
import type { MessageBatch } from '../codec/message-batch.ts'
import { host } from '../host/host.ts'
import type { Event, URL } from '../host/host-types.ts'
import { createBlob, type ReadableBlob } from '../idl/blob.ts'
import { closeEvent } from '../idl/close-event.ts'
import { DOMException } from '../idl/dom-exception.ts'
import { dispatch, type Handler, type HandlerOwner, NO_HANDLERS } from '../idl/event-handlers.ts'
import { plainEvent } from '../idl/host-event.ts'
import { joinHostClassesSoon } from '../idl/join-host-classes.ts'
import { messageEvent } from '../idl/message-event.ts'
import type { Settings } from '../opening/options.ts'
import { GOING_AWAY, NORMAL_CLOSURE } from '../protocol/close.ts'
import type { CloseResult, Connection } from '../protocol/connection.ts'
import { ConnectionError } from '../protocol/errors.ts'
import type { Agreement } from '../protocol/handshake.ts'
import { MAX_UNDISPATCHED, MESSAGE_OVERHEAD, ReceiveBackpressure, sizeOf } from './backpressure.ts'
import { channels } from './channels.ts'
import { Deferred } from './deferred.ts'
import { LongMessage, PART_SIZE } from './long-message.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN } from './ready-state.ts'
import { closedError, Session } from './session.ts'
import type { TaskTarget } from './task-queue.ts'

// The kinds of tasks.
const TASK_TEXT = 0
const TASK_BINARY = 1
const TASK_OPEN = 2
const TASK_CLOSING = 3
const TASK_ERROR = 4
const TASK_CLOSE = 5
const TASK_DRAINED = 6
const TASK_BATCH = 7
const TASK_VIOLATION = 8
const TASK_LONG = 9

/**
 * The state behind a WebSocket object: the slots and algorithms of the standard. It turns what the connection reports into
 * tasks, each of which changes the ready state and dispatches an event on the WebSocket.
 *
 * @see https://websockets.spec.whatwg.org/#the-websocket-interface
 */
export class WebSocketState extends Session implements TaskTarget, HandlerOwner {
  /** Written by the event handler attributes, such as `onmessage`. */
  declare handlers: readonly Handler[]
  declare binaryType: 'blob' | 'arraybuffer'
  /** The subprotocol and the extensions that were agreed on; empty until the state is OPEN. */
  declare protocol: string
  declare extensions: string

  /** The value of `origin` of its message events. */
  readonly #origin: string
  /** Written by one method for each algorithm of the standard: `close` and the handlers of tasks; and by `terminate`. */
  #readyState = CONNECTING

  /** Bytes of received messages whose tasks have not run, `MESSAGE_OVERHEAD` for each included. */
  #undispatched = 0
  /** The part of `#undispatched` whose events were dispatched, and which waits in an iterator. Counted while the state is OPEN. */
  #unread = 0
  /** Created by the first message, so that idle sockets pay nothing. */
  #backpressure: ReceiveBackpressure | undefined

  /** Bytes of all messages that `send` was given. */
  #sent = 0
  /** Bytes of `#sent` that had left for the network at the last look, in the turn `#transmittedAt`. */
  #transmitted = 0
  #transmittedAt = -1
  /** The promises of `drained` that wait. Created by the first. */
  #drainWaiters: Deferred<void>[] | undefined
  /** Flushes the connection. Created by the first message that is sent, so that idle sockets pay nothing (bench: idle). */
  #flush: (() => void) | undefined

  constructor(target: object, url: URL, protocols: readonly string[], settings: Settings, calledClass: unknown) {
    super(target, url, settings, calledClass)
    // No initializers of the fields: tsup with `minify` would make broken code of this constructor.
    this.handlers = NO_HANDLERS
    this.binaryType = 'blob'
    this.protocol = this.extensions = ''
    // Joined into one string: a template makes three, which stay (bench: idle).
    this.#origin = [url.protocol, url.host].join('//')
    this.connect(url, protocols)
    joinHostClassesSoon() // The opening handshake leaves time for it.
  }

  // Called by the interface.

  get readyState(): number {
    return this.#readyState
  }

  /**
   * Bytes that `send` was given and that have not left for the network.
   *
   * @see https://websockets.spec.whatwg.org/#dom-websocket-bufferedamount
   */
  get bufferedAmount(): number {
    this.loop.io.enter()
    return this.#buffered
  }

  /** What has left is looked up once a turn: the spec lets the value fall only between turns of the event loop. */
  get #buffered(): number {
    const turn = this.loop.turns.current
    if (this.#transmittedAt !== turn) {
      this.#transmittedAt = turn
      if (this.connection !== undefined) this.#transmitted = this.connection.transmitted
    }
    return this.#sent - this.#transmitted
  }

  /** @throws "InvalidStateError" DOMException while connecting */
  sendText(text: string): void {
    const connection = this.#beginSend()
    this.#sent += connection === undefined ? host.platform.utf8Length(text) : connection.sendText(text)
    if (channels.message.hasSubscribers && connection !== undefined) this.observe()?.message('sent', text)
  }

  /** @throws "InvalidStateError" DOMException while connecting */
  sendBinary(bytes: Uint8Array): void {
    const connection = this.#beginSend()
    connection?.sendBinary(bytes)
    this.#sent += bytes.length
    if (channels.message.hasSubscribers && connection !== undefined) this.observe()?.message('sent', bytes)
  }

  /** @throws "InvalidStateError" DOMException while connecting; TypeError for a Blob that cannot be read */
  sendBlob(blob: ReadableBlob): void {
    const reading = this.#beginSend() && blob.read()
    // A Blob that is not the host's may have closed the connection within the call.
    const connection = this.#beginSend()
    this.#sent += blob.size
    if (reading === undefined) return
    // Messages that are sent while the Blob is read wait behind it.
    const place = connection?.reserve()
    reading.then(
      bytes => {
        if (place === undefined) return
        // Its size may have been another one than it said.
        this.#sent += bytes.length - blob.size
        connection!.fill(place, bytes)
        if (channels.message.hasSubscribers) this.observe()?.message('sent', bytes)
      },
      cause => {
        const message = 'A Blob that was to be sent could not be read'
        connection?.fail(new ConnectionError('WS_ERR_BLOB_READ', message, { cause, closeCode: GOING_AWAY }))
      },
    )
  }

  /** @see https://websockets.spec.whatwg.org/#close-the-websocket */
  close(code: number | undefined, reason: string | undefined): void {
    if (this.#readyState >= CLOSING) return
    this.loop.io.enter()
    const connecting = this.#readyState === CONNECTING
    this.#readyState = CLOSING
    this.#countUnread(-this.#unread)
    if (connecting) return this.closeBeforeOpen()
    this.connection!.startClosingHandshake(code ?? (reason === undefined ? undefined : NORMAL_CLOSURE), reason ?? '')
    this.startCloseTimer()
  }

  override terminate(): void {
    if (this.#readyState === CLOSED) return
    this.loop.io.enter()
    this.#readyState = CLOSING
    this.#countUnread(-this.#unread)
    super.terminate()
  }

  /**
   * Resolves when `bufferedAmount` is 0; rejects with the failure if the connection ends before. Counts as handled: a caller may
   * drop it.
   */
  drained(): Promise<void> {
    const waiter = new Deferred<void>()
    ;(this.#drainWaiters ??= []).push(waiter)
    if (this.bufferedAmount === 0) this.#handleDrained()
    else this.loop.tasks.queue(this, TASK_DRAINED, undefined)
    return waiter.promise
  }

  /** A message whose event was dispatched waits in an iterator (1), or waits no more (-1). It holds up reading meanwhile. */
  countUnread(message: unknown, change: 1 | -1): void {
    if (this.#readyState === OPEN) this.#countUnread(change * (sizeOf(message) + MESSAGE_OVERHEAD))
  }

  #countUnread(change: number): void {
    if (change === 0) return
    this.#unread += change
    this.#countUndispatched(change)
  }

  protected get isOpen(): boolean {
    return this.#readyState === OPEN
  }

  get isPaused(): boolean {
    return this.#backpressure?.isPaused === true
  }

  // Called by the connection.

  onText(data: string): void {
    if (this.#readyState <= OPEN) this.#queueMessage(TASK_TEXT, data, data.length)
  }

  onBinary(data: ArrayBuffer | Pieces): void {
    if (this.#readyState > OPEN) return
    const { byteLength } = data as ArrayBuffer
    if (byteLength <= PART_SIZE || !this.takesPieces) return this.#queueMessage(TASK_BINARY, data, byteLength)
    const message = new LongMessage(data, this.context)
    this.loop.tasks.queue(message, 0, undefined, message.pieces.length)
    this.#queueMessage(TASK_LONG, message, message.byteLength)
  }

  /** Whether the Blob of a long message is made in parts. */
  get takesPieces(): boolean | undefined {
    return this.binaryType === 'blob' && host.joinsBlobs
  }

  onBatch(batch: MessageBatch): void {
    if (this.#readyState > OPEN) return batch.drop()
    this.#countUndispatched(batch.size)
    this.loop.tasks.queue(this, TASK_BATCH, batch, batch.left)
  }

  override onCloseReceived(): void {
    // The close timer starts with our answer: the listeners of the messages before may take long, which is no fault of the server.
    this.loop.tasks.queue(this, TASK_CLOSING, undefined)
  }

  /** The failure is a task, so that the messages before the violation have their events, and their listeners may answer. */
  onViolation(): void {
    this.loop.tasks.queue(this, TASK_VIOLATION, undefined)
  }

  flushSoon(): void {
    this.#flush ??= () => {
      this.connection!.flush()
      this.onDrained()
    }
    this.loop.tasks.afterScheduled(this.#flush)
  }

  onDrained(): void {
    if (this.#drainWaiters !== undefined) this.loop.tasks.queue(this, TASK_DRAINED, undefined)
  }

  protected established(agreement: Agreement): void {
    this.loop.tasks.queue(this, TASK_OPEN, agreement)
  }

  /** The error event and the close event are one task, with the microtasks of the listeners between them. */
  protected ended(closure: CloseResult): void {
    if (closure.error === undefined) return this.loop.tasks.queue(this, TASK_CLOSE, closure)
    this.loop.tasks.queue(this, TASK_ERROR, undefined)
    this.loop.tasks.queueRest(this, TASK_CLOSE, closure)
  }

  // Called by the task queue.

  runTask(kind: number, data: unknown): void {
    switch (kind) {
      case TASK_BATCH:
        return this.#handleBatch(data as MessageBatch)
      case TASK_TEXT:
        this.#countUndispatched(-(data as string).length - MESSAGE_OVERHEAD)
        return this.#handleMessage(data)
      case TASK_BINARY:
        this.#countUndispatched(-(data as ArrayBuffer).byteLength - MESSAGE_OVERHEAD)
        return this.#handleMessage(data)
      case TASK_LONG:
        this.#countUndispatched(-(data as LongMessage).byteLength - MESSAGE_OVERHEAD)
        if (this.#readyState === OPEN) this.#deliver((data as LongMessage).as(this.binaryType))
        return
      case TASK_OPEN:
        return this.#handleEstablished(data as Agreement)
      case TASK_CLOSING:
        return this.#handleClosingHandshakeStarted()
      case TASK_ERROR:
        return this.#handleFailed()
      case TASK_CLOSE:
        return this.#handleClosed(data as CloseResult)
      case TASK_VIOLATION:
        return this.connection!.failAfterViolation()
      case TASK_DRAINED:
        return this.#handleDrained()
    }
  }

  /** @see https://websockets.spec.whatwg.org/#feedback-from-the-protocol, "the WebSocket connection is established" */
  #handleEstablished(agreement: Agreement): void {
    if (this.#readyState !== CONNECTING) return
    this.#readyState = OPEN
    this.extensions = agreement.extensions
    this.protocol = agreement.protocol
    this.reportOpen(agreement)
    this.fire(plainEvent('open'))
  }

  /** One task for each message of the batch. The batch counts as a whole until its last message. */
  #handleBatch(batch: MessageBatch): void {
    const data = batch.next()
    if (batch.left === 0) this.#countUndispatched(-batch.size)
    this.#handleMessage(data)
  }

  /** "A WebSocket message has been received" */
  #handleMessage(data: unknown): void {
    if (this.#readyState === OPEN)
      this.#deliver(typeof data === 'string' ? data : this.toBinaryData(data as ArrayBuffer))
  }

  #deliver(content: unknown): void {
    if (channels.message.hasSubscribers) this.observe()?.message('received', content)
    this.fire(messageEvent(content, this.#origin))
  }

  /** "The WebSocket closing handshake is started" */
  #handleClosingHandshakeStarted(): void {
    if (this.#readyState < CLOSING) this.#readyState = CLOSING
    // The end of the connection cannot be seen while reading is paused.
    this.#countUnread(-this.#unread)
    this.connection!.acknowledgeClose()
    this.startCloseTimer()
  }

  /** "The WebSocket connection is closed", the steps for a connection that failed */
  #handleFailed(): void {
    this.#readyState = CLOSED
    this.fire(plainEvent('error'))
  }

  /** "The WebSocket connection is closed", the last step */
  #handleClosed({ code, reason, error }: CloseResult): void {
    this.#readyState = CLOSED
    this.pings?.end(() => error ?? closedError(code))
    this.#handleDrained()
    this.fire(closeEvent(!error, code, reason))
  }

  /** Settles the promises of `drained` if everything has left, or if nothing more can leave. */
  #handleDrained(): void {
    const drained = this.#buffered === 0
    if (!drained && this.#readyState !== CLOSED) return
    const waiters = this.#drainWaiters
    this.#drainWaiters = undefined
    for (const waiter of waiters ?? []) {
      if (drained) waiter.resolve()
      else waiter.reject(this.failure ?? closedError())
    }
  }

  // Replaced for the sockets of a window of another realm, together with `takesPieces`.

  /** The `data` of a binary message's event. */
  protected toBinaryData(bytes: ArrayBuffer): unknown {
    // A view: the Blob of happy-dom in a vm context (Vitest's vmThreads) takes an ArrayBuffer of that context for text.
    return this.binaryType === 'blob' ? createBlob([new Uint8Array(bytes)]) : bytes
  }

  protected fire(event: Event): void {
    dispatch(this.socket, event)
  }

  // Helpers, in call order.

  #queueMessage(kind: number, data: unknown, length: number): void {
    this.#countUndispatched(length + MESSAGE_OVERHEAD)
    this.loop.tasks.queue(this, kind, data)
  }

  /** Adds `change` bytes, negative when messages leave the queue, and lets backpressure pause or resume reading. */
  #countUndispatched(change: number): void {
    this.#undispatched += change
    this.#backpressure ??= new ReceiveBackpressure(MAX_UNDISPATCHED, this.connection!)
    this.#backpressure.update(this.#undispatched)
  }

  /**
   * The connection if a message can still be sent; undefined if the close was started, so that it only counts.
   *
   * @throws "InvalidStateError" DOMException while connecting; "QuotaExceededError" DOMException if more waits than the option
   *   `maxBufferedAmount` allows
   */
  #beginSend(): Connection | undefined {
    if (this.#readyState === CONNECTING) {
      throw new DOMException('The WebSocket is not open yet: send after its open event', 'InvalidStateError')
    }
    this.loop.io.enter()
    const buffered = this.#buffered
    const connection = this.connection!
    if (this.#readyState !== OPEN || !connection.writable) return undefined
    const { maxBufferedAmount } = this.settings
    if (maxBufferedAmount > 0 && buffered > maxBufferedAmount) {
      throw new DOMException(`More than maxBufferedAmount bytes wait: ${maxBufferedAmount}`, 'QuotaExceededError')
    }
    return connection
  }
}
