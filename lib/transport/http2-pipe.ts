import { CANCEL, describeLoss, NO_ERROR } from './http2-codes.ts'
import type { Http2Connection } from './http2-connection.ts'
import type { Http2Stream } from './http2-types.ts'
import type { Pipe, PipeSink } from './pipe.ts'

/**
 * A stream of HTTP/2 as a {@link Pipe}, behind a response with status 200. END_STREAM is the end of TCP, and RST_STREAM with
 * CANCEL its reset (RFC 8441 section 5).
 *
 * It does not give back the memory of writes: what the sockets of a connection send waits there together, and a stream that was
 * reset does not tell which of its bytes are still among that.
 */
export class Http2Pipe implements Pipe {
  readonly #stream: Http2Stream
  readonly #connection: Http2Connection
  readonly #keepAlive: (wanted: boolean) => void
  #sink: PipeSink | undefined
  #error: unknown
  #aborted = false
  /** `end` was called here; the server has ended its side. */
  #ended = false
  #endSeen = false
  #isClosed = false
  #corked = false
  #buffered = 0

  /** @param keepAlive sets whether the stream keeps the process alive */
  constructor(stream: Http2Stream, connection: Http2Connection, keepAlive: (wanted: boolean) => void) {
    this.#stream = stream
    this.#connection = connection
    this.#keepAlive = keepAlive
    stream.on('error', error => {
      this.#error ??= error
    })
    stream.on('end', () => this.#onEnd())
    stream.on('close', () => this.#onClose())
  }

  get buffered(): number {
    return this.#buffered
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    this.#stream.on('data', (bytes: Uint8Array) => {
      if (!this.#aborted) sink.data(bytes)
    })
  }

  write(bytes: Uint8Array, more: boolean): boolean {
    const { length } = bytes
    const stream = this.#stream
    this.#buffered += length
    if (more && !this.#corked) stream.cork()
    // Bytes written to a stream that was reset count as not sent.
    if (!stream.closed && !stream.destroyed)
      stream.write(bytes, error => this.#connection.onceFlushed(() => this.#written(length, error)))
    if (!more && this.#corked) stream.uncork()
    this.#corked = more
    return false
  }

  end(): void {
    this.#ended = true
    // The server's side has no END_STREAM then, with which the stream would close.
    this.#stream.end(() => this.#connection.onceFlushed(() => this.#connection.isLost && this.#stream.destroy()))
  }

  abort(reason?: unknown): void {
    this.#aborted = true
    dropStream(this.#stream, this.#connection, reason)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  ref(): void {
    this.#keepAlive(true)
  }

  unref(): void {
    this.#keepAlive(false)
  }

  #written(length: number, error: unknown): void {
    // Node.js calls back for the bytes of a stream that was reset as well, but they have not left.
    if (error || this.#isClosed || this.#isReset) return
    this.#buffered -= length
    if (this.#buffered === 0 && !this.#aborted) this.#sink!.drain()
  }

  /** A stream that was reset ends as well, but not by END_STREAM: then our side is closed, too, although we did not end it. */
  #onEnd(): void {
    if (this.#aborted) return
    // After a reset with NO_ERROR, Node.js would wait for writes that nobody takes any more.
    if (this.#stream.closed && !this.#isOver) this.#stream.destroy()
    else {
      this.#endSeen = true
      this.#sink?.end()
      if (this.#ended) this.end()
    }
  }

  #onClose(): void {
    const isOver = this.#endSeen && this.#isOver && this.#error === undefined
    // A stream closes when both sides have ended. That may be known before our last bytes are known to have left.
    if (isOver && this.#buffered > 0 && !this.#aborted) {
      this.#buffered = 0
      this.#sink?.drain()
    }
    this.#isClosed = true
    const loss = new Error(describeLoss(this.#connection.isLost, this.#stream.rstCode))
    this.#sink?.close(this.#aborted || isOver ? undefined : (this.#error ?? this.#connection.error ?? loss))
  }

  /** Whether we have ended our side, and the stream was not reset with an error. */
  get #isOver(): boolean {
    return this.#ended && !this.#isReset
  }

  get #isReset(): boolean {
    return (this.#stream.rstCode ?? NO_ERROR) !== NO_ERROR
  }
}

/**
 * Resets a stream, and drops all that waits on it. A time limit that was exceeded (`reason`) may be the fault of the connection:
 * nothing tells when its other end is gone. The next socket opens another one.
 */
export function dropStream(stream: Http2Stream, connection: Http2Connection, reason?: unknown): void {
  if (/TIMEOUT/.test((reason as { code: string } | undefined)?.code as string)) connection.close()
  stream.close(CANCEL)
  stream.destroy()
}
