import type { Duplex } from 'node:stream'

/** The peer ended its side, or the connection broke, before the requested bytes arrived. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/**
 * Reads exact numbers of bytes from a stream. It reads only on request, so a handler that does not read causes backpressure.
 */
export class ByteReader {
  readonly #stream: Duplex
  #chunks: Buffer[] = []
  #held = 0

  constructor(stream: Duplex) {
    this.#stream = stream
  }

  /** Returns the next bytes without consuming them. @throws {ConnectionLost} */
  async peek(count: number): Promise<Buffer> {
    return (await this.#hold(count)).subarray(0, count)
  }

  /** @throws {ConnectionLost} */
  async read(count: number): Promise<Buffer> {
    const all = await this.#hold(count)
    this.#held -= count
    this.#chunks = this.#held === 0 ? [] : [all.subarray(count)]
    return all.subarray(0, count)
  }

  /** Waits until at least `count` bytes are buffered, and returns all buffered bytes as one Buffer. */
  async #hold(count: number): Promise<Buffer> {
    while (this.#held < count) {
      const chunk: Buffer | null = this.#stream.read()
      if (chunk !== null) {
        this.#chunks.push(chunk)
        this.#held += chunk.length
      } else if (this.#stream.readableEnded || this.#stream.destroyed) {
        throw new ConnectionLost(`the peer ended after ${this.#held} of ${count} bytes`)
      } else {
        await this.#change()
      }
    }
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks, this.#held)]
    return this.#chunks[0]!
  }

  #change(): Promise<void> {
    const stream = this.#stream
    return new Promise(resolve => {
      const events = ['readable', 'end', 'close', 'error'] as const
      const settle = () => {
        for (const event of events) stream.off(event, settle)
        resolve()
      }
      for (const event of events) stream.on(event, settle)
    })
  }
}
