import { type AsyncContext, captureContext } from '../host/async-context.ts'
import type { WebSocketCloseInfo } from '../idl/close-info.ts'
import { closeInfoOf, createWebSocketError } from '../idl/websocket-error.ts'
import { ABNORMAL_CLOSURE, NORMAL_CLOSURE } from '../protocol/close.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { Deferred } from '../session/deferred.ts'
import { currentEventLoop, type EventLoop } from '../session/event-loop.ts'
import { MessageReadable, type MessageSource } from '../session/message-readable.ts'
import { type MessageDestination, MessageWritable } from '../session/message-writable.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN } from '../session/ready-state.ts'
import type { StreamClasses, WebSocketOpenInfo } from '../session/websocket-stream-state.ts'
import { type HostSocket, type HostSocketEvent, HostWebSocket } from './host-classes.ts'
import { hostOptions, type PageSettings } from './options.ts'
import { type SocketWatch, watchOf } from './socket-watch.ts'
import { type ConnectionOwner, StreamConnection } from './stream-connection.ts'

/**
 * The state behind a WebSocketStream where the host has none: the slots and algorithms of the proposal, over a WebSocket of the
 * host. It differs from `WebSocketStreamState` in what that WebSocket does not tell: the server's Close frame is seen when the
 * connection has ended, and nothing can hold the server back, so what waits for a reader is limited.
 *
 * @see https://whatpr.org/websockets/48.html
 */
export class HostStreamState implements MessageSource, MessageDestination, ConnectionOwner {
  readonly context: AsyncContext = captureContext()
  readonly loop: EventLoop = currentEventLoop()
  readonly url: string
  readonly opened: Deferred<WebSocketOpenInfo> = new Deferred()
  readonly closed: Deferred<WebSocketCloseInfo> = new Deferred()

  /** Undefined if the signal was aborted before: then no connection is made. */
  readonly #socket: HostSocket | undefined
  readonly #watch: SocketWatch | undefined
  readonly #failure: ConnectionError | undefined
  /** Written by one method for each algorithm of the proposal: `close`, `#established`, `#ended`. */
  #readyState = CONNECTING
  #wasOpen = false
  readonly #readable: MessageReadable
  readonly #writable: MessageWritable
  readonly #maxUnread: number

  constructor(url: string, protocols: readonly string[], settings: PageSettings, streams: StreamClasses) {
    this.url = url
    this.#maxUnread = settings.maxUnread
    this.#readable = new MessageReadable(streams.ReadableStream, this, settings.maxUnread || Number.POSITIVE_INFINITY)
    this.#writable = new MessageWritable(streams.WritableStream, this)
    if (settings.signal?.aborted === true) {
      const { reason: cause } = settings.signal
      this.#failure = new ConnectionError('WS_ERR_ABORTED', 'The opening handshake was aborted', { cause })
      this.#readyState = CLOSED
      this.#rejectOpening(this.#failure)
      return
    }
    const socket = new HostWebSocket(url, protocols, ...hostOptions(settings))
    socket.binaryType = 'arraybuffer'
    this.#socket = socket
    this.#watch = watchOf(socket)
    socket.addEventListener('open', () => this.#established())
    socket.addEventListener('message', ({ data }) => this.#receive(data as string | ArrayBuffer))
    socket.addEventListener('close', event => this.#ended(event))
    this.#watch.limit(settings)
  }

  // Called by the functions of the package.

  get failure(): ConnectionError | undefined {
    return this.#watch === undefined ? this.#failure : this.#watch.failure
  }

  /** Ends the stream at once. The host closes the connection as it sees fit. */
  giveUp(failure: ConnectionError): void {
    this.#watch?.giveUp(failure)
  }

  // Called by the interface and by the writable.

  /**
   * "Close the WebSocket". Unlike the proposal, messages that still wait in the writable's queue are sent before the Close
   * frame.
   *
   * @param code checked by the caller; with a reason and no code, it is 1000
   */
  close(code: number | undefined, reason: string): void {
    if (this.#readyState >= CLOSING) return
    const connecting = this.#readyState === CONNECTING
    this.#readyState = CLOSING
    if (connecting) {
      const message = 'The WebSocket was closed before it was open'
      return this.#watch!.failOpening('WS_ERR_CLOSED_BEFORE_OPEN', message)
    }
    this.#watch!.startCloseTimer()
    this.#writable.startClosingHandshake(code ?? (reason === '' ? undefined : NORMAL_CLOSURE), reason)
  }

  aborted(reason: unknown): void {
    this.#closeUsing(reason)
  }

  restartCloseTimer(): void {
    this.#watch!.startCloseTimer()
  }

  // Called by the readable.

  /** More waits for the reader than the limit: nothing else can hold the server back. */
  pause(): void {
    const message = `More than ${this.#maxUnread} bytes wait for the reader of the WebSocketStream (option "maxUnread")`
    this.#watch!.giveUp(new ConnectionError('WS_ERR_UNREAD_LIMIT', message))
  }

  resume(): void {}

  cancelled(reason: unknown): void {
    this.#closeUsing(reason)
  }

  // Called by the connection.

  onDrained(): void {
    this.#writable.onDrained()
  }

  onEnding(): void {
    this.#writable.onEnding()
  }

  // Called by the socket.

  /** "The WebSocket connection is established" */
  #established(): void {
    this.#wasOpen = true
    if (this.#readyState !== CONNECTING) return
    this.#readyState = OPEN
    const { protocol = '', extensions = '' } = this.#socket!
    this.#writable.open(new StreamConnection(this.#socket!, this))
    // As Chromium has it: the members of a dictionary come in lexicographical order (Web IDL).
    this.opened.resolve({
      extensions,
      protocol,
      readable: this.#readable.stream as WebSocketOpenInfo['readable'],
      writable: this.#writable.stream as WebSocketOpenInfo['writable'],
    })
  }

  /** "A WebSocket message has been received" */
  #receive(data: string | ArrayBuffer): void {
    this.#readable.receive(typeof data === 'string' ? data : new Uint8Array(data))
    // Messages that have arrived may answer messages that were sent.
    this.#writable.onDrained()
  }

  /** "The WebSocket connection is closed" */
  #ended({ code = ABNORMAL_CLOSURE, reason = '' }: HostSocketEvent): void {
    this.#readyState = CLOSED
    const { failure } = this
    if (!this.#wasOpen) return this.#rejectOpening(failure)
    if (failure === undefined) this.#writable.onDrained()
    if (failure === undefined && !this.#writable.hasPendingWrite) {
      this.#readable.close()
      this.#writable.onClosed()
      this.closed.resolve({ closeCode: code, reason })
      return
    }
    this.#writable.onEnding()
    const message = failure?.message ?? 'The server closed the WebSocketStream before all messages were sent'
    const error = createWebSocketError(message, code, reason, failure)
    if (failure?.code === 'WS_ERR_TERMINATED') this.#readable.abort(error)
    else this.#readable.error(error)
    this.#writable.onFailed(error)
    this.closed.reject(error)
  }

  // Helpers, in call order.

  /** "Close using reason" */
  #closeUsing(reason: unknown): void {
    const { closeCode, reason: text } = closeInfoOf(reason)
    this.close(closeCode, text)
  }

  #rejectOpening(failure: ConnectionError | undefined): void {
    const isAbort = failure?.code === 'WS_ERR_ABORTED'
    const reasonWith = (closeCode: number | null): unknown =>
      isAbort ? failure!.cause : createWebSocketError(failure?.message ?? '', closeCode, '', failure)
    this.opened.reject(reasonWith(null))
    this.closed.reject(reasonWith(ABNORMAL_CLOSURE))
  }
}
