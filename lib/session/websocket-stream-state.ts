import type { MessageBatch } from '../codec/message-batch.ts'
import { host } from '../host/host.ts'
import type { ReadableStream, URL, WritableStream } from '../host/host-types.ts'
import { validateCloseCodeAndReason, type WebSocketCloseInfo } from '../idl/close-info.ts'
import { bytesOf, toDOMString } from '../idl/webidl.ts'
import { createWebSocketError, isWebSocketError, setCause, type WebSocketError } from '../idl/websocket-error.ts'
import type { Settings } from '../opening/options.ts'
import { ABNORMAL_CLOSURE, NORMAL_CLOSURE } from '../protocol/close.ts'
import type { CloseResult, Connection } from '../protocol/connection.ts'
import type { ConnectionError } from '../protocol/errors.ts'
import type { Agreement } from '../protocol/handshake.ts'
import { Deferred } from './deferred.ts'
import { type Message, MessageReadable, type MessageSource } from './message-readable.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN } from './ready-state.ts'
import { closedError, MESSAGE_OVERHEAD, Session } from './session.ts'
import { whenBatchEnds } from './tasks.ts'

/** What a WebSocketStream gives out once it is open. */
export interface WebSocketOpenInfo {
  /** The messages: a string for text, a Uint8Array for binary. */
  readable: ReadableStream<Message>
  /** Takes the messages to send: bytes are binary, anything else is text. */
  writable: WritableStream<string | ArrayBuffer | ArrayBufferView>
  /** The extensions in use, or the empty string. */
  extensions: string
  /** The subprotocol in use, or the empty string. */
  protocol: string
}

/** The classes of the Streams Standard: the host's, or those of a polyfill. */
export interface StreamClasses {
  readonly ReadableStream: new (...args: any[]) => object
  readonly WritableStream: new (...args: any[]) => object
}

/** What this file needs of the host's controller; its type is not the same in all programs. */
interface WritableController {
  readonly signal?: { readonly reason: unknown; addEventListener(type: 'abort', listener: () => void): void }
  error(reason: unknown): void
}

/**
 * Messages that are written in one task are gathered up to this many bytes for one write to the network, what they cost beside
 * their payload included. Then everybody else has a turn: an endless source would keep the event loop from ever going on.
 */
const GATHERED = 64 * 1024

/**
 * What a WebSocketStream object is behind its interface: the slots and algorithms of the proposal, between the
 * connection below and the two streams above.
 *
 * The writable passes on one message at a time, and a write is done when the network has taken the message, or takes it
 * as soon as the microtasks are done. What is read and not asked for is the affair of `MessageReadable`.
 *
 * @see https://whatpr.org/websockets/48.html
 */
export class WebSocketStreamState extends Session implements MessageSource {
  readonly opened: Deferred<WebSocketOpenInfo> = new Deferred()
  readonly closed: Deferred<WebSocketCloseInfo> = new Deferred()

  readonly #signal: Settings['signal']
  #readyState = CONNECTING

  readonly #readable: MessageReadable

  readonly #writable: object
  #writer!: WritableController
  /** Messages that wait in the writable's queue. */
  #queued = 0
  /** The queue is dropped: the writable is aborted or errored. */
  #writeEnded = false
  #sending = false
  #flushDue = false
  /** Bytes of messages so far; and of those since the last flush. */
  #sent = 0
  #unflushed = 0
  /** What the latter cost. */
  #gathered = 0
  /** The write that is under way, whose message has not left. */
  #pendingWrite: Deferred<void> | undefined
  /** The server's Close frame came before ours was due. */
  #closedByServer = false
  /** So much of a message waited when the server's Close frame came that it counts as not sent, whatever leaves yet. */
  #undone = false
  /** What our Close frame is to say once the messages of the queue are sent. */
  #dueClose: { code: number | undefined; reason: string } | undefined
  /** The writer's `close()`. */
  #closeRequest: Deferred<void> | undefined

  constructor(url: URL, protocols: readonly string[], settings: Settings, streams: StreamClasses) {
    super(url, settings)
    this.#signal = settings.signal
    this.#readable = new MessageReadable(streams.ReadableStream, this)
    const sink = {
      start: (controller: WritableController) => this.#startWritable(controller),
      write: (chunk: unknown) => this.#write(chunk),
      close: () => this.#closeWritable(),
      abort: (reason: unknown) => this.#abort(reason),
    }
    // Called for each chunk that comes into the queue, which nothing else tells.
    const count = (): number => {
      this.#queued++
      return 1
    }
    this.#writable = new streams.WritableStream(sink, { highWaterMark: 1, size: count })
    this.connect(url, protocols)
  }

  // What the interface calls.

  /**
   * "Close the WebSocket". Unlike the proposal, messages that still wait in the writable's queue go before the Close
   * frame.
   */
  close(code: number | undefined, reason: string): void {
    if (this.#readyState >= CLOSING) return
    const connecting = this.#readyState === CONNECTING
    this.#readyState = CLOSING
    if (connecting) return this.closeBeforeOpen()
    this.startCloseTimer()
    this.#dueClose = { code: code ?? (reason === '' ? undefined : NORMAL_CLOSURE), reason }
    if (this.#queued === 0 || this.#writeEnded) this.#sendClose()
    // The server's Close frame may stand behind messages that nobody reads.
    this.#readable.stopPausing()
  }

  // What the readable calls.

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

  // What the writable calls.

  #startWritable(controller: WritableController): void {
    this.#writer = controller
    // The stream itself aborts us after the write that is under way, which a server that does not read holds up.
    controller.signal?.addEventListener('abort', () => this.#abort(controller.signal?.reason))
  }

  /**
   * "Write a chunk".
   *
   * @returns nothing if the network has taken it, or is about to: what was before it has left
   * @throws TypeError for shared or resizable memory, and for what cannot become a string
   */
  #write(chunk: unknown): Promise<void> | undefined {
    this.#queued--
    const connection = this.connection!
    if (!connection.writable) return this.#refuseWrite()
    try {
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
    if (this.#queued === 0) this.#sendClose()
    // While the network takes all, whoever waits for each write comes with the next one in a microtask.
    if (this.#gathered < GATHERED && connection.transmitted + this.#unflushed === this.#sent) {
      this.#flushLater()
      return undefined
    }
    this.#flush()
    if (this.#hasLeft(connection)) return new Promise(resolve => host.queueTask(resolve))
    this.#pendingWrite = new Deferred()
    return this.#pendingWrite.promise
  }

  /** Our own Close frame is sent: nothing can follow it. After the server's, how the connection ends decides. */
  #refuseWrite(): Promise<void> {
    if (!this.#closedByServer) {
      this.#dropQueue()
      throw new DOMException('The WebSocketStream is closing: it takes no more messages', 'InvalidStateError')
    }
    this.#sent = Number.POSITIVE_INFINITY
    this.#pendingWrite = new Deferred()
    return this.#pendingWrite.promise
  }

  #send(connection: Connection, chunk: unknown): number {
    const bytes = bytesOf(chunk)
    if (bytes === undefined) return connection.sendText(toDOMString(chunk))
    connection.sendBinary(bytes)
    return bytes.length
  }

  /** The queue is empty. The promise settles when the closing handshake is over. */
  #closeWritable(): Promise<void> {
    this.#dropQueue()
    this.close(undefined, '')
    this.#closeRequest = new Deferred()
    return this.#closeRequest.promise
  }

  #abort(reason: unknown): void {
    this.#dropQueue()
    this.#closeUsing(reason)
  }

  /** "Close using reason" */
  #closeUsing(reason: unknown): void {
    if (isWebSocketError(reason)) {
      const code = reason.closeCode ?? undefined
      try {
        validateCloseCodeAndReason(code, reason.reason)
        return this.close(code, reason.reason)
      } catch {
        // How another connection has ended, such as 1006, is nothing that can be sent.
      }
    }
    this.close(undefined, '')
  }

  // What the connection calls.

  /** "A WebSocket message has been received". Unlike the proposal, also after our own `close()`, as far as there is room. */
  onText(data: string): void {
    this.#readable.receive(data)
  }

  onBinary(data: ArrayBuffer): void {
    this.#readable.receive(new Uint8Array(data))
  }

  onBatch(batch: MessageBatch): void {
    this.#readable.receiveBatch(batch)
  }

  /** "The WebSocket closing handshake is started" */
  override onCloseReceived(): void {
    super.onCloseReceived()
    this.#readyState = CLOSING
    this.#closedByServer = true
    // The end of the connection is still to be read.
    this.#readable.stopPausing()
    const connection = this.connection!
    this.#undone = this.#pendingWrite !== undefined && connection.congested
    // "If the closing handshake has not yet started": a message that has not begun to leave comes too late.
    connection.dropMessages()
    connection.acknowledgeClose()
  }

  flushSoon(): void {
    if (!this.#sending) whenBatchEnds(this.#flush)
  }

  onDrained(): void {
    const write = this.#pendingWrite
    if (write === undefined || this.#undone || !this.#hasLeft(this.connection!)) return
    this.#pendingWrite = undefined
    // What is sent before the Close frame takes its time, too.
    if (this.#dueClose !== undefined) this.restartCloseTimer()
    write.resolve()
  }

  // What the session calls.

  protected get isOpen(): boolean {
    return this.#readyState === OPEN
  }

  protected get isPaused(): boolean {
    return this.#readable.isPaused
  }

  /** "The WebSocket connection is established" */
  protected established({ protocol, extensions }: Agreement): void {
    this.#readyState = OPEN
    this.opened.resolve({
      readable: this.#readable.stream as WebSocketOpenInfo['readable'],
      writable: this.#writable as WebSocketOpenInfo['writable'],
      extensions,
      protocol,
    })
  }

  /** "The WebSocket connection is closed" */
  protected ended(closure: CloseResult): void {
    this.#readyState = CLOSED
    if (this.connection === undefined) return this.#neverOpened(closure.error!)
    const { code, reason, error } = closure
    this.pings?.end(() => error ?? closedError())
    if (closure.wasClean && this.#pendingWrite === undefined) {
      this.#readable.close()
      if (this.#closeRequest === undefined) this.#writer.error(new DOMException(CLOSED_MESSAGE, 'InvalidStateError'))
      else this.#closeRequest.resolve()
      this.closed.resolve({ closeCode: code, reason })
      return
    }
    const failure = createWebSocketError(error?.message ?? UNSENT_MESSAGE, code, reason, error)
    this.#readable.error(failure)
    if (this.#pendingWrite !== undefined) this.#pendingWrite.reject(lostWrite(failure))
    else this.#writer.error(failure)
    this.#closeRequest?.reject(failure)
    this.closed.reject(failure)
  }

  // The rest, in call order.

  #neverOpened(error: ConnectionError): void {
    const isAbort = error.code === 'WS_ERR_ABORTED'
    const reasonWith = (closeCode: number | null): unknown =>
      isAbort ? this.#signal?.reason : createWebSocketError(error.message, closeCode, '', error)
    this.opened.reject(reasonWith(null))
    this.closed.reject(reasonWith(ABNORMAL_CLOSURE))
  }

  /** Whether the network has taken all messages. One that was given up never departs. */
  #hasLeft(connection: Connection): boolean {
    return connection.transmitted >= this.#sent
  }

  /** The messages that wait in the writable's queue are no more. */
  #dropQueue(): void {
    this.#writeEnded = true
    this.#sendClose()
  }

  #sendClose(): void {
    const close = this.#dueClose
    if (close === undefined) return
    this.#dueClose = undefined
    this.connection!.startClosingHandshake(close.code, close.reason)
  }

  #flushLater(): void {
    if (this.#flushDue) return
    this.#flushDue = true
    host.afterMicrotasks(this.#flush)
  }

  readonly #flush = (): void => {
    this.#flushDue = false
    this.#unflushed = 0
    this.#gathered = 0
    this.connection!.flush()
    this.onDrained()
  }
}

const CLOSED_MESSAGE = 'The WebSocketStream is closed'
const UNSENT_MESSAGE = 'The server closed the WebSocketStream before all messages were sent'

/** What a write rejects with. Unlike the proposal, it tells how the connection ended. */
function lostWrite(cause: WebSocketError): DOMException {
  const error = new DOMException('The WebSocketStream ended before the message was sent', 'InvalidStateError')
  setCause(error, cause)
  return error
}
