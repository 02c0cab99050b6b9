import { Deadline } from '../host/timers.ts'
import type { Connection } from '../protocol/connection.ts'
import { ConnectionError } from '../protocol/errors.ts'

/** Milliseconds for the server's end of TCP, once the closing handshake is done: as many as in Chromium. */
const SERVER_END_TIMEOUT = 2000

/**
 * The time limit of the closing handshake, which is the option `closeTimeout`, and of the server's end of TCP (RFC 6455
 * section 7.1.1), which is 2 s unless `closeTimeout` is less. Drops the connection when the limit is reached.
 *
 * The limit restarts while the server still takes data that was sent before the Close frame: a slow upload is no failure.
 */
export class CloseTimer {
  readonly #connection: Connection
  /** Milliseconds; 0 for no limit. */
  #timeout: number
  /** Whether backpressure holds up reading: then the server's answer may have come unseen. */
  readonly #isPaused: () => boolean
  #deadline: Deadline | undefined
  /** Bytes that waited in the pipe when the timer was started; 0 if they were no more than the system may take at once. */
  #backlogAtStart = 0

  /** @param timeout milliseconds; 0 for no limit */
  constructor(connection: Connection, timeout: number, isPaused: () => boolean) {
    this.#connection = connection
    this.#timeout = timeout
    this.#isPaused = isPaused
  }

  /** Starts the timer, unless it was started before. */
  start(): void {
    // Data that was sent in this turn belongs to the backlog.
    this.#connection.flush()
    if (this.#deadline !== undefined) return
    // Less than that may wait for TLS alone, and leaves though the server takes nothing.
    this.#backlogAtStart = this.#connection.congested ? this.#connection.backlog : 0
    this.#deadline = new Deadline(this.#timeout, this.#expire)
  }

  /** Gives the server the whole time again. Without effect if the timer was never started. */
  restart(): void {
    if (this.#deadline === undefined) return
    this.stop()
    this.#deadline = undefined
    this.start()
  }

  /** The closing handshake is done: starts the timer anew, once, for the server's end of TCP. */
  awaitServerEnd(): void {
    if (this.#timeout <= SERVER_END_TIMEOUT) return
    this.#timeout = SERVER_END_TIMEOUT
    this.restart()
  }

  /** Stops the timer for good: `start` has no effect any more, if it was called before. */
  stop(): void {
    this.#deadline?.cancel()
  }

  readonly #expire = (): void => {
    if (this.#isPaused() || this.#connection.backlog < this.#backlogAtStart) return this.restart()
    const message = `The closing handshake was not done within ${this.#timeout} ms`
    this.#connection.abort(new ConnectionError('WS_ERR_CLOSE_TIMEOUT', message))
  }
}
