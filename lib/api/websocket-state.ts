import { ABNORMAL_CLOSURE, NORMAL_CLOSURE } from '../protocol/close.ts'
import { type Closure, Connection, type ConnectionOwner } from '../protocol/connection.ts'
import { ConnectionError, type HandshakeResponse } from '../protocol/errors.ts'
import type { Agreement } from '../protocol/handshake.ts'
import type { Pipe } from '../transport/pipe.ts'
import { Establishment } from './establish.ts'
import type { EventHandlerMap } from './event-handlers.ts'
import { closeEvent, messageEvent, plainEvent } from './events.ts'
import { Heartbeat } from './heartbeat.ts'
import { host } from './host.ts'
import type { Blob } from './host-types.ts'
import type { Settings } from './options.ts'
import { PingLog } from './ping-log.ts'
import { currentTurn, queueTask, type TaskTarget, whenBatchEnds } from './tasks.ts'
import { startTimer, type Timer } from './timers.ts'

export const CONNECTING = 0
export const OPEN = 1
export const CLOSING = 2
export const CLOSED = 3

// What a task of ours does.
const TASK_TEXT = 0
const TASK_BINARY = 1
const TASK_OPEN = 2
const TASK_CLOSING = 3
const TASK_ERROR = 4
const TASK_CLOSE = 5
const TASK_DRAINED = 6

/** While messages of more than this many bytes wait for their tasks, no more are read. */
const MAX_QUEUED = 1024 * 1024
/** What a waiting message costs beside its payload, in bytes: so a flood of empty ones is bounded, too. */
const MESSAGE_COST = 128

// By way of the prototype, so that a `dispatchEvent` that somebody put on the socket is not called.
const dispatchEvent = EventTarget.prototype.dispatchEvent as (this: object, event: object) => boolean

/**
 * What a WebSocket object is behind its interface: the slots and algorithms of the standard, between the connection
 * below and the event target above.
 *
 * @see https://websockets.spec.whatwg.org/#the-websocket-interface
 */
export class WebSocketState implements ConnectionOwner, TaskTarget {
  readonly url: URL
  readonly handlers: EventHandlerMap = new Map()
  binaryType: 'blob' | 'arraybuffer' = 'blob'
  protocol = ''
  extensions = ''
  /** Why the connection failed, once it did. */
  failure: ConnectionError | undefined
  /** The server's answer to the opening handshake, once it came. */
  response: HandshakeResponse | undefined

  readonly #target: object
  readonly #settings: Settings
  readonly #origin: string
  #readyState = CONNECTING
  #establishment: Establishment | undefined
  #connection: Connection | undefined
  #heartbeat: Heartbeat | undefined
  #closeTimer: Timer | undefined
  #keepsAlive = true
  readonly #pings = new PingLog()

  // Messages that wait for their tasks, in bytes, and whether reading waits for them.
  #queued = 0
  #paused = false

  // The bytes that were ever sent, and those of them that had left when the turn of that number began.
  #sent = 0
  #departed = 0
  #departedAt = -1
  #drainWaiters: { resolve(): void; reject(error: Error): void }[] = []

  constructor(target: object, url: URL, protocols: readonly string[], settings: Settings) {
    this.#target = target
    this.url = url
    this.#settings = settings
    this.#origin = `${url.protocol}//${url.host}`
    this.#establishment = new Establishment(url, protocols, settings, {
      established: (pipe, agreement, response) => this.#established(pipe, agreement, response),
      failed: error => this.#failed(error),
    })
    this.#establishment.start()
  }

  // What the interface calls.

  get readyState(): number {
    return this.#readyState
  }

  /** @see https://websockets.spec.whatwg.org/#dom-websocket-bufferedamount */
  get bufferedAmount(): number {
    this.#freezeDeparted()
    return this.#sent - this.#departed
  }

  /** @throws "InvalidStateError" DOMException while connecting */
  sendText(text: string): void {
    const connection = this.#beginSend()
    this.#sent += connection === undefined ? host.platform.utf8Length(text) : connection.sendText(text)
  }

  /** @throws "InvalidStateError" DOMException while connecting */
  sendBinary(bytes: Uint8Array): void {
    this.#beginSend()?.sendBinary(bytes)
    this.#sent += bytes.length
  }

  /** @throws "InvalidStateError" DOMException while connecting */
  sendBlob(blob: Blob): void {
    const connection = this.#beginSend()
    this.#sent += blob.size
    if (connection === undefined) return
    const place = connection.reserve()
    blob.arrayBuffer().then(
      buffer => connection.fill(place, new Uint8Array(buffer)),
      cause => {
        const message = 'A Blob that was to be sent could not be read'
        connection.fail(new ConnectionError('WS_ERR_BLOB_READ', message, { cause, closeCode: GOING_AWAY }))
      },
    )
  }

  /** @see https://websockets.spec.whatwg.org/#close-the-websocket */
  close(code: number | undefined, reason: string | undefined): void {
    if (this.#readyState === CLOSING || this.#readyState === CLOSED) return
    const connecting = this.#readyState === CONNECTING
    this.#readyState = CLOSING
    if (!connecting) {
      this.#connection!.startClosingHandshake(code ?? (reason === undefined ? undefined : NORMAL_CLOSURE), reason ?? '')
      this.#startCloseTimer()
      return
    }
    const message = 'The WebSocket was closed before it was open'
    const error = new ConnectionError('WS_ERR_CLOSED_BEFORE_OPEN', message, { closeCode: NORMAL_CLOSURE })
    // The connection may stand already, with the task of the open event still to come.
    if (this.#connection === undefined) this.#establishment?.fail(error)
    else this.#connection.fail(error)
  }

  /** Gives the connection up at once, without a closing handshake. */
  terminate(): void {
    if (this.#readyState === CLOSED) return
    this.#readyState = CLOSING
    const error = new ConnectionError('WS_ERR_TERMINATED', 'The WebSocket was terminated')
    if (this.#connection === undefined) this.#establishment?.fail(error)
    else this.#connection.abort(error)
  }

  /**
   * Sends a ping; resolves with the milliseconds until its pong.
   *
   * @throws "InvalidStateError" DOMException unless the socket is open
   */
  ping(payload: Uint8Array): Promise<number> {
    if (this.#readyState !== OPEN) throw new DOMException('A ping needs an open WebSocket', 'InvalidStateError')
    const answered = this.#pings.add(payload)
    this.#connection!.ping(payload)
    return answered
  }

  /** Resolves when `bufferedAmount` has come to 0; rejects if the connection ends before. */
  drained(): Promise<void> {
    if (this.bufferedAmount === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#drainWaiters.push({ resolve, reject })
      queueTask(this, TASK_DRAINED, undefined)
    })
  }

  /** Lets the connection keep the process alive, or not. */
  keepAlive(wanted: boolean): void {
    this.#keepsAlive = wanted
    if (wanted) this.#connection?.ref()
    else this.#connection?.unref()
  }

  // What the connection calls.

  onText(data: string): void {
    if (this.#readyState <= OPEN) this.#queueMessage(TASK_TEXT, data, data.length)
  }

  onBinary(data: ArrayBuffer): void {
    if (this.#readyState <= OPEN) this.#queueMessage(TASK_BINARY, data, data.byteLength)
  }

  onPong(payload: Uint8Array): void {
    this.#pings.answer(payload)
  }

  onCloseReceived(): void {
    queueTask(this, TASK_CLOSING, undefined)
    this.#startCloseTimer()
  }

  flushSoon(): void {
    whenBatchEnds(this.#flush)
  }

  onDrained(): void {
    if (this.#drainWaiters.length > 0) queueTask(this, TASK_DRAINED, undefined)
  }

  onClosed(closure: Closure): void {
    this.#heartbeat?.stop()
    this.#ended(closure)
    if (closure.error === undefined) return
    // The pipe may still have a Close frame to send, and waits for the peer; but the process need not.
    this.#connection!.unref()
    this.#startCloseTimer()
  }

  onReleased(): void {
    clearTimeout(this.#closeTimer)
  }

  // What the task queue calls.

  runTask(kind: number, data: unknown): void {
    switch (kind) {
      case TASK_TEXT:
        return this.#handleMessage(data, (data as string).length)
      case TASK_BINARY:
        return this.#handleMessage(data, (data as ArrayBuffer).byteLength)
      case TASK_OPEN:
        return this.#handleEstablished(data as Agreement)
      case TASK_CLOSING:
        return this.#handleClosingHandshakeStarted()
      case TASK_ERROR:
        return this.#handleFailed()
      case TASK_CLOSE:
        return this.#handleClosed(data as Closure)
      case TASK_DRAINED:
        return this.#handleDrained()
    }
  }

  /** @see https://websockets.spec.whatwg.org/#feedback-from-the-protocol, "the WebSocket connection is established" */
  #handleEstablished({ protocol, extensions }: Agreement): void {
    if (this.#readyState !== CONNECTING) return
    this.#readyState = OPEN
    this.extensions = extensions
    this.protocol = protocol
    this.#fire(plainEvent('open'))
  }

  /** "A WebSocket message has been received" */
  #handleMessage(data: unknown, length: number): void {
    this.#queued -= length + MESSAGE_COST
    if (this.#paused && this.#queued <= MAX_QUEUED / 2) {
      this.#paused = false
      this.#connection!.resume()
    }
    if (this.#readyState !== OPEN) return
    const isBlob = typeof data !== 'string' && this.binaryType === 'blob'
    this.#fire(messageEvent(isBlob ? new Blob([data as ArrayBuffer]) : data, this.#origin))
  }

  /** "The WebSocket closing handshake is started" */
  #handleClosingHandshakeStarted(): void {
    if (this.#readyState < CLOSING) this.#readyState = CLOSING
    this.#connection!.acknowledgeClose()
  }

  /** "The WebSocket connection is closed", its first steps, if it failed */
  #handleFailed(): void {
    this.#readyState = CLOSED
    this.#fire(plainEvent('error'))
  }

  /** "The WebSocket connection is closed", its last step */
  #handleClosed({ wasClean, code, reason, error }: Closure): void {
    this.#readyState = CLOSED
    const failure = error ?? new ConnectionError('WS_ERR_CONNECTION_LOST', 'The connection is closed')
    this.#pings.end(failure)
    this.#handleDrained()
    for (const waiter of this.#drainWaiters.splice(0)) waiter.reject(failure)
    this.#fire(closeEvent(wasClean, code, reason))
  }

  #handleDrained(): void {
    if (this.bufferedAmount > 0 && this.#readyState !== CLOSED) return
    for (const waiter of this.#drainWaiters.splice(0)) waiter.resolve()
  }

  // The rest.

  #established(pipe: Pipe, agreement: Agreement, response: HandshakeResponse): void {
    this.#establishment = undefined
    this.response = response
    const connection = new Connection(host.platform, pipe, this, this.#settings, agreement.deflate)
    this.#connection = connection
    if (!this.#keepsAlive) connection.unref()
    const { heartbeat } = this.#settings
    if (heartbeat !== undefined) this.#heartbeat = new Heartbeat(connection, heartbeat, () => this.#paused)
    queueTask(this, TASK_OPEN, agreement)
  }

  #failed(error: ConnectionError): void {
    this.#establishment = undefined
    this.response = error.response
    this.#ended({ code: ABNORMAL_CLOSURE, reason: '', wasClean: false, error })
  }

  /** The error event and the close event are one task of the standard; here two, for the microtasks in between. */
  #ended(closure: Closure): void {
    this.failure = closure.error
    if (closure.error !== undefined) queueTask(this, TASK_ERROR, undefined)
    queueTask(this, TASK_CLOSE, closure)
  }

  #queueMessage(kind: number, data: unknown, length: number): void {
    this.#queued += length + MESSAGE_COST
    if (this.#queued > MAX_QUEUED && !this.#paused) {
      this.#paused = true
      this.#connection!.pause()
    }
    queueTask(this, kind, data)
  }

  /** Returns the connection if what is sent now goes out. */
  #beginSend(): Connection | undefined {
    if (this.#readyState === CONNECTING) {
      throw new DOMException('The WebSocket is not open yet: send after its open event', 'InvalidStateError')
    }
    this.#freezeDeparted()
    const connection = this.#connection
    return this.#readyState === OPEN && connection!.writable ? connection : undefined
  }

  /** What has left is looked up once a turn, so that `bufferedAmount` does not fall while a script runs. */
  #freezeDeparted(): void {
    const turn = currentTurn()
    if (this.#departedAt === turn) return
    this.#departedAt = turn
    if (this.#connection !== undefined) this.#departed = this.#connection.departed
  }

  #startCloseTimer(): void {
    this.#closeTimer ??= startTimer(this.#settings.closeTimeout, () => {
      const message = `The closing handshake was not done within ${this.#settings.closeTimeout} ms`
      this.#connection!.abort(new ConnectionError('WS_ERR_CLOSE_TIMEOUT', message))
    })
  }

  #fire(event: object): void {
    dispatchEvent.call(this.#target, event)
  }

  readonly #flush = (): void => {
    this.#connection!.flush()
    this.onDrained()
  }
}

/** The status code for an endpoint that cannot go on (RFC 6455 section 7.4.1). */
const GOING_AWAY = 1001
