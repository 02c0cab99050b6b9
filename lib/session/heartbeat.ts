import { host } from '../host/host.ts'
import { Deadline, startTimer, stopTimer, type Timer } from '../host/timers.ts'
import type { HeartbeatOptions } from '../opening/options/heartbeat.ts'
import type { Connection } from '../protocol/connection.ts'
import { ConnectionError } from '../protocol/errors.ts'
import type { SessionFront } from './session-front.ts'

/** Bytes of a ping's payload. They are random, so that its pong is told from the pongs of the user's pings. */
const PAYLOAD_LENGTH = 8

/**
 * Number of looks for signs of life within one timeout, while a connection is congested. A server that takes an upload in steps
 * is given up after this many times its slowest step.
 */
const PARTS = 4
const NO_PING = Number.NEGATIVE_INFINITY

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
  /** Until the next look for signs of life. Set while a ping has seen none, and while the connection is congested. */
  #deadline: Deadline | undefined

  // Times in parts of the timeout.
  /** Time until the next look. */
  #part = 0
  /** Time since the last sign of life. */
  #quiet = 0
  /** Time since the first ping after the last sign of life; NO_PING if there was none. */
  #waited = NO_PING
  /** The longest time of this upload after which the server took bytes nevertheless. */
  #slowest = 0

  // The connection as it was at the last look.
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
    this.#look()
    if (this.#waited === NO_PING) {
      this.#waited = 0
      this.#watch()
    }
    const payload = new Uint8Array(PAYLOAD_LENGTH)
    host.platform.fillRandom(payload)
    this.#front.onBeat(payload)
    this.#connection.ping(payload)
    // The time of the server begins, so the ping does not wait for the listeners of messages.
    this.#connection.flush()
    this.#startInterval()
  }

  #watch(): void {
    this.#deadline?.cancel()
    this.#reads = this.#connection.reads
    this.#congested = this.#connection.congested
    this.#backlog = this.#connection.backlog
    this.#transmitted = this.#connection.transmitted
    if (!this.#congested) this.#slowest = 0
    this.#part = this.#congested ? 1 : PARTS
    this.#deadline = new Deadline((this.#options.timeout * this.#part) / PARTS, this.#judge)
  }

  readonly #judge = (): void => {
    if (!this.#connection.expectsLife) return
    this.#quiet += this.#part
    this.#waited += this.#part
    this.#look()
    const { congested } = this.#connection
    // The ping waits behind what is uploaded, and the system tells only in steps of a megabyte or more that the server takes it.
    const limit = congested ? PARTS * Math.max(2, this.#slowest) : PARTS
    if (this.#waited >= limit) {
      const message = `The server sent nothing within ${this.#options.timeout} ms of a ping ("heartbeat.timeout")`
      this.#connection.abort(new ConnectionError('WS_ERR_HEARTBEAT_TIMEOUT', message))
    } else if (this.#waited !== NO_PING || congested) this.#watch()
  }

  #look(): void {
    if (!this.#seesLife()) return
    this.#slowest = Math.max(this.#slowest, this.#quiet)
    this.#quiet = 0
    this.#waited = NO_PING
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
