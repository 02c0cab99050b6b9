/** The pings that wait for their pongs (RFC 6455 sections 5.5.2 and 5.5.3). */
export class PingLog {
  #waiting: { payload: Uint8Array; sentAt: number; resolve(milliseconds: number): void; reject(error: Error): void }[] =
    []

  /** Notes a ping that is sent now. Resolves with the milliseconds until its answer; rejects if there will be none. */
  add(payload: Uint8Array): Promise<number> {
    const answered = new Promise<number>((resolve, reject) => {
      this.#waiting.push({ payload: payload.slice(), sentAt: performance.now(), resolve, reject })
    })
    // Who only wants the ping sent need not handle that the answer fails to come.
    answered.catch(() => {})
    return answered
  }

  /** Notes a pong. It answers the ping with its payload and all before it: a peer may answer the newest one alone. */
  answer(payload: Uint8Array): void {
    const index = this.#waiting.findIndex(ping => sameBytes(ping.payload, payload))
    const now = performance.now()
    for (const ping of this.#waiting.splice(0, index + 1)) ping.resolve(now - ping.sentAt)
  }

  /** No pong comes any more. Why is asked only where one is waited for: an error has a stack, which takes its time. */
  end(reason: () => Error): void {
    if (this.#waiting.length === 0) return
    const error = reason()
    for (const ping of this.#waiting.splice(0)) ping.reject(error)
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}
