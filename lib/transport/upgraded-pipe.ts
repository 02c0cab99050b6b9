import { inMicrotask } from '../host/microtask.ts'
import { ForwardingPipe } from './forwarding-pipe.ts'
import type { Pipe, PipeSink } from './pipe.ts'

/** The sink of the byte pipe below, which is the HTTP exchange. */
export interface SinkForwarder {
  /**
   * From now on `data`, `room` and `close` are forwarded to this sink. An end and a drain go to `onEnd` and `onDrain`
   * instead, and bytes that arrived with the 101 go to `onFirstData`.
   */
  forwardTo(sink: PipeSink): void
}

/** The byte pipe after the end of the 101 response. */
export class UpgradedPipe extends ForwardingPipe {
  readonly #exchange: SinkForwarder
  #sink: PipeSink | undefined
  #paused = false
  #aborted = false
  /** Bytes that arrived with the 101 while this pipe was paused, and whether the peer's end came after them. */
  #held: Uint8Array | undefined
  #endHeld = false

  constructor(pipe: Pipe, exchange: SinkForwarder) {
    super(pipe)
    this.#exchange = exchange
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    this.#exchange.forwardTo(sink)
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
    this.#sink?.drain()
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
    this.#sink?.data(held)
    if (this.#endHeld) this.#sink?.end()
    else if (!this.#paused) this.pipe.resume()
  }
}
