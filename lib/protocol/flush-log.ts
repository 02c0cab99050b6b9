/**
 * The flushes of a connection that had to wait in the pipe: tells how many application bytes have left from how many bytes
 * the pipe has handed to the network.
 */
export class FlushLog {
  /** Where the first flush of the log begins, in bytes on the wire and in application bytes, each counted from the start. */
  #wireStart: number
  #applicationStart: number
  /** For each flush, oldest first, its end in the same two numbers. */
  #ends: number[] = []
  /** The last result. It never falls: a control frame that goes ahead makes it seem as if less had left. */
  #transmitted: number

  constructor(wireStart: number, applicationStart: number) {
    this.#wireStart = wireStart
    this.#applicationStart = applicationStart
    this.#transmitted = applicationStart
  }

  /** Adds a flush. */
  add(wireEnd: number, applicationEnd: number): void {
    this.#ends.push(wireEnd, applicationEnd)
  }

  /**
   * Returns the application bytes that have left. Of a flush that has left in part, the same part: its bytes may be compressed.
   *
   * @param sent bytes on the wire that the pipe has handed to the network, counted from the start
   */
  transmitted(sent: number): number {
    const ends = this.#ends
    let index = 0
    while (index < ends.length && ends[index]! <= sent) {
      this.#wireStart = ends[index]!
      this.#applicationStart = ends[index + 1]!
      index += 2
    }
    if (index > 0) this.#ends = ends.slice(index)
    let transmitted = this.#applicationStart
    if (index < ends.length && sent > this.#wireStart) {
      const part = (sent - this.#wireStart) / (ends[index]! - this.#wireStart)
      transmitted += Math.floor(part * (ends[index + 1]! - transmitted))
    }
    this.#transmitted = Math.max(this.#transmitted, transmitted)
    return this.#transmitted
  }
}
