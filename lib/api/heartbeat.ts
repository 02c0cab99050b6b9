import type { Connection } from '../protocol/connection.ts'
import { ConnectionError } from '../protocol/errors.ts'
import type { HeartbeatOptions } from './options.ts'
import { startTimer, type Timer } from './timers.ts'

const NO_PAYLOAD = new Uint8Array(0)

/** Pings a peer at an interval, and gives the connection up when no byte comes in time. */
export class Heartbeat {
  readonly #connection: Connection
  readonly #options: Required<HeartbeatOptions>
  /** Whether we hold up reading ourselves, so that silence proves nothing. */
  readonly #paused: () => boolean
  #timer: Timer | undefined
  #readsAtPing = 0

  constructor(connection: Connection, options: Required<HeartbeatOptions>, paused: () => boolean) {
    this.#connection = connection
    this.#options = options
    this.#paused = paused
    this.#wait()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #wait(): void {
    this.#timer = startTimer(this.#options.interval, this.#beat)
  }

  readonly #beat = (): void => {
    this.#readsAtPing = this.#connection.reads
    this.#connection.ping(NO_PAYLOAD)
    this.#timer = startTimer(this.#options.timeout, this.#check)
  }

  readonly #check = (): void => {
    if (this.#connection.reads !== this.#readsAtPing || this.#paused()) return this.#wait()
    const message = `The server gave no sign of life within ${this.#options.timeout} ms of a ping`
    this.#connection.abort(new ConnectionError('WS_ERR_HEARTBEAT_TIMEOUT', message))
  }
}
