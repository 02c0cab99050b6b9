import { startTimer, stopTimer, type Timer } from '../host/timers.ts'
import type { HeartbeatOptions } from '../opening/options/heartbeat.ts'
import type { Connection } from '../protocol/connection.ts'
import { ConnectionError } from '../protocol/errors.ts'

const NO_PAYLOAD = new Uint8Array(0)

/**
 * Sends a ping at an interval (RFC 6455 section 5.5.2), and drops the connection if nothing at all arrives within the
 * timeout after a ping. Any bytes are a sign of life, not the pong alone.
 */
export class Heartbeat {
  readonly #connection: Connection
  readonly #options: Required<HeartbeatOptions>
  /** Whether backpressure holds up reading: then silence proves nothing about the server. */
  readonly #isPaused: () => boolean
  #intervalTimer: Timer | undefined
  /** Set by a ping until it fires. Pings that are sent meanwhile do not restart it. */
  #timeoutTimer: Timer | undefined
  /** The value of `reads` of the connection when the timeout timer was set. */
  #readsAtPing = 0

  constructor(connection: Connection, options: Required<HeartbeatOptions>, isPaused: () => boolean) {
    this.#connection = connection
    this.#options = options
    this.#isPaused = isPaused
    this.#intervalTimer = startTimer(options.interval, this.#sendPing)
  }

  stop(): void {
    stopTimer(this.#intervalTimer)
    stopTimer(this.#timeoutTimer)
  }

  readonly #sendPing = (): void => {
    // No more pings once the closing handshake has started, which has a time limit of its own, or the server broke the protocol.
    if (!this.#connection.expectsLife) return
    this.#connection.ping(NO_PAYLOAD)
    if (this.#timeoutTimer === undefined) {
      this.#readsAtPing = this.#connection.reads
      this.#timeoutTimer = startTimer(this.#options.timeout, this.#checkForLife)
    }
    this.#intervalTimer = startTimer(this.#options.interval, this.#sendPing)
  }

  readonly #checkForLife = (): void => {
    this.#timeoutTimer = undefined
    if (this.#connection.reads !== this.#readsAtPing || this.#isPaused() || !this.#connection.expectsLife) return
    const message = `The server gave no sign of life within ${this.#options.timeout} ms of a ping`
    this.#connection.abort(new ConnectionError('WS_ERR_HEARTBEAT_TIMEOUT', message))
  }
}
