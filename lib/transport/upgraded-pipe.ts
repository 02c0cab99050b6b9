import { inMicrotask } from '../host/microtask.ts'
import type { Pipe, PipeSink } from './pipe.ts'

/** So many bytes at a time are handed to the byte pipe below. */
const PIECE = 512 * 1024

/** What reads the byte pipe below. */
export interface Upgrader {
  /** From now on all goes to this sink, but for what `onFirstData`, `onEnd` and `onDrain` bring. */
  passTo(sink: PipeSink): void
}

/**
 * The byte pipe from the end of the 101 on.
 *
 * It hands large messages down in pieces, the next one when the last has left. So `buffered` falls as they leave, what the
 * peer sends meanwhile is read in between, and no host copies hundreds of MiB at once.
 */
export class UpgradedPipe implements Pipe {
  readonly #pipe: Pipe
  readonly #upgrader: Upgrader
  #sink: PipeSink | undefined
  /** What waits for the pipe below, which has said that it is full; from the first time on (bench: idle). */
  #queue: Uint8Array[] | undefined
  #queued = 0
  #waiting = false
  #ended = false
  #paused = false
  #aborted = false
  /** What came with the 101, if it is held up by a pause; and an end behind it. */
  #held: Uint8Array | undefined
  #endHeld = false

  constructor(pipe: Pipe, upgrader: Upgrader) {
    this.#pipe = pipe
    this.#upgrader = upgrader
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    this.#upgrader.passTo(sink)
  }

  get buffered(): number | undefined {
    const { buffered } = this.#pipe
    return buffered === undefined ? undefined : buffered + this.#queued
  }

  get givesBack(): boolean | undefined {
    return this.#pipe.givesBack
  }

  write(bytes: Uint8Array, more: boolean): boolean {
    if (!this.#waiting && bytes.length <= PIECE) {
      const ready = this.#pipe.write(bytes, more)
      // A pipe that gathers writes says nothing before the last one.
      this.#waiting = !ready && !more
      return ready
    }
    this.#queue ??= []
    this.#queue.push(bytes)
    this.#queued += bytes.length
    if (!this.#waiting) this.#writeQueue()
    return this.#queued === 0 && !this.#waiting
  }

  /** Bytes that came with the 101, when the user of this pipe has had the occasion to start it. */
  onFirstData(bytes: Uint8Array): void {
    if (this.#aborted) return
    if (this.#paused) this.#held = new Uint8Array(bytes)
    else this.#sink?.data(bytes)
  }

  /** The peer has ended. */
  onEnd(): void {
    if (this.#held === undefined) this.#sink?.end()
    else this.#endHeld = true
  }

  /** The pipe below has drained. */
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
    // What never left stays counted.
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

  /** Hands down one piece after the other, small ones gathered, until the pipe below is full. */
  #writeQueue(): void {
    const queue = this.#queue
    if (queue === undefined) return
    while (queue.length > 0 && !this.#waiting) {
      let room = PIECE
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
