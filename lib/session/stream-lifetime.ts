import type { MessageBatch } from '../codec/message-batch.ts'
import { host } from '../host/host.ts'
import { inMicrotask } from '../host/microtask.ts'
import type { CloseResult, Connection } from '../protocol/connection.ts'
import { CloseTimer } from './close-timer.ts'
import type { SessionFront } from './session-front.ts'

/** A session that may be abandoned: collected as garbage while its connection is open. */
export interface Abandonable extends SessionFront {
  /** Whether something waits for the connection that holds no object of the user: a read, a write, a pong, the end. */
  readonly isAwaited: boolean
}

/** The host's classes at load; undefined on a host without them. */
const { FinalizationRegistry: HostRegistry, WeakRef: HostWeakRef } = globalThis as Partial<typeof globalThis>

/**
 * Whether sessions can be abandoned here. Not where I/O belongs to one request (workerd): a finalizer runs in none, and the host
 * ends the connection with the request.
 */
export function canAbandon(): boolean {
  return HostRegistry !== undefined && HostWeakRef !== undefined && host.captureIoContext === undefined
}

/** The callback gets the front of a session that was collected. Created by the first front. */
const fronts: { registry: FinalizationRegistry<AbandonmentFront> | undefined } = { registry: undefined }

/**
 * Stands between a connection and its session, and holds the session weakly while nothing waits for it. The connection is alive
 * as long as its socket is; the session only as long as the user has one of its objects: the WebSocketStream, a stream, a reader
 * or a writer.
 *
 * When the session is collected, the closing handshake starts, with no status code. From then on this front is the owner: it drops
 * what arrives.
 *
 * @see https://websockets.spec.whatwg.org/#garbage-collection
 */
export class AbandonmentFront implements SessionFront {
  readonly #session: WeakRef<Abandonable>
  /** Keeps the session from being collected while something waits for it. Never read. */
  held: Abandonable | undefined
  /** The option `closeTimeout`, in milliseconds. */
  readonly #closeTimeout: number
  /** Set when the connection is open, before anybody can abandon the stream. */
  #connection!: Connection
  #closeTimer: CloseTimer | undefined

  constructor(session: Abandonable, closeTimeout: number) {
    this.#session = new HostWeakRef!(session)
    this.#closeTimeout = closeTimeout
  }

  /** The opening handshake is done. From now on `session` may be abandoned. */
  open(session: Abandonable, connection: Connection): void {
    this.#connection = connection
    this.held = session.isAwaited ? session : undefined
    fronts.registry ??= new HostRegistry!(front => front.#abandon())
    fronts.registry.register(session, this, this)
  }

  /** Something waits for `session` now. It is held until the next call from the connection after which nothing does. */
  hold(session: Abandonable): void {
    this.held = session
  }

  get isPaused(): boolean {
    return this.#session.deref()?.isPaused === true
  }

  onBeat(payload: Uint8Array): void {
    this.#session.deref()?.onBeat(payload)
  }

  onText(data: string): void {
    this.#tell(session => session.onText(data))
  }

  onBinary(data: ArrayBuffer): void {
    this.#tell(session => session.onBinary(data))
  }

  onBatch(batch: MessageBatch): void {
    if (!this.#tell(session => session.onBatch!(batch))) batch.drop()
  }

  onPong(payload: Uint8Array): void {
    this.#tell(session => session.onPong(payload))
  }

  onDrained(): void {
    this.#tell(session => session.onDrained())
  }

  onCloseReceived(): void {
    if (this.#tell(session => session.onCloseReceived())) return
    this.#connection.acknowledgeClose()
    this.#startCloseTimer()
  }

  onServerEndDue(): void {
    if (this.#tell(session => session.onServerEndDue())) return
    this.#startCloseTimer()
    this.#closeTimer!.awaitServerEnd()
  }

  onViolation(): void {
    if (!this.#tell(session => session.onViolation())) host.queueTask(() => this.#connection.failAfterViolation())
  }

  flushSoon(): void {
    if (!this.#tell(session => session.flushSoon())) inMicrotask(() => this.#connection.flush())
  }

  continueReadingLater(): void {
    host.queueTask(() => this.#connection.continueReading())
  }

  onClosed(closure: CloseResult): void {
    if (this.#tell(session => session.onClosed(closure)) || closure.error === undefined) return
    this.#connection.unref()
    this.#startCloseTimer()
  }

  onReleased(): void {
    this.#tell(session => session.onReleased())
    this.#closeTimer?.stop()
    fronts.registry!.unregister(this)
  }

  /** Calls the session, and lets go of it if nothing waits for it. False if it was collected. */
  #tell(call: (session: Abandonable) => void): boolean {
    const session = this.#session.deref()
    if (session === undefined) return false
    call(session)
    this.held = session.isAwaited ? session : undefined
    return true
  }

  /** Called when the session was collected. A connection that has ended takes no notice. */
  #abandon(): void {
    if (!this.#connection.writable) return
    this.#connection.startClosingHandshake(undefined, '')
    this.#startCloseTimer()
    // The Close frame of the server may come behind messages that nobody reads.
    this.#connection.resume()
  }

  #startCloseTimer(): void {
    this.#closeTimer ??= new CloseTimer(this.#connection, this.#closeTimeout, this)
    this.#closeTimer.start()
  }
}
