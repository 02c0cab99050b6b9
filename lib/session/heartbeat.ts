import { host } from '../host/host.ts'
import { Deadline, startTimer, stopTimer, type Timer } from '../host/timers.ts'
import type { HeartbeatOptions } from '../opening/options/heartbeat.ts'
import type { Connection } from '../protocol/connection.ts'
import { ConnectionError } from '../protocol/errors.ts'
import type { SessionFront } from './session-front.ts'

/** Bytes of a ping's payload. They are random, so that its pong is told from the pongs of the user's pings. */
const PAYLOAD_LENGTH = 8

/**
 * Sends a ping at an interval (RFC 6455 section 5.5.2), and drops the connection if the server gives no sign of life within the
 * timeout after a ping. Any bytes that arrive are a sign of life, not the pong alone. So is a server that takes what waits to be
 * sent, as during a long upload, behind which the ping waits.
 */
export class Heartbeat {
  readonly #connection: Connection
  readonly #options: Required<HeartbeatOptions>
  /** Is told of each ping before it is sent. While it has paused reading, silence proves nothing about the server. */
  readonly #front: Pick<SessionFront, 'isPaused' | 'onBeat'>
  #intervalTimer: Timer | undefined
  /** Set by a ping until it is judged, or until a ping after a sign of life. Other pings that are sent meanwhile have none. */
  #deadline: Deadline | undefined

  /** Whether the deadline was set without a new ping, as the one before it had passed during an upload. */
  #isExtended = false

  // The connection as it was when the deadline was set.
  #reads = 0
  #congested = false
  #backlog = 0
  #transmitted = 0

  constructor(
    connection: Connection,
    options: Required<HeartbeatOptions>,
    front: Pick<SessionFront, 'isPaused' | 'onBeat'>,
  ) {
    this.#connection = connection
    this.#options = options
    this.#front = front
    this.#startInterval()
  }

  stop(): void {
    stopTimer(this.#intervalTimer)
    this.#deadline?.cancel()
  }

  #startInterval(): void {
    this.#intervalTimer = startTimer(this.#options.interval, this.#sendPing)
  }

  readonly #sendPing = (): void => {
    // No more pings once the closing handshake has started, which has a time limit of its own, or the server broke the protocol.
    if (!this.#connection.expectsLife) return
    if (this.#deadline === undefined || this.#seesLife()) this.#startDeadline(false)
    const payload = new Uint8Array(PAYLOAD_LENGTH)
    host.platform.fillRandom(payload)
    this.#front.onBeat(payload)
    this.#connection.ping(payload)
    // The time of the server begins, so the ping does not wait for the listeners of messages.
    this.#connection.flush()
    this.#startInterval()
  }

  #startDeadline(isExtended: boolean): void {
    this.#deadline?.cancel()
    this.#isExtended = isExtended
    this.#reads = this.#connection.reads
    this.#congested = this.#connection.congested
    this.#backlog = this.#connection.backlog
    this.#transmitted = this.#connection.transmitted
    this.#deadline = new Deadline(this.#options.timeout, this.#judge)
  }

  readonly #judge = (): void => {
    this.#deadline = undefined
    if (this.#seesLife() || !this.#connection.expectsLife) return
    // The ping waits behind what is uploaded, and the system tells only in steps of a megabyte or more that the server takes it.
    if (this.#connection.congested && !this.#isExtended) return this.#startDeadline(true)
    const message = `The server gave no sign of life within ${this.#options.timeout} ms of a ping`
    this.#connection.abort(new ConnectionError('WS_ERR_HEARTBEAT_TIMEOUT', message))
  }

  #seesLife(): boolean {
    return this.#connection.reads !== this.#reads || this.#front.isPaused || this.#takesBytes()
  }

  /**
   * Whether the server has made room: bytes have left that had to wait. What leaves at once proves nothing, since the system
   * takes it in the place of the server.
   */
  #takesBytes(): boolean {
    if (!this.#congested) return false
    return this.#connection.backlog < this.#backlog || this.#connection.transmitted > this.#transmitted
  }
}
