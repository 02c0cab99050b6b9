import type { MessageBatch } from '../codec/message-batch.ts'
import type { ReadableStream, URL, WritableStream } from '../host/host-types.ts'
import type { WebSocketCloseInfo } from '../idl/close-info.ts'
import { closeInfoOf, createWebSocketError } from '../idl/websocket-error.ts'
import type { Settings } from '../opening/options.ts'
import { ABNORMAL_CLOSURE, NORMAL_CLOSURE } from '../protocol/close.ts'
import type { CloseResult } from '../protocol/connection.ts'
import type { ConnectionError } from '../protocol/errors.ts'
import type { Agreement } from '../protocol/handshake.ts'
import { channels } from './channels.ts'
import { Deferred } from './deferred.ts'
import { type Message, MessageReadable, type MessageSource } from './message-readable.ts'
import { type MessageDestination, MessageWritable } from './message-writable.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN } from './ready-state.ts'
import { closedError, Session } from './session.ts'
import type { SessionFront } from './session-front.ts'
import { type Abandonable, AbandonmentFront, canAbandon } from './stream-lifetime.ts'
import type { TaskTarget } from './task-queue.ts'

// The kinds of tasks.
const TASK_VIOLATION = 0
const TASK_FAILED = 1

/** What the promise `opened` of a WebSocketStream resolves with. @see https://whatpr.org/websockets/48.html */
export interface WebSocketOpenInfo {
  /** The received messages: a string for a text message, a Uint8Array for a binary one. */
  readable: ReadableStream<Message>
  /** Sends each chunk as one message: a binary message for bytes, a text message for anything else. */
  writable: WritableStream<string | ArrayBuffer | ArrayBufferView>
  /** The extensions that were agreed on (RFC 6455 section 9.1), or the empty string. */
  extensions: string
  /** The subprotocol that the server has chosen (RFC 6455 section 1.9), or the empty string. */
  protocol: string
}

/** The classes of the Streams Standard: those of the host, or of a polyfill. */
export interface StreamClasses {
  /** Makes `readable`, the messages of the server. */
  readonly ReadableStream: new (
    ...args: any[]
  ) => object
  /** Makes `writable`, the messages to the server. */
  readonly WritableStream: new (
    ...args: any[]
  ) => object
}

/**
 * The state behind a WebSocketStream object: the slots and algorithms of the proposal, between the connection and the two
 * streams. `MessageReadable` has the way of the messages in, `MessageWritable` the way out.
 *
 * @see https://whatpr.org/websockets/48.html
 */
export class WebSocketStreamState
  extends Session
  implements MessageSource, MessageDestination, TaskTarget, Abandonable
{
  declare readonly opened: Deferred<WebSocketOpenInfo>
  /** Written by `awaitClosed`: whoever has the promise `closed` waits for the end. */
  #isEndAwaited = false
  readonly #closed: Deferred<WebSocketCloseInfo> = new Deferred()
  /** Stands before this session, so that it can be abandoned. Undefined where it cannot. */
  readonly #abandonment: AbandonmentFront | undefined

  /** Written by one method for each algorithm of the proposal: `close`, `onCloseReceived`, `established`, `ended`. */
  declare readyState: number
  readonly #readable: MessageReadable
  readonly #writable: MessageWritable

  constructor(
    stream: object,
    url: URL,
    protocols: readonly string[],
    settings: Settings,
    streams: StreamClasses,
    calledClass: unknown,
  ) {
    super(stream, url, settings, calledClass)
    // No initializers of the fields, for the reason that WebSocketState has.
    this.opened = new Deferred()
    this.readyState = CONNECTING
    if (canAbandon()) this.#abandonment = new AbandonmentFront(this, settings.closeTimeout)
    this.#readable = new MessageReadable(streams.ReadableStream, this)
    this.#writable = new MessageWritable(streams.WritableStream, this)
    this.connect(url, protocols)
  }

  // Called by the interface and by the writable.

  /**
   * "Close the WebSocket". Unlike the proposal, messages that still wait in the writable's queue are sent before the Close
   * frame.
   *
   * @param code checked by the caller; with a reason and no code, it is 1000
   */
  close(code: number | undefined, reason: string): void {
    if (this.readyState >= CLOSING) return
    this.loop.io.enter()
    const connecting = this.readyState === CONNECTING
    this.readyState = CLOSING
    this.awaited()
    if (connecting) return this.closeBeforeOpen()
    this.startCloseTimer()
    this.#writable.startClosingHandshake(code ?? (reason === '' ? undefined : NORMAL_CLOSURE), reason)
    // The server's Close frame may come behind messages that nobody reads.
    this.#readable.stopPausing()
  }

  sent(message: unknown): void {
    if (channels.message.hasSubscribers) this.observe()?.message('sent', message)
  }

  /** The promise `closed`. Who has it keeps the connection: it is not abandoned. */
  awaitClosed(): Promise<WebSocketCloseInfo> {
    this.#isEndAwaited = true
    this.awaited()
    return this.#closed.promise
  }

  override ping(payload: Uint8Array): Promise<number> {
    const answered = super.ping(payload)
    this.awaited()
    return answered
  }

  /** Something waits for the connection that may be all that the user has of it. */
  awaited(): void {
    this.#abandonment?.hold(this)
  }

  get isAwaited(): boolean {
    const { hasPendingRead } = this.#readable
    const waits = hasPendingRead || this.#writable.hasPendingWrite || this.pings?.isAwaited === true
    return this.#isEndAwaited || this.readyState === CLOSING || waits
  }

  aborted(reason: unknown): void {
    this.#closeUsing(reason)
  }

  // Called by the readable.

  pause(): void {
    this.connection!.pause()
  }

  resume(): void {
    this.connection!.resume()
  }

  /** "Cancel a WebSocketStream" */
  cancelled(reason: unknown): void {
    this.#closeUsing(reason)
  }

  // Called by the connection.

  /** "A WebSocket message has been received". Unlike the proposal, also after our own `close()`, up to the readable's limit. */
  onText(data: string): void {
    this.#receive(data)
  }

  onBinary(data: ArrayBuffer): void {
    this.#receive(new Uint8Array(data))
  }

  onBatch(batch: MessageBatch): void {
    if (!channels.message.hasSubscribers) return this.#readable.receiveBatch(batch)
    while (batch.left > 0) this.#receive(batch.nextChunk())
  }

  /** "The WebSocket closing handshake is started" */
  override onCloseReceived(): void {
    super.onCloseReceived()
    this.readyState = CLOSING
    // The end of the connection cannot be seen while reading is paused.
    this.#readable.stopPausing()
    this.#writable.onCloseReceived()
    const connection = this.connection!
    // "If the closing handshake has not yet started": a message of which nothing has left comes too late.
    connection.dropMessages()
    connection.acknowledgeClose()
  }

  /** The failure is a task, so that whoever reads the messages before the violation may answer. */
  onViolation(): void {
    this.loop.tasks.queue(this, TASK_VIOLATION, undefined)
  }

  flushSoon(): void {
    this.#writable.flushSoon()
  }

  onDrained(): void {
    this.#writable.onDrained()
  }

  // Called by the session.

  protected override get front(): SessionFront {
    return this.#abandonment ?? this
  }

  protected get isOpen(): boolean {
    return this.readyState === OPEN
  }

  get isPaused(): boolean {
    return this.#readable.isPaused
  }

  /** "The WebSocket connection is established" */
  protected established(agreement: Agreement): void {
    const { protocol, extensions } = agreement
    this.readyState = OPEN
    this.observe()?.later(() => this.reportOpen(agreement))
    this.#writable.open(this.connection!)
    // The members of a dictionary come in lexicographical order (Web IDL).
    this.opened.resolve({
      extensions,
      protocol,
      readable: this.#readable.stream as WebSocketOpenInfo['readable'],
      writable: this.#writable.stream as WebSocketOpenInfo['writable'],
    })
    this.#abandonment?.open(this, this.connection!)
  }

  /** "The WebSocket connection is closed" */
  protected ended(closure: CloseResult): void {
    this.readyState = CLOSED
    const { code, reason, error } = closure
    // A signal rejects the promises at once, everything else that keeps it from opening in a task.
    if (error?.code === 'WS_ERR_ABORTED') return this.#rejectOpening(error)
    if (!error && !this.#writable.hasPendingWrite) {
      this.pings?.end(closedError)
      this.#readable.close()
      this.#writable.onClosed()
      this.#closed.resolve({ closeCode: code, reason })
      return
    }
    this.#writable.onEnding()
    this.loop.tasks.queue(this, TASK_FAILED, closure)
  }

  // Called by the task queue.

  runTask(kind: number, data: unknown): void {
    if (kind === TASK_FAILED) this.#handleFailed(data as CloseResult)
    else if (this.#writable.onViolation()) this.onViolation()
    else this.connection!.failAfterViolation()
  }

  // Helpers, in call order.

  /** "The WebSocket connection is closed", the steps for a connection that failed. Messages received before can still be read. */
  #handleFailed({ code, reason, error }: CloseResult): void {
    if (this.connection === undefined) return this.#rejectOpening(error!)
    this.pings?.end(() => error ?? closedError())
    const message = error?.message ?? 'The server closed the WebSocketStream before all messages were sent'
    const failure = createWebSocketError(message, code, reason, error)
    // `terminate` drops messages that have arrived and that nobody has read.
    if (error?.code === 'WS_ERR_TERMINATED') this.#readable.abort(failure)
    else this.#readable.error(failure)
    this.#writable.onFailed(failure)
    this.#closed.reject(failure)
  }

  #receive(message: Message): void {
    if (channels.message.hasSubscribers) this.observe()?.messageLater(message)
    this.#readable.receive(message)
  }

  /** "Close using reason" */
  #closeUsing(reason: unknown): void {
    const { closeCode, reason: text } = closeInfoOf(reason)
    this.close(closeCode, text)
  }

  #rejectOpening(error: ConnectionError): void {
    const isAbort = error.code === 'WS_ERR_ABORTED'
    const reasonWith = (closeCode: number | null): unknown =>
      isAbort ? error.cause : createWebSocketError(error.message, closeCode, '', error)
    this.opened.reject(reasonWith(null))
    this.#closed.reject(reasonWith(ABNORMAL_CLOSURE))
  }
}
