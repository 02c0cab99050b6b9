import type { MessageBatch } from '../codec/message-batch.ts'
import { type AsyncContext, captureContext } from '../host/async-context.ts'
import { host } from '../host/host.ts'
import type { URL } from '../host/host-types.ts'
import { DOMException } from '../idl/dom-exception.ts'
import { type CompactHead, compactHead, expandHead } from '../opening/compact-head.ts'
import {
  NO_BODY,
  type Opening,
  OpeningHandshake,
  type OpeningHandshakeHandler,
  type Trace,
  wayOf,
} from '../opening/opening-handshake.ts'
import type { Settings } from '../opening/options.ts'
import { ABNORMAL_CLOSURE, NORMAL_CLOSURE } from '../protocol/close.ts'
import { withName } from '../protocol/close-names.ts'
import { type CloseResult, Connection } from '../protocol/connection.ts'
import { ConnectionError, type HandshakeResponse } from '../protocol/errors.ts'
import type { Agreement } from '../protocol/handshake.ts'
import type { Pipe, ResponseHead } from '../transport/pipe.ts'
import { isAnyoneListening } from './channels.ts'
import { CloseTimer } from './close-timer.ts'
import { type Construction, captureConstruction, showConstruction } from './construction.ts'
import { currentEventLoop, type EventLoop } from './event-loop.ts'
import { Heartbeat } from './heartbeat.ts'
import { Observation } from './observation.ts'
import { PingLog } from './ping-log.ts'
import type { SessionFront } from './session-front.ts'

/**
 * What a WebSocket and a WebSocketStream have in common behind their interfaces: one connection, from the opening handshake
 * until its pipe is closed. The subclass adds the ready state and the way of the messages to the user.
 */
export abstract class Session implements SessionFront {
  /** The context in which the socket was constructed. All code of the user runs in it: see `TaskTarget`, `GuardedPipe`. */
  readonly context: AsyncContext = captureContext()
  /** The event loop in which the socket was constructed. Its tasks run from there, and no other does I/O for it. */
  readonly loop: EventLoop = currentEventLoop()
  /** The object of the user. */
  protected readonly socket: object
  /** The URL record, serialized. */
  readonly url: string
  /** Why the connection failed; undefined if it did not, or not yet. */
  failure: ConnectionError | undefined

  /** Set once the opening handshake is done; never unset. */
  protected connection: Connection | undefined
  /** Pings that await a pong. Created by the first ping, so that idle sockets pay nothing. */
  protected pings: PingLog | undefined

  protected readonly settings: Settings
  /** The opening handshake while it is under way. */
  #opening: Opening | undefined
  #heartbeat: Heartbeat | undefined
  /** Created when it is started first: by `close()`, or by the server's Close frame. */
  #closeTimer: Pick<CloseTimer, 'start' | 'restart' | 'awaitServerEnd' | 'stop'> | undefined
  /** Compact until somebody asks for it, to save memory (bench: idle). */
  #response: HandshakeResponse | CompactHead | undefined
  /** The way that the response came over. Set with a compact response. */
  #trace: Trace | undefined

  /** Undefined while nobody watches. */
  #observation: Observation | undefined
  /** Where the socket was constructed. Undefined unless it is debugged. */
  readonly #construction: Construction | undefined

  /** @param calledClass the class that the user called */
  constructor(socket: object, url: URL, settings: Settings, calledClass: unknown) {
    this.socket = socket
    this.url = url.href
    this.settings = settings
    if (this.#isDebugged) this.#construction = captureConstruction(calledClass)
  }

  /** Tells those who watch that there is a new socket. Called by its constructor, last. */
  announce(): void {
    this.observe()?.created(this.url)
  }

  get #isDebugged(): boolean {
    return this.settings.debug || isDebugging()
  }

  /** Undefined if nobody watches now. */
  protected observe(): Observation | undefined {
    if (this.#observation === undefined && (isAnyoneListening() || this.#isDebugged)) {
      this.#observation = new Observation(this.socket, this.context, this.loop.tasks, this.#isDebugged)
    }
    return this.#observation
  }

  /** The server's response to the opening handshake; undefined as long as none has arrived. */
  get response(): HandshakeResponse | undefined {
    if (typeof this.#response === 'string') {
      this.#response = { ...expandHead(this.#response), ...wayOf(this.#trace!), body: NO_BODY }
    }
    return this.#response
  }

  // Implemented by the subclass.

  /** Whether the ready state is OPEN. */
  protected abstract get isOpen(): boolean
  abstract get isPaused(): boolean
  /** "The WebSocket connection is established": the opening handshake is done. Called once, unless the handshake fails. */
  protected abstract established(agreement: Agreement): void
  /** The connection has ended, or could not be established. Called once. */
  protected abstract ended(closure: CloseResult): void

  abstract onText(data: string): void
  abstract onBinary(data: ArrayBuffer): void
  abstract onBatch(batch: MessageBatch): void
  abstract onViolation(): void
  abstract onDrained(): void
  abstract flushSoon(): void

  /** The interface of this session that the connection calls. */
  protected get front(): SessionFront {
    return this
  }

  // Called by the subclass.

  /** Starts the opening handshake. It may fail before this returns, so a constructor calls it last. */
  protected connect(url: URL, protocols: readonly string[]): void {
    this.open(handler => new OpeningHandshake(url, protocols, this.settings, handler))
  }

  /** The same with an opening handshake of the subclass. */
  protected open(create: (handler: OpeningHandshakeHandler) => Opening): void {
    this.#opening = create({
      context: this.context,
      io: this.loop.io,
      requested: (target, headers) => this.observe()?.requested(target, headers),
      established: (pipe, agreement, head, trace) => this.#established(pipe, agreement, head, trace),
      failed: error => this.#failed(error),
    })
    this.#opening.start()
  }

  /** Fails a connection that the user closes while the ready state is CONNECTING. */
  protected closeBeforeOpen(): void {
    const message = 'The WebSocket was closed before it was open'
    const error = new ConnectionError('WS_ERR_CLOSED_BEFORE_OPEN', message, { closeCode: NORMAL_CLOSURE })
    this.#observation?.closing()
    // The opening handshake may be done, while the task of the open event still waits.
    if (this.connection === undefined) this.#opening?.fail(error)
    else this.connection.fail(error)
  }

  /** Limits the time for the rest of the closing handshake, and for the server's end of TCP. */
  protected startCloseTimer(): void {
    if (this.#closeTimer === undefined) this.#observation?.closing()
    this.#closeTimer ??= new CloseTimer(this.connection!, this.settings.closeTimeout, this)
    this.#closeTimer.start()
  }

  /** Gives the server the whole time again, if the close timer was started. */
  restartCloseTimer(): void {
    this.#closeTimer?.restart()
  }

  /** Tells those who watch that the ready state is OPEN now. Called by a task. */
  protected reportOpen(agreement: Agreement): void {
    this.observe()?.opened(agreement, this.response!, this.#trace!)
  }

  // Called by the functions of the package.

  /** Drops the connection at once, without a closing handshake. */
  terminate(): void {
    const error = new ConnectionError('WS_ERR_TERMINATED', 'The WebSocket was terminated')
    if (this.connection === undefined) this.#opening?.fail(error)
    else this.connection.abort(error)
  }

  /**
   * Sends a ping.
   *
   * @param payload at most 125 bytes, copied
   * @returns resolves with the milliseconds until the pong; rejects with the failure if the connection ends before
   * @throws "InvalidStateError" DOMException unless the ready state is OPEN
   */
  ping(payload: Uint8Array): Promise<number> {
    this.loop.io.enter()
    if (!this.isOpen) throw new DOMException('A ping needs an open WebSocket', 'InvalidStateError')
    this.pings ??= new PingLog()
    const answered = this.pings.add(payload)
    this.connection!.ping(payload)
    return answered
  }

  /** Sets whether the connection keeps the process alive, as it does by default. May be called before it is open. */
  keepAlive(wanted: boolean): void {
    if (this.connection === undefined) this.#opening?.keepAlive(wanted)
    else this.connection[wanted ? 'ref' : 'unref']()
  }

  // Called by the connection.

  continueReadingLater(): void {
    host.queueTask(() => this.connection!.continueReading())
  }

  onPong(payload: Uint8Array): void {
    this.pings?.answer(payload)
  }

  onBeat(payload: Uint8Array): void {
    this.pings?.addBeat(payload)
  }

  onCloseReceived(): void {
    this.startCloseTimer()
  }

  onServerEndDue(): void {
    this.startCloseTimer()
    this.#closeTimer!.awaitServerEnd()
  }

  onClosed(closure: CloseResult): void {
    this.#heartbeat?.stop()
    this.#end(closure)
    if (closure.error === undefined) return
    // The pipe may still send our Close frame and wait for the server's end, but that need not keep the process alive.
    this.connection!.unref()
    this.startCloseTimer()
  }

  onReleased(): void {
    this.#closeTimer?.stop()
    this.#closeTimer = NO_TIMER
  }

  // Called by the opening handshake.

  #established(pipe: Pipe, agreement: Agreement, head: ResponseHead, trace: Trace): void {
    this.#opening = undefined
    this.#response = compactHead(head)
    this.#trace = trace
    const observation = this.observe()
    observation?.answered(head, trace.http)
    const { front, settings } = this
    const connection = new Connection(
      host.platform,
      observation?.watch(pipe) ?? pipe,
      front,
      settings,
      agreement.deflate,
    )
    this.connection = connection
    const { heartbeat } = this.settings
    if (heartbeat !== undefined) {
      this.#heartbeat = new Heartbeat(connection, heartbeat, front)
    }
    this.established(agreement)
  }

  #failed(error: ConnectionError): void {
    this.#opening = undefined
    // A response of a proxy is none of the server.
    if (error.step !== 'proxy') this.#response = error.response
    if (this.response !== undefined) this.observe()?.answered(this.response, this.response.http)
    this.#end({ code: ABNORMAL_CLOSURE, reason: '', error })
  }

  #end(closure: CloseResult): void {
    const { error } = closure
    this.failure = error
    if (error !== undefined && this.#construction !== undefined) showConstruction(error, this.#construction)
    this.context.runInAsyncScope(this.ended, this, closure)
    this.observe()?.ended(closure)
  }
}

/** Whether the environment asks for debugging. Looked up by the first socket. */
const environment: { debugs: boolean | undefined } = { debugs: undefined }

function isDebugging(): boolean {
  environment.debugs ??= host.debugs?.() ?? false
  return environment.debugs
}

/** The close timer of a connection that is released: there is nothing to wait for. */
const NO_TIMER = { start() {}, restart() {}, awaitServerEnd() {}, stop() {} }

/** Returns the error that pings and `drained` reject with after a clean close, when the connection has no failure. */
export function closedError(code?: number): ConnectionError {
  const status = code === undefined ? '' : `: ${withName(code)}`
  return new ConnectionError('WS_ERR_CONNECTION_LOST', `The WebSocket is closed${status}`)
}
