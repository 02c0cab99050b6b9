import { startTimer, type Timer } from '../host/timers.ts'
import type { HeartbeatOptions } from '../opening/options/heartbeat.ts'
import type { Connection } from '../protocol/connection.ts'
import { ConnectionError } from '../protocol/errors.ts'

const NO_PAYLOAD = new Uint8Array(0)

/** Pings a peer at an interval, and gives the connection up when no byte comes in time. */
export class Heartbeat {
  readonly #connection: Connection
  readonly #options: Required<HeartbeatOptions>
  /** Whether we hold up reading ourselves, so that silence proves nothing. */
  readonly #paused: () => boolean
  #beatTimer: Timer | undefined
  /** Runs from the first ping on that nothing has come after. */
  #checkTimer: Timer | undefined
  #readsAtPing = 0

  constructor(connection: Connection, options: Required<HeartbeatOptions>, paused: () => boolean) {
    this.#connection = connection
    this.#options = options
    this.#paused = paused
    this.#beatTimer = startTimer(options.interval, this.#beat)
  }

  stop(): void {
    clearTimeout(this.#beatTimer)
    clearTimeout(this.#checkTimer)
  }

  readonly #beat = (): void => {
    // The closing handshake has a limit of its own.
    if (!this.#connection.writable) return
    this.#connection.ping(NO_PAYLOAD)
    if (this.#checkTimer === undefined) {
      this.#readsAtPing = this.#connection.reads
      this.#checkTimer = startTimer(this.#options.timeout, this.#check)
    }
    this.#beatTimer = startTimer(this.#options.interval, this.#beat)
  }

  readonly #check = (): void => {
    this.#checkTimer = undefined
    if (this.#connection.reads !== this.#readsAtPing || this.#paused() || !this.#connection.writable) return
    const message = `The server gave no sign of life within ${this.#options.timeout} ms of a ping`
    this.#connection.abort(new ConnectionError('WS_ERR_HEARTBEAT_TIMEOUT', message))
  }
}
