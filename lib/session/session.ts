import type { MessageBatch } from '../codec/message-batch.ts'
import { host } from '../host/host.ts'
import type { URL } from '../host/host-types.ts'
import { startTimer, type Timer } from '../host/timers.ts'
import { type CompactHead, compactHead, expandHead } from '../opening/compact-head.ts'
import { NO_BODY, OpeningHandshake } from '../opening/opening-handshake.ts'
import type { Settings } from '../opening/options.ts'
import { ABNORMAL_CLOSURE, NORMAL_CLOSURE } from '../protocol/close.ts'
import { type CloseResult, Connection, type ConnectionOwner } from '../protocol/connection.ts'
import { ConnectionError, type HandshakeResponse } from '../protocol/errors.ts'
import type { Agreement } from '../protocol/handshake.ts'
import type { Pipe, ResponseHead } from '../transport/pipe.ts'
import { Heartbeat } from './heartbeat.ts'
import { PingLog } from './ping-log.ts'

/** What a message that waits for the user costs beside its payload, in bytes: so a flood of empty ones is bounded, too. */
export const MESSAGE_OVERHEAD = 128

/**
 * What a WebSocket and a WebSocketStream have in common behind their interfaces: one connection, from the attempt to
 * open it until its pipe is gone.
 */
export abstract class Session implements ConnectionOwner {
  /** The URL record, serialized. */
  readonly url: string
  /** Why the connection failed, once it did. */
  failure: ConnectionError | undefined

  /** There from the end of the opening handshake on. */
  protected connection: Connection | undefined
  /** There from the first ping on. */
  protected pings: PingLog | undefined

  readonly #settings: Settings
  #opening: OpeningHandshake | undefined
  #heartbeat: Heartbeat | undefined
  #closeTimer: Timer | undefined
  #keepsAlive = true
  #response: HandshakeResponse | CompactHead | undefined

  constructor(url: URL, settings: Settings) {
    this.url = url.href
    this.#settings = settings
  }

  /** The server's answer to the opening handshake, once it came. */
  get response(): HandshakeResponse | undefined {
    if (typeof this.#response === 'string') this.#response = { ...expandHead(this.#response), body: NO_BODY }
    return this.#response
  }

  // What the layer above does on its own.

  /** Whether messages may be sent, as far as the user knows. */
  protected abstract get isOpen(): boolean
  /** Whether reading waits for the user. */
  protected abstract get isPaused(): boolean
  /** The opening handshake is done. */
  protected abstract established(agreement: Agreement): void
  /** The connection has ended, or never came to be. Once. */
  protected abstract ended(closure: CloseResult): void

  abstract onText(data: string): void
  abstract onBinary(data: ArrayBuffer): void
  abstract onBatch(batch: MessageBatch): void
  abstract onDrained(): void
  abstract flushSoon(): void

  // What it calls.

  /** Begins to connect. May report before it returns, so it comes last in a constructor. */
  protected connect(url: URL, protocols: readonly string[]): void {
    this.#opening = new OpeningHandshake(url, protocols, this.#settings, {
      established: (pipe, agreement, head) => this.#established(pipe, agreement, head),
      failed: error => this.#failed(error),
    })
    this.#opening.start()
  }

  /** Gives up what is not open yet for the user. */
  protected closeBeforeOpen(): void {
    const message = 'The WebSocket was closed before it was open'
    const error = new ConnectionError('WS_ERR_CLOSED_BEFORE_OPEN', message, { closeCode: NORMAL_CLOSURE })
    // The connection may stand already, with the task of the open event still to come.
    if (this.connection === undefined) this.#opening?.fail(error)
    else this.connection.fail(error)
  }

  /** From now on the server has so much time for its part of the closing handshake. */
  protected startCloseTimer(): void {
    // So that what was sent in this turn counts.
    this.connection!.flush()
    const { backlog } = this.connection!
    this.#closeTimer ??= startTimer(this.#settings.closeTimeout, () => {
      // A server that still takes what was sent before the Close frame is not late.
      if (this.connection!.backlog < backlog) return this.restartCloseTimer()
      const message = `The closing handshake was not done within ${this.#settings.closeTimeout} ms`
      this.connection!.abort(new ConnectionError('WS_ERR_CLOSE_TIMEOUT', message))
    })
  }

  /** The time begins anew, if it has begun. */
  protected restartCloseTimer(): void {
    if (this.#closeTimer === undefined) return
    clearTimeout(this.#closeTimer)
    this.#closeTimer = undefined
    this.startCloseTimer()
  }

  /** Gives the connection up at once, without a closing handshake. */
  terminate(): void {
    const error = new ConnectionError('WS_ERR_TERMINATED', 'The WebSocket was terminated')
    if (this.connection === undefined) this.#opening?.fail(error)
    else this.connection.abort(error)
  }

  /**
   * Sends a ping; resolves with the milliseconds until its pong.
   *
   * @throws "InvalidStateError" DOMException unless the socket is open
   */
  ping(payload: Uint8Array): Promise<number> {
    if (!this.isOpen) throw new DOMException('A ping needs an open WebSocket', 'InvalidStateError')
    this.pings ??= new PingLog()
    const answered = this.pings.add(payload)
    this.connection!.ping(payload)
    return answered
  }

  /** Lets the connection keep the process alive, or not. */
  keepAlive(wanted: boolean): void {
    this.#keepsAlive = wanted
    if (wanted) this.connection?.ref()
    else this.connection?.unref()
  }

  // What the connection calls.

  continueReadingLater(): void {
    host.queueTask(() => this.connection!.continueReading())
  }

  onPong(payload: Uint8Array): void {
    this.pings?.answer(payload)
  }

  onCloseReceived(): void {
    this.startCloseTimer()
  }

  onClosed(closure: CloseResult): void {
    this.#heartbeat?.stop()
    this.failure = closure.error
    this.ended(closure)
    if (closure.error === undefined) return
    // The pipe may still have a Close frame to send, and waits for the peer; but the process need not.
    this.connection!.unref()
    this.startCloseTimer()
  }

  onReleased(): void {
    clearTimeout(this.#closeTimer)
  }

  // The rest.

  #established(pipe: Pipe, agreement: Agreement, head: ResponseHead): void {
    this.#opening = undefined
    this.#response = compactHead(head)
    const connection = new Connection(host.platform, pipe, this, this.#settings, agreement.deflate)
    this.connection = connection
    if (!this.#keepsAlive) connection.unref()
    const { heartbeat } = this.#settings
    if (heartbeat !== undefined) this.#heartbeat = new Heartbeat(connection, heartbeat, () => this.isPaused)
    this.established(agreement)
  }

  #failed(error: ConnectionError): void {
    this.#opening = undefined
    this.#response = error.response
    this.failure = error
    this.ended({ code: ABNORMAL_CLOSURE, reason: '', wasClean: false, error })
  }
}

/** Why what waits for a connection that closed cleanly waits in vain. */
export function closedError(): ConnectionError {
  return new ConnectionError('WS_ERR_CONNECTION_LOST', 'The WebSocket is closed')
}
