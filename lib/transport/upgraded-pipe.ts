import { inMicrotask } from '../host/microtask.ts'
import { ForwardingPipe } from './forwarding-pipe.ts'
import type { PipeSink } from './pipe.ts'

/**
 * The byte pipe after the end of the 101 response. The HTTP exchange is the sink of the byte pipe below: it passes `data`, `room`,
 * `drain` and `close` on to `sink`. An end goes to `onEnd` instead, and bytes that arrived with the 101 go to `onFirstData`.
 */
export class UpgradedPipe extends ForwardingPipe {
  /** Undefined until the pipe is started. */
  sink: PipeSink | undefined
  #paused = false
  #aborted = false
  /** Bytes that arrived with the 101 while this pipe was paused, and whether the peer's end came after them. */
  #held: Uint8Array | undefined
  #endHeld = false

  start(sink: PipeSink): void {
    this.sink = sink
  }

  /** Called with the bytes that arrived with the 101, after this pipe was started or aborted. */
  onFirstData(bytes: Uint8Array): void {
    if (this.#aborted) return
    if (this.#paused) this.#held = new Uint8Array(bytes)
    else this.sink?.data(bytes)
  }

  /** Called at the peer's end. */
  onEnd(): void {
    if (this.#held === undefined) this.sink?.end()
    else this.#endHeld = true
  }

  override abort(reason?: unknown): void {
    this.#aborted = true
    this.pipe.abort(reason)
  }

  override pause(): void {
    this.#paused = true
    this.pipe.pause()
  }

  override resume(): void {
    this.#paused = false
    if (this.#held === undefined) this.pipe.resume()
    else inMicrotask(() => this.#releaseHeld())
  }

  #releaseHeld(): void {
    const held = this.#held
    if (held === undefined || this.#paused || this.#aborted) return
    this.#held = undefined
    this.sink?.data(held)
    if (this.#endHeld) this.sink?.end()
    else if (!this.#paused) this.pipe.resume()
  }
}
