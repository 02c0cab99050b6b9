import type { Duplex } from 'node:stream'

/** The peer's side of the connection ended, or the connection broke, before the bytes asked for had come. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/**
 * Pulls exact counts of bytes out of a stream. It takes nothing while nobody asks, so a handler that does not read makes the
 * peer feel back-pressure.
 */
export class ByteReader {
  readonly #stream: Duplex
  #chunks: Buffer[] = []
  #held = 0

  constructor(stream: Duplex) {
    this.#stream = stream
  }

  /** @throws {ConnectionLost} */
  async read(count: number): Promise<Buffer> {
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
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#held)
    this.#held -= count
    this.#chunks = this.#held === 0 ? [] : [all.subarray(count)]
    return all.subarray(0, count)
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
