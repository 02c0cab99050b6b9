import type { MessageBatch } from '../codec/message-batch.ts'
import { host } from '../host/host.ts'
import type { Blob, URL } from '../host/host-types.ts'
import { closeEvent } from '../idl/close-event.ts'
import { type Handler, type HandlerOwner, NO_HANDLERS } from '../idl/event-handlers.ts'
import { plainEvent } from '../idl/host-event.ts'
import { joinHostClasses } from '../idl/join-host-classes.ts'
import { messageEvent } from '../idl/message-event.ts'
import type { Settings } from '../opening/options.ts'
import { NORMAL_CLOSURE } from '../protocol/close.ts'
import type { CloseResult, Connection } from '../protocol/connection.ts'
import { ConnectionError } from '../protocol/errors.ts'
import type { Agreement } from '../protocol/handshake.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN } from './ready-state.ts'
import { closedError, MESSAGE_OVERHEAD, Session } from './session.ts'
import { currentTurn, queueTask, type TaskTarget, whenBatchEnds } from './tasks.ts'

// What a task of ours does.
const TASK_TEXT = 0
const TASK_BINARY = 1
const TASK_OPEN = 2
const TASK_CLOSING = 3
const TASK_ERROR = 4
const TASK_CLOSE = 5
const TASK_DRAINED = 6
const TASK_BATCH = 7

/** While messages of more than this many bytes wait for their tasks, no more are read. */
const MAX_QUEUED = 512 * 1024

// By way of the prototype, so that a `dispatchEvent` that somebody put on the socket is not called.
const dispatchEvent = EventTarget.prototype.dispatchEvent as (this: object, event: object) => boolean

/**
 * What a WebSocket object is behind its interface: the slots and algorithms of the standard, between the connection
 * below and the event target above.
 *
 * @see https://websockets.spec.whatwg.org/#the-websocket-interface
 */
export class WebSocketState extends Session implements TaskTarget, HandlerOwner {
  handlers: readonly Handler[] = NO_HANDLERS
  binaryType: 'blob' | 'arraybuffer' = 'blob'
  protocol = ''
  extensions = ''

  readonly #target: object
  readonly #origin: string
  #readyState = CONNECTING

  // Messages that wait for their tasks, in bytes, and whether reading waits for them.
  #queued = 0
  #paused = false

  // The bytes that were ever sent, and those of them that had left when the turn of that number began.
  #sent = 0
  #transmitted = 0
  #transmittedAt = -1
  #drainWaiters: { resolve(): void; reject(error: Error): void }[] | undefined
  #flush: (() => void) | undefined

  constructor(target: object, url: URL, protocols: readonly string[], settings: Settings) {
    super(url, settings)
    this.#target = target
    this.#origin = `${url.protocol}//${url.host}`
    this.connect(url, protocols)
    // While the connection is being made there is time for it.
    host.queueTask(joinHostClasses)
  }

  // What the interface calls.

  get readyState(): number {
    return this.#readyState
  }

  /** @see https://websockets.spec.whatwg.org/#dom-websocket-bufferedamount */
  get bufferedAmount(): number {
    this.#freezeTransmitted()
    return this.#sent - this.#transmitted
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
    if (connecting) return this.closeBeforeOpen()
    this.connection!.startClosingHandshake(code ?? (reason === undefined ? undefined : NORMAL_CLOSURE), reason ?? '')
    this.startCloseTimer()
  }

  override terminate(): void {
    if (this.#readyState === CLOSED) return
    this.#readyState = CLOSING
    super.terminate()
  }

  /** Resolves when `bufferedAmount` has come to 0; rejects if the connection ends before. */
  drained(): Promise<void> {
    if (this.bufferedAmount === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#drainWaiters ??= []
      this.#drainWaiters.push({ resolve, reject })
      queueTask(this, TASK_DRAINED, undefined)
    })
  }

  protected get isOpen(): boolean {
    return this.#readyState === OPEN
  }

  protected get isPaused(): boolean {
    return this.#paused
  }

  // What the connection calls.

  onText(data: string): void {
    if (this.#readyState <= OPEN) this.#queueMessage(TASK_TEXT, data, data.length)
  }

  onBinary(data: ArrayBuffer): void {
    if (this.#readyState <= OPEN) this.#queueMessage(TASK_BINARY, data, data.byteLength)
  }

  onBatch(batch: MessageBatch): void {
    if (this.#readyState > OPEN) return batch.drop()
    this.#waitFor(batch.size)
    queueTask(this, TASK_BATCH, batch, batch.left)
  }

  override onCloseReceived(): void {
    super.onCloseReceived()
    queueTask(this, TASK_CLOSING, undefined)
  }

  flushSoon(): void {
    // Once there is need of it: most idle connections have sent nothing (bench: idle).
    this.#flush ??= () => {
      this.connection!.flush()
      this.onDrained()
    }
    whenBatchEnds(this.#flush)
  }

  onDrained(): void {
    if (this.#drainWaiters !== undefined) queueTask(this, TASK_DRAINED, undefined)
  }

  protected established(agreement: Agreement): void {
    queueTask(this, TASK_OPEN, agreement)
  }

  /** The error event and the close event are one task of the standard; here two, for the microtasks in between. */
  protected ended(closure: CloseResult): void {
    if (closure.error !== undefined) queueTask(this, TASK_ERROR, undefined)
    queueTask(this, TASK_CLOSE, closure)
  }

  // What the task queue calls.

  runTask(kind: number, data: unknown): void {
    switch (kind) {
      case TASK_BATCH:
        return this.#handleBatch(data as MessageBatch)
      case TASK_TEXT:
        this.#goOn((data as string).length + MESSAGE_OVERHEAD)
        return this.#handleMessage(data)
      case TASK_BINARY:
        this.#goOn((data as ArrayBuffer).byteLength + MESSAGE_OVERHEAD)
        return this.#handleMessage(data)
      case TASK_OPEN:
        return this.#handleEstablished(data as Agreement)
      case TASK_CLOSING:
        return this.#handleClosingHandshakeStarted()
      case TASK_ERROR:
        return this.#handleFailed()
      case TASK_CLOSE:
        return this.#handleClosed(data as CloseResult)
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

  /** The next message of a batch. */
  #handleBatch(batch: MessageBatch): void {
    const data = batch.next()
    if (batch.left === 0) this.#goOn(batch.size)
    this.#handleMessage(data)
  }

  /** "A WebSocket message has been received" */
  #handleMessage(data: unknown): void {
    if (this.#readyState !== OPEN) return
    const isBlob = typeof data !== 'string' && this.binaryType === 'blob'
    this.#fire(messageEvent(isBlob ? new Blob([data as ArrayBuffer]) : data, this.#origin))
  }

  /** "The WebSocket closing handshake is started" */
  #handleClosingHandshakeStarted(): void {
    if (this.#readyState < CLOSING) this.#readyState = CLOSING
    this.connection!.acknowledgeClose()
  }

  /** "The WebSocket connection is closed", its first steps, if it failed */
  #handleFailed(): void {
    this.#readyState = CLOSED
    this.#fire(plainEvent('error'))
  }

  /** "The WebSocket connection is closed", its last step */
  #handleClosed({ wasClean, code, reason, error }: CloseResult): void {
    this.#readyState = CLOSED
    this.pings?.end(() => error ?? closedError())
    this.#handleDrained()
    this.#fire(closeEvent(wasClean, code, reason))
  }

  #handleDrained(): void {
    const drained = this.bufferedAmount === 0
    if (!drained && this.#readyState !== CLOSED) return
    const waiters = this.#drainWaiters
    this.#drainWaiters = undefined
    for (const waiter of waiters ?? []) {
      if (drained) waiter.resolve()
      else waiter.reject(this.failure ?? closedError())
    }
  }

  // The rest.

  #queueMessage(kind: number, data: unknown, length: number): void {
    this.#waitFor(length + MESSAGE_OVERHEAD)
    queueTask(this, kind, data)
  }

  /** So many bytes more wait for their tasks. */
  #waitFor(size: number): void {
    this.#queued += size
    if (this.#queued <= MAX_QUEUED || this.#paused) return
    this.#paused = true
    this.connection!.pause()
  }

  /** So many bytes less do. */
  #goOn(size: number): void {
    this.#queued -= size
    if (!this.#paused || this.#queued > MAX_QUEUED / 2) return
    this.#paused = false
    this.connection!.resume()
  }

  /** Returns the connection if what is sent now goes out. */
  #beginSend(): Connection | undefined {
    if (this.#readyState === CONNECTING) {
      throw new DOMException('The WebSocket is not open yet: send after its open event', 'InvalidStateError')
    }
    this.#freezeTransmitted()
    const connection = this.connection
    return this.#readyState === OPEN && connection!.writable ? connection : undefined
  }

  /** What has left is looked up once a turn, so that `bufferedAmount` does not fall while a script runs. */
  #freezeTransmitted(): void {
    const turn = currentTurn()
    if (this.#transmittedAt === turn) return
    this.#transmittedAt = turn
    if (this.connection !== undefined) this.#transmitted = this.connection.transmitted
  }

  #fire(event: object): void {
    dispatchEvent.call(this.#target, event)
  }
}

/** The status code for an endpoint that cannot go on (RFC 6455 section 7.4.1). */
const GOING_AWAY = 1001
