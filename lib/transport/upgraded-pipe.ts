import { inMicrotask } from '../host/microtask.ts'
import type { Pipe, PipeSink } from './pipe.ts'

/** The largest piece that is written to the byte pipe below at once, in bytes. */
const PIECE_SIZE = 512 * 1024

/** The sink of the byte pipe below, which is the HTTP exchange. */
export interface SinkForwarder {
  /**
   * From now on `data`, `room` and `close` are forwarded to this sink. An end and a drain go to `onEnd` and `onDrain`
   * instead, and bytes that arrived with the 101 go to `onFirstData`.
   */
  forwardTo(sink: PipeSink): void
}

/**
 * The byte pipe after the end of the 101 response.
 *
 * Large messages are written to the pipe below in pieces, each when the one before has left. So `buffered` falls as they
 * leave, what the peer sends meanwhile is read in between, and no host copies hundreds of MiB at once.
 */
export class UpgradedPipe implements Pipe {
  readonly #pipe: Pipe
  readonly #exchange: SinkForwarder
  #sink: PipeSink | undefined
  /** Bytes that wait for the pipe below to drain. Created by the first write that has to wait (bench: idle). */
  #queue: Uint8Array[] | undefined
  /** How many bytes the queue has. */
  #queued = 0
  /** Backpressure: the pipe below has not drained yet. */
  #waiting = false
  #ended = false
  #paused = false
  #aborted = false
  /** Bytes that arrived with the 101 while this pipe was paused, and whether the peer's end came after them. */
  #held: Uint8Array | undefined
  #endHeld = false

  constructor(pipe: Pipe, exchange: SinkForwarder) {
    this.#pipe = pipe
    this.#exchange = exchange
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    this.#exchange.forwardTo(sink)
  }

  get buffered(): number | undefined {
    const { buffered } = this.#pipe
    return buffered === undefined ? undefined : buffered + this.#queued
  }

  get givesBack(): boolean | undefined {
    return this.#pipe.givesBack
  }

  write(bytes: Uint8Array, more: boolean): boolean {
    if (!this.#waiting && bytes.length <= PIECE_SIZE) {
      const ready = this.#pipe.write(bytes, more)
      // A pipe that gathers writes reports backpressure only for the last of them.
      this.#waiting = !ready && !more
      return ready
    }
    this.#queue ??= []
    this.#queue.push(bytes)
    this.#queued += bytes.length
    if (!this.#waiting) this.#writeQueue()
    return this.#queued === 0 && !this.#waiting
  }

  /** Called with the bytes that arrived with the 101, after this pipe was started or aborted. */
  onFirstData(bytes: Uint8Array): void {
    if (this.#aborted) return
    if (this.#paused) this.#held = new Uint8Array(bytes)
    else this.#sink?.data(bytes)
  }

  /** Called at the peer's end. */
  onEnd(): void {
    if (this.#held === undefined) this.#sink?.end()
    else this.#endHeld = true
  }

  /** Called when the pipe below has drained. */
  onDrain(): void {
    this.#waiting = false
    this.#writeQueue()
    if (this.#waiting) return
    if (this.#ended) this.#pipe.end()
    this.#sink?.drain()
  }

  end(): void {
    this.#ended = true
    if (this.#queue === undefined || this.#queue.length === 0) this.#pipe.end()
  }

  abort(reason?: unknown): void {
    // `#queued` stays: what never left is still counted in `buffered`.
    this.#queue = undefined
    this.#aborted = true
    this.#pipe.abort(reason)
  }

  pause(): void {
    this.#paused = true
    this.#pipe.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#held === undefined) this.#pipe.resume()
    else inMicrotask(() => this.#releaseHeld())
  }

  ref(): void {
    this.#pipe.ref?.()
  }

  unref(): void {
    this.#pipe.unref?.()
  }

  #releaseHeld(): void {
    const held = this.#held
    if (held === undefined || this.#paused || this.#aborted) return
    this.#held = undefined
    this.#sink?.data(held)
    if (this.#endHeld) this.#sink?.end()
    else if (!this.#paused) this.#pipe.resume()
  }

  /** Writes the queue to the pipe below, piece by piece, until it exerts backpressure. Short writes share a piece. */
  #writeQueue(): void {
    const queue = this.#queue
    if (queue === undefined) return
    while (queue.length > 0 && !this.#waiting) {
      let room = PIECE_SIZE
      let ready = true
      while (room > 0 && queue.length > 0) {
        const bytes = queue[0]!
        const piece = bytes.length <= room ? bytes : bytes.subarray(0, room)
        if (piece === bytes) queue.shift()
        else queue[0] = bytes.subarray(room)
        room -= piece.length
        this.#queued -= piece.length
        ready = this.#pipe.write(piece, room > 0 && queue.length > 0)
      }
      this.#waiting = !ready
    }
  }
}
