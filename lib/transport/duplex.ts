import { attempt } from '../host/attempt.ts'
import { inMicrotask } from '../host/microtask.ts'
import { bytesOfBuffer, bytesOfView, isView } from '../host/views.ts'
import type { Duplex, Pipe, PipeSink } from './pipe.ts'

/** Wraps a pair of byte streams, of a host or of a user, as a {@link Pipe}. */
export function duplexPipe(duplex: Duplex): Pipe {
  return new DuplexPipe(duplex)
}

class DuplexPipe implements Pipe {
  readonly #reader: ReturnType<Duplex['readable']['getReader']>
  readonly #writer: ReturnType<Duplex['writable']['getWriter']>
  #sink!: PipeSink
  #buffered = 0
  #mustDrain = false
  #paused = false
  /** Ends the read loop's wait for `resume`. */
  #endPause: (() => void) | undefined
  /** `end` was called; the readable has ended; the writable has closed. */
  #ended = false
  #readEnded = false
  #writeEnded = false
  #closed = false

  constructor(duplex: Duplex) {
    this.#reader = duplex.readable.getReader()
    this.#writer = duplex.writable.getWriter()
  }

  get buffered(): number {
    return this.#buffered
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    // In a microtask, since a reader that throws must not be reported within `start`.
    inMicrotask(() => this.#read())
  }

  write(bytes: Uint8Array, _more: boolean): boolean {
    if (this.#ended || this.#closed) return true
    // A stream may transfer the bytes, which leaves a length of 0 here.
    const { length } = bytes
    this.#buffered += length
    this.#mustDrain = true
    this.#writer.write(bytes).then(
      () => this.#written(length),
      error => this.#fail(error),
    )
    return false
  }

  end(): void {
    if (this.#ended || this.#closed) return
    this.#ended = true
    this.#writer.close().then(
      () => {
        this.#writeEnded = true
        this.#closeIfDone()
      },
      error => this.#fail(error),
    )
  }

  abort(reason?: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#release(reason)
    inMicrotask(() => this.#sink.close())
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#endPause?.()
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read()
        // A read that was pending at the pause still completes. Its bytes are held until `resume`.
        while (this.#paused && !this.#closed) {
          await new Promise<void>(resolve => {
            this.#endPause = resolve
          })
        }
        if (this.#closed) return
        if (done) break
        this.#sink.data(asBytes(value))
        if (this.#closed) return
      }
    } catch (error) {
      return this.#fail(error)
    }
    this.#readEnded = true
    this.#sink.end()
    this.#closeIfDone()
  }

  #written(length: number): void {
    this.#buffered -= length
    if (this.#closed || this.#buffered > 0 || !this.#mustDrain) return
    this.#mustDrain = false
    this.#sink.drain()
  }

  #closeIfDone(): void {
    if (this.#closed || !this.#readEnded || !this.#writeEnded) return
    this.#closed = true
    this.#sink.close()
  }

  #fail(error: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#release(error)
    this.#sink.close(error)
  }

  /** Cancels both streams. One of them may have failed before, so their errors are ignored. */
  #release(reason: unknown): void {
    this.#endPause?.()
    attempt(() => this.#reader.cancel(reason))
    attempt(() => this.#writer.abort(reason))
  }
}

function asBytes(value: unknown): Uint8Array {
  const bytes = isView(value) ? bytesOfView(value) : bytesOfBuffer(value)
  if (bytes === undefined) throw new TypeError('The stream gave something other than bytes')
  return bytes
}
