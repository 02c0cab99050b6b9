/** Bytes that arrive in pieces. The memory grows by doubling, since the pieces may be of one byte each. */
export class GrowingBuffer {
  /** How many bytes of the memory are in use. */
  length = 0
  #memory = new Uint8Array(0)

  /** A view of the bytes, valid until more are appended. */
  get content(): Uint8Array {
    return this.#memory.subarray(0, this.length)
  }

  append(bytes: Uint8Array): void {
    const start = this.length
    this.length += bytes.length
    if (this.length > this.#memory.length) {
      const grown = new Uint8Array(Math.max(this.length, this.#memory.length * 2, 1024))
      grown.set(this.#memory)
      this.#memory = grown
    }
    this.#memory.set(bytes, start)
  }
}
