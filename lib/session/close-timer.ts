import { host } from '../host/host.ts'
import { Deadline } from '../host/timers.ts'
import type { Connection } from '../protocol/connection.ts'
import { ConnectionError } from '../protocol/errors.ts'
import type { SessionFront } from './session-front.ts'

/** Milliseconds for the server's end of TCP, once the closing handshake is done: as many as in Chromium. */
const SERVER_END_TIMEOUT = 2000

/** Number of looks for progress within one limit. */
const PARTS = 4

/**
 * Factor on the time of the slowest step: a server that takes data in steps has that long for the next one. The system reports
 * a third of its send buffer at a time. So when it has taken the last bytes, it still holds three steps, and the server's
 * receive buffer holds more: over loopback on Linux 3.7 steps together.
 */
const STEPS = 8

/**
 * The time limit of the closing handshake, which is the option `closeTimeout`, and of the server's end of TCP (RFC 6455
 * section 7.1.1), which is 2 s unless `closeTimeout` is less. Drops the connection when the limit is reached.
 *
 * The limit restarts while the server still takes data that was sent before the Close frame: a slow upload is no failure. The
 * system reports that in steps of a megabyte or more. So the first step may take twice the limit, and a server whose steps were
 * slow has longer for the next step, and for the last bytes, which the system still holds after it took them.
 */
export class CloseTimer {
  readonly #connection: Connection
  /** Milliseconds; 0 for no limit. */
  #timeout: number
  /** The session. While it has paused reading, the server's answer may have arrived unseen, so that time does not count. */
  readonly #front: Pick<SessionFront, 'isPaused'>
  #deadline: Deadline | undefined
  /** Bytes that waited in the pipe at the last look; 0 if they were no more than the system may take at once. */
  #backlog = 0
  /** The connection's counter of reads at the last turn in which bytes were read. */
  #reads = 0

  /** Time without progress, in parts of the timeout. */
  #quiet = 0
  /** The time without progress after which the connection is dropped, in parts of the timeout. */
  #limit = PARTS

  /** @param timeout milliseconds; 0 for no limit */
  constructor(connection: Connection, timeout: number, front: Pick<SessionFront, 'isPaused'>) {
    this.#connection = connection
    this.#timeout = timeout
    this.#front = front
  }

  /** Starts the timer, unless it was started before. */
  start(): void {
    // Data that was sent in this turn belongs to the backlog.
    this.#connection.flush()
    if (this.#deadline !== undefined) return
    this.#watch()
    if (this.#backlog > 0) this.#limit = 2 * PARTS
  }

  /** Gives the server the whole time again. Without effect if the timer was never started. */
  restart(): void {
    if (this.#deadline === undefined) return
    this.stop()
    this.#quiet = 0
    this.#watch()
  }

  /** The closing handshake is done: starts the timer anew, once, for the server's end of TCP. */
  awaitServerEnd(): void {
    if (this.#timeout <= SERVER_END_TIMEOUT) return
    this.#timeout = SERVER_END_TIMEOUT
    this.#limit = PARTS
    this.restart()
  }

  /** Stops the timer for good: `start` has no effect any more, if it was called before. */
  stop(): void {
    this.#deadline?.cancel()
  }

  #watch(): void {
    // Less than that may wait for TLS alone, and leaves though the server takes nothing.
    this.#backlog = this.#connection.congested ? this.#connection.backlog : 0
    this.#deadline = new Deadline(this.#timeout / PARTS, this.#look, false, this.#turnCost)
  }

  /**
   * Only the last look ends the connection, so those before it take an eighth of the turns. So does that one, once bytes are read in
   * them: a server that sends without end makes each turn long, and what arrived in time is read in the first of them.
   */
  readonly #turnCost = (): number => {
    const before = this.#reads
    this.#reads = this.#connection.reads
    return this.#reads === before && this.#quiet + 1 >= this.#limit ? 1 : host.turnsToRead / 8
  }

  readonly #look = (): void => {
    this.#quiet++
    if (this.#front.isPaused || this.#connection.backlog < this.#backlog) {
      this.#limit = Math.max(this.#limit, STEPS * this.#quiet)
      this.#quiet = 0
    }
    if (this.#quiet < this.#limit) return this.#watch()
    const message = `The closing handshake did not complete within ${this.#timeout} ms ("closeTimeout")`
    this.#connection.abort(new ConnectionError('WS_ERR_CLOSE_TIMEOUT', message))
  }
}
