import { frameLength } from '../codec/frame-scanner.ts'
import type { Pipe } from '../transport/pipe.ts'
import { Fifo } from './fifo.ts'

/** The largest piece that is written to a pipe at once, in bytes. */
export const PIECE_SIZE: number = 512 * 1024

/**
 * Frames that wait for a congested pipe. They are written in pieces, each when the one before has left: so the backlog falls as
 * they leave, what the peer sends meanwhile is read in between, and no host copies hundreds of MiB at once.
 *
 * Our pings and the pong that we owe go ahead of the frames that wait (RFC 6455 section 5.5.2), but never into one: the queue
 * finds the end of each frame by its header. That is why it begins at the beginning of a frame.
 */
export class OutgoingQueue {
  /** Bytes that wait. The number stays when they are dropped: they never left. */
  size = 0
  /** The pong slot: the answer to the newest ping (RFC 6455 section 5.5.3). */
  pong: Uint8Array | undefined

  /** No header of a frame is cut: it lies in one of the chunks. */
  readonly #chunks: Fifo<Uint8Array> = new Fifo()
  /** Bytes between the front of the queue and the next frame. */
  #toBoundary = 0
  readonly #pings: Fifo<Uint8Array> = new Fifo()

  /** Whether the queue is empty and the written bytes end with a whole frame. */
  get isDone(): boolean {
    return this.size === 0 && this.#toBoundary === 0 && !this.#hasControl
  }

  push(bytes: Uint8Array): void {
    this.#chunks.push(bytes)
    this.size += bytes.length
  }

  pushPing(frame: Uint8Array): void {
    this.#pings.push(frame)
  }

  /** Drops all queued bytes. */
  drop(): void {
    this.#chunks.clear()
    this.#pings.clear()
    this.pong = undefined
  }

  /** Writes pieces until the pipe exerts backpressure. Returns false if it does. Short writes share a piece. */
  writeTo(pipe: Pick<Pipe, 'write'>): boolean {
    let ready = true
    while (ready && this.#hasNext) {
      let room = PIECE_SIZE
      while (room > 0 && this.#hasNext) {
        const bytes = this.#takeNext(room)
        room -= bytes.length
        // A pipe that gathers writes reports backpressure only for the last of them.
        ready = pipe.write(bytes, room > 0 && this.#hasNext)
      }
    }
    return ready
  }

  get #hasControl(): boolean {
    return this.pong !== undefined || this.#pings.length > 0
  }

  get #hasNext(): boolean {
    return this.#chunks.length > 0 || (this.#toBoundary === 0 && this.#hasControl)
  }

  /** Takes at most `limit` bytes, or a whole control frame. */
  #takeNext(limit: number): Uint8Array {
    if (this.#toBoundary === 0) {
      const control = this.#pings.shift() ?? this.pong
      if (control !== undefined) {
        if (control === this.pong) this.pong = undefined
        return control
      }
    }
    const first = this.#chunks.shift()!
    const length = this.#walk(first, Math.min(first.length, limit))
    this.size -= length
    if (length === first.length) return first
    this.#chunks.unshift(first.subarray(length))
    return first.subarray(0, length)
  }

  /** Walks over the frames of `bytes[0, end)`. Returns where it has stopped: at the first boundary if a control frame waits. */
  #walk(bytes: Uint8Array, end: number): number {
    let position = 0
    for (;;) {
      if (this.#toBoundary === 0) this.#toBoundary = frameLength(bytes, position)
      const step = Math.min(this.#toBoundary, end - position)
      this.#toBoundary -= step
      position += step
      if (position === end || (this.#toBoundary === 0 && this.#hasControl)) return position
    }
  }
}
