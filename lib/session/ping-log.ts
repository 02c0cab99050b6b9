import { now } from '../host/timers.ts'
import { Deferred } from './deferred.ts'

interface SentPing {
  readonly payload: Uint8Array
  /** Milliseconds, by the clock of `now`. */
  readonly sentAt: number
  /** The promise of `ping()`, for the milliseconds of the round trip. Absent from a ping of the heartbeat. */
  readonly answered?: Deferred<number>
}

/** The pings that await their pongs (RFC 6455 sections 5.5.2 and 5.5.3), in the order in which they were sent. */
export class PingLog {
  #waiting: SentPing[] = []

  /** Whether a pong is awaited. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0
  }

  /**
   * Adds a ping that is sent now.
   *
   * @param payload copied
   * @returns resolves with the milliseconds until the pong; rejects with the error of `end`. Counts as handled: a caller
   *   who only wants the ping sent may drop it
   */
  add(payload: Uint8Array): Promise<number> {
    const answered = new Deferred<number>()
    this.#waiting.push({ payload: payload.slice(), sentAt: now(), answered })
    return answered.promise
  }

  /**
   * Adds a ping of the heartbeat, whose pong answers the pings before it. Only the newest of several in a row is kept: a server
   * that never answers would let them pile up.
   *
   * @param payload unlike that of any other ping
   */
  addBeat(payload: Uint8Array): void {
    if (this.#waiting.length === 0) return
    if (this.#waiting.at(-1)!.answered === undefined) this.#waiting.pop()
    this.#waiting.push({ payload, sentAt: now() })
  }

  /**
   * Handles a pong. It answers the oldest ping with the same payload, and all pings before that one: a peer may answer only
   * the newest (RFC 6455 section 5.5.3). A pong that answers no ping is ignored.
   */
  answer(payload: Uint8Array): void {
    const bytes = payload.join()
    const index = this.#waiting.findIndex(ping => ping.payload.join() === bytes)
    const receivedAt = now()
    for (const ping of this.#waiting.splice(0, index + 1)) ping.answered?.resolve(receivedAt - ping.sentAt)
  }

  /**
   * Rejects all pings: no pong will come any more.
   *
   * @param reason called only if a ping waits, since it costs time to make an error with its stack
   */
  end(reason: () => Error): void {
    if (this.#waiting.length === 0) return
    const error = reason()
    for (const ping of this.#waiting.splice(0)) ping.answered?.reject(error)
  }
}
