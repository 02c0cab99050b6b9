import { Buffer } from 'node:buffer'
import type { MessageBatch } from '../codec/message-batch.ts'
import { BINARY, CONTINUATION, TEXT } from '../codec/opcodes.ts'
import type { ReadableBlob } from '../idl/blob.ts'
import type { OpeningHandshakeHandler } from '../opening/opening-handshake.ts'
import type { Settings } from '../opening/options.ts'
import type { CloseResult, Connection } from '../protocol/connection.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { Fifo } from '../protocol/fifo.ts'
import type { Agreement } from '../protocol/handshake.ts'
import { MAX_UNDISPATCHED, MESSAGE_OVERHEAD, type Pausable, ReceiveBackpressure } from '../session/backpressure.ts'
import { channels } from '../session/channels.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN } from '../session/ready-state.ts'
import { closedError, Session } from '../session/session.ts'
import type { TaskTarget } from '../session/task-queue.ts'
import type { Address } from './address.ts'
import { type BinaryType, convertBinary } from './binary-type.ts'
import { isReported, toWsError } from './errors.ts'
import { HttpOpening, type Owner } from './opening.ts'
import type { ClientOptions } from './options.ts'
import { inContextOfCaller, type SendCallback } from './send-callback.ts'

// The kinds of tasks.
const TASK_TEXT = 0
const TASK_BINARY = 1
const TASK_FRAGMENTS = 2
const TASK_BATCH = 3
const TASK_PING = 4
const TASK_PONG = 5
const TASK_OPEN = 6
const TASK_CLOSING = 7
const TASK_VIOLATION = 8
const TASK_SENT = 9
const TASK_ERROR = 10
const TASK_CLOSE = 11

/** How a message is sent. */
export interface SendOptions {
  readonly binary: boolean
  readonly compress: boolean
  /** Whether it is the last frame of its message. */
  readonly fin: boolean
}

/**
 * The state behind a WebSocket of the stand-in for ws: it turns what the connection reports into tasks, each of which emits an
 * event. Unlike behind the WebSocket of the standard, messages are emitted until the connection is closed, pings and pongs are
 * events, and an error says what it is.
 */
export class WsSession extends Session implements TaskTarget, Pausable {
  declare binaryType: BinaryType
  declare protocol: string
  declare extensions: string
  declare wasClean: boolean
  /** The opening handshake, also when it is over. Set by `start`. */
  opening!: HttpOpening

  readonly #owner: Owner
  readonly #autoPong: boolean
  /** Written by `close`, `terminate` and the handlers of tasks. */
  #readyState = CONNECTING
  #closure: CloseResult | undefined
  /** Whether `terminate` was called: then nothing is emitted but the end. */
  #terminated = false

  /** Bytes of messages, pings and pongs whose tasks have not run, `MESSAGE_OVERHEAD` for each included. */
  #undispatched = 0
  readonly #backpressure: ReceiveBackpressure = new ReceiveBackpressure(MAX_UNDISPATCHED, this)
  /** Whether the user has called `pause`. */
  #pausedByUser = false
  /** Where the frames of the message that is arriving have ended, but for the last. Empty unless it is fragmented. */
  #fragmentEnds: number[] = []

  /** Bytes of all messages that were sent, and of those that came after the close, which stay in `bufferedAmount`. */
  #sent = 0
  #tooLate = 0
  /** Callbacks of `send`, `ping` and `pong` that wait until the first `end` bytes of `#sent` have left. */
  readonly #callbacks: Fifo<{ readonly end: number; readonly callback: SendCallback }> = new Fifo()
  /** Whether the next frame that is sent begins a message. */
  #beginsMessage = true
  readonly #flush = (): void => {
    this.connection!.flush()
    this.#settleCallbacks()
  }

  constructor(owner: Owner, address: Address, options: ClientOptions, settings: Settings, calledClass: unknown) {
    super(owner, { href: address.href } as URL, settings, calledClass)
    this.binaryType = 'nodebuffer'
    this.protocol = this.extensions = ''
    this.wasClean = false
    this.#owner = owner
    this.#autoPong = options.autoPong ?? true
  }

  /** Starts the opening handshake. Throws what `http.request` throws for the options. */
  start(address: Address, protocols: readonly string[], options: ClientOptions, settings: Settings): void {
    this.open((handler: OpeningHandshakeHandler) => {
      this.opening = new HttpOpening(this.#owner, address, protocols, options, settings, handler)
      return this.opening
    })
  }

  // Called by the interface.

  get readyState(): number {
    return this.#readyState
  }

  get bufferedAmount(): number {
    return this.#sent + this.#tooLate - (this.connection?.transmitted ?? 0)
  }

  get isPausedByUser(): boolean {
    return this.#pausedByUser
  }

  /** The connection if messages can be sent, or the error that says why not. */
  beginSend(): Connection | Error {
    const connection = this.connection
    if (this.#readyState === OPEN && connection!.writable) return connection!
    const state = Math.max(this.#readyState, CLOSING)
    return new Error(`WebSocket is not open: readyState ${state} (${state === CLOSING ? 'CLOSING' : 'CLOSED'})`)
  }

  /** Sends a message, or a frame of one. The bytes are copied. */
  sendMessage(connection: Connection, content: string | Uint8Array, options: SendOptions): void {
    if (channels.message.hasSubscribers) this.observe()?.message('sent', content)
    const opcode = this.#nextOpcode(options)
    const isWhole = options.fin && opcode !== CONTINUATION
    const isPlain = !isWhole || !options.compress
    if (isWhole && typeof content === 'string' && opcode === TEXT && !isPlain) {
      this.#sent += connection.sendText(content)
      return
    }
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    this.#sent += bytes.length
    if (isPlain) connection.sendFrame(opcode, bytes, options.fin)
    else connection.sendBinary(bytes, opcode)
  }

  sendBlob(connection: Connection, blob: ReadableBlob, options: SendOptions): void {
    const opcode = this.#nextOpcode(options)
    const isWhole = options.fin && opcode !== CONTINUATION
    const place = connection.reserve(opcode, isWhole && options.compress ? undefined : options.fin)
    this.#sent += blob.size
    blob.read().then(
      bytes => connection.fill(place, bytes),
      cause => {
        const message = 'A Blob that was to be sent could not be read'
        connection.fail(new ConnectionError('WS_ERR_BLOB_READ', message, { cause, closeCode: 1001 }))
      },
    )
  }

  /** Notes what `send` was given after the close: it stays in `bufferedAmount`. */
  countTooLate(bytes: number): void {
    this.#tooLate += bytes
  }

  /** Calls back when all that was sent so far has left. Not before the end of the turn. */
  whenSent(callback: SendCallback): void {
    this.#callbacks.push({ end: this.#sent, callback: inContextOfCaller(callback) })
  }

  /** Calls back with an error, in a task. */
  failLater(callback: SendCallback, error: Error): void {
    this.loop.tasks.queue(this, TASK_SENT, [callback, error])
  }

  /** @param code checked by the caller */
  close(code: number | undefined, reason: string): void {
    if (this.#readyState === CLOSED || this.#readyState === CLOSING) return
    const connecting = this.#readyState === CONNECTING
    this.#readyState = CLOSING
    if (connecting) return this.#closeBeforeOpen()
    this.connection!.startClosingHandshake(code, reason)
    this.startCloseTimer()
  }

  override terminate(): void {
    if (this.#readyState === CLOSED) return
    const connecting = this.#readyState === CONNECTING
    this.#readyState = CLOSING
    if (connecting) return this.#closeBeforeOpen()
    // The opening handshake has failed: the end follows.
    if (this.connection === undefined) return
    this.#terminated = true
    // ws hands data to the system within `send`, so that `terminate` does not drop it.
    this.connection.flush()
    super.terminate()
  }

  setPausedByUser(paused: boolean): void {
    if (this.#readyState === CONNECTING || this.#readyState === CLOSED) return
    this.#pausedByUser = paused
    // There is no connection if the opening handshake has failed.
    if (paused) this.connection?.pause()
    else if (!this.#backpressure.isPaused) this.connection?.resume()
  }

  // Called by the backpressure.

  pause(): void {
    this.connection!.pause()
  }

  resume(): void {
    if (!this.#pausedByUser) this.connection!.resume()
  }

  protected get isOpen(): boolean {
    return this.#readyState === OPEN
  }

  /** The user's own pause does not hold up the close timer, as with ws. */
  get isPaused(): boolean {
    return this.#backpressure.isPaused
  }

  // Called by the connection.

  onText(data: string): void {
    this.#fragmentEnds = []
    this.#queueMessage(TASK_TEXT, data, data.length)
  }

  onBinary(data: ArrayBuffer): void {
    const ends = this.#fragmentEnds
    if (ends.length === 0) return this.#queueMessage(TASK_BINARY, data, data.byteLength)
    this.#fragmentEnds = []
    this.#queueMessage(TASK_FRAGMENTS, { data, ends }, data.byteLength)
  }

  onBatch(batch: MessageBatch): void {
    this.#countUndispatched(batch.size)
    this.loop.tasks.queue(this, TASK_BATCH, batch, batch.left)
  }

  onFragment(length: number): void {
    this.#fragmentEnds.push(length)
  }

  onPing(payload: Uint8Array): boolean {
    this.#queueMessage(TASK_PING, Buffer.from(payload), payload.length)
    return !this.#autoPong
  }

  override onPong(payload: Uint8Array): void {
    this.#queueMessage(TASK_PONG, Buffer.from(payload), payload.length)
  }

  override onCloseReceived(): void {
    // The close timer starts with our answer: the listeners of the messages before may take long, which is no fault of the server.
    this.loop.tasks.queue(this, TASK_CLOSING, undefined)
  }

  onViolation(): void {
    this.loop.tasks.queue(this, TASK_VIOLATION, undefined)
  }

  flushSoon(): void {
    this.loop.tasks.afterScheduled(this.#flush)
  }

  onDrained(): void {
    this.#settleCallbacks()
  }

  override onClosed(closure: CloseResult): void {
    super.onClosed(closure)
    // The event "close" comes with the end of the pipe, until which the process stays alive.
    if (closure.error !== undefined && closure.error.code !== 'WS_ERR_TERMINATED') this.connection!.ref()
  }

  override onReleased(): void {
    super.onReleased()
    this.loop.tasks.queue(this, TASK_CLOSE, undefined)
  }

  protected established(agreement: Agreement): void {
    this.loop.tasks.queue(this, TASK_OPEN, agreement)
  }

  protected ended(closure: CloseResult): void {
    this.#closure = closure
    const { error } = closure
    this.#settleCallbacks()
    const callbackError = error?.code === 'WS_ERR_BLOB_READ' ? toWsError(error) : (error ?? closedError())
    for (const { callback } of this.#callbacks.clear()) this.failLater(callback, callbackError)
    if (error !== undefined && (this.connection === undefined || isReported(error))) {
      this.loop.tasks.queue(this, TASK_ERROR, error)
    }
    if (this.connection === undefined) this.loop.tasks.queue(this, TASK_CLOSE, undefined)
  }

  // Called by the task queue.

  runTask(kind: number, data: any): void {
    switch (kind) {
      case TASK_BATCH:
        return this.#handleBatch(data)
      case TASK_TEXT:
        this.#countUndispatched(-data.length - MESSAGE_OVERHEAD)
        return this.#emitMessage(data)
      case TASK_BINARY:
        this.#countUndispatched(-data.byteLength - MESSAGE_OVERHEAD)
        return this.#emitMessage(data)
      case TASK_FRAGMENTS:
        this.#countUndispatched(-data.data.byteLength - MESSAGE_OVERHEAD)
        return this.#emitMessage(data.data, data.ends)
      case TASK_PING:
      case TASK_PONG:
        this.#countUndispatched(-data.length - MESSAGE_OVERHEAD)
        if (!this.#terminated) this.#owner.emit(kind === TASK_PING ? 'ping' : 'pong', data)
        return
      case TASK_OPEN:
        return this.#handleEstablished(data)
      case TASK_CLOSING:
        if (this.#readyState < CLOSING) this.#readyState = CLOSING
        this.connection!.acknowledgeClose()
        return this.startCloseTimer()
      case TASK_VIOLATION:
        return this.connection!.failAfterViolation()
      case TASK_SENT:
        return data[0](data[1])
      case TASK_ERROR:
        if (this.#readyState < CLOSING) this.#readyState = CLOSING
        return void this.#owner.emit('error', toWsError(data))
      case TASK_CLOSE:
        return this.#handleClosed()
    }
  }

  #handleEstablished(agreement: Agreement): void {
    if (this.#readyState !== CONNECTING) return
    this.#readyState = OPEN
    this.protocol = agreement.protocol
    this.extensions = agreement.deflate === undefined ? '' : 'permessage-deflate'
    this.reportOpen(agreement)
    this.#owner.emit('open')
  }

  /** One task for each message of the batch. The batch counts as a whole until its last message. */
  #handleBatch(batch: MessageBatch): void {
    const data = batch.next()
    if (batch.left === 0) this.#countUndispatched(-batch.size)
    this.#emitMessage(data)
  }

  #emitMessage(data: string | ArrayBuffer, ends: readonly number[] = []): void {
    if (this.#terminated) return
    if (channels.message.hasSubscribers) this.observe()?.message('received', data)
    if (typeof data === 'string') this.#owner.emit('message', Buffer.from(data), false)
    else this.#owner.emit('message', convertBinary(data, ends, this.binaryType), true)
  }

  #handleClosed(): void {
    const { code, reason, error } = this.#closure!
    this.#readyState = CLOSED
    this.wasClean = error === undefined
    this.#owner.emit('close', code, Buffer.from(reason))
  }

  // Helpers, in call order.

  /** The opcode of the next frame: that of the message, or "continuation" within one. */
  #nextOpcode({ binary, fin }: SendOptions): number {
    const opcode = !this.#beginsMessage ? CONTINUATION : binary ? BINARY : TEXT
    this.#beginsMessage = fin
    return opcode
  }

  #closeBeforeOpen(): void {
    const message = 'WebSocket was closed before the connection was established'
    const error = new ConnectionError('WS_ERR_CLOSED_BEFORE_OPEN', message, { closeCode: 1000 })
    if (this.connection === undefined) this.opening.fail(error)
    else this.connection.fail(error)
  }

  #queueMessage(kind: number, data: unknown, length: number): void {
    this.#countUndispatched(length + MESSAGE_OVERHEAD)
    this.loop.tasks.queue(this, kind, data)
  }

  /** Adds `change` bytes, negative when messages leave the queue, and lets backpressure pause or resume reading. */
  #countUndispatched(change: number): void {
    this.#undispatched += change
    this.#backpressure.update(this.#undispatched)
  }

  /** Queues the callbacks of the messages that have left. */
  #settleCallbacks(): void {
    if (this.#callbacks.length === 0) return
    const { transmitted } = this.connection!
    while (this.#callbacks.first !== undefined && this.#callbacks.first.end <= transmitted) {
      this.loop.tasks.queue(this, TASK_SENT, [this.#callbacks.shift()!.callback])
    }
  }
}
