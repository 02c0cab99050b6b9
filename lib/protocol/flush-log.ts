/**
 * The flushes of a connection that had to wait in the pipe: tells how many application bytes have left from how many bytes
 * the pipe has handed to the network.
 */
export class FlushLog {
  #transmitted: number
  /** For each flush, oldest first, its end in bytes on the wire and in application bytes, each counted from the start. */
  #ends: number[] = []

  /** @param transmitted application bytes that had left before the first flush of the log */
  constructor(transmitted: number) {
    this.#transmitted = transmitted
  }

  /** Adds a flush. */
  add(wireEnd: number, applicationEnd: number): void {
    this.#ends.push(wireEnd, applicationEnd)
  }

  /**
   * Returns the application bytes that have left, counted up to the last whole flush that has.
   *
   * @param sent bytes on the wire that the pipe has handed to the network, counted from the start
   */
  transmitted(sent: number): number {
    const ends = this.#ends
    let index = 0
    while (index < ends.length && ends[index]! <= sent) {
      this.#transmitted = ends[index + 1]!
      index += 2
    }
    if (index > 0) this.#ends = ends.slice(index)
    return this.#transmitted
  }
}
