import { inMicrotask } from '../host/microtask.ts'
import { bytesOfView, isView } from '../host/views.ts'
import type { ConnectSignal } from './connect.ts'
import type { NodeStream, Pipe, PipeSink } from './pipe.ts'

/** Whether `value` is a duplex stream of Node.js, or one that is made like it. */
export function isNodeStream(value: unknown): value is NodeStream {
  if (typeof value !== 'object' || value === null) return false
  const stream = value as Record<string, unknown>
  return METHODS.every(name => typeof stream[name] === 'function')
}

const METHODS = ['on', 'write', 'end', 'destroy', 'pause', 'resume']

/**
 * Waits until a stream is connected, with TLS if it speaks that, and wraps it as a {@link Pipe}. A stream that does not know the
 * notion is connected.
 *
 * @throws (rejects with) the error of the stream, or the reason of the signal; the stream is destroyed then
 */
export function openNodeStream(stream: NodeStream, signal: ConnectSignal): Promise<Pipe> {
  return new Promise((fulfil, reject) => {
    const pipe = new NodeStreamPipe(stream, reject)
    const abort = (): void => {
      pipe.abort()
      reject(signal.reason)
    }
    if (signal.aborted) return abort()
    if (stream.destroyed === true || stream.writable === false) {
      pipe.abort()
      return reject(new Error('The stream is closed'))
    }
    const connected = stream.secureConnecting ? 'secureConnect' : stream.connecting ? 'connect' : undefined
    if (connected === undefined) return fulfil(pipe)
    signal.addEventListener('abort', abort)
    stream.on(connected, () => {
      signal.removeEventListener('abort', abort)
      fulfil(pipe)
    })
  })
}

/** Wraps a stream that is connected as a {@link Pipe}. */
export function pipeOverStream(stream: NodeStream): Pipe {
  return new NodeStreamPipe(stream, () => {})
}

class NodeStreamPipe implements Pipe {
  readonly #stream: NodeStream
  /** Called with the error of the stream, which matters until the stream is connected. */
  readonly #onFailure: (error: unknown) => void
  #sink: PipeSink | undefined
  /** Set while the sink is called, or may not be: inside of `write`. */
  #busy = false
  #paused = false
  #aborted = false
  #ended = false
  #finished = false
  /** Bytes that were handed to the stream, and not to whatever is below it. */
  #buffered = 0

  // Deferred until the sink may be called, in this order.
  #held: Uint8Array[] = []
  #endHeld = false
  #closeHeld = false
  #closed = false
  #error: unknown

  constructor(stream: NodeStream, onFailure: (error: unknown) => void) {
    this.#stream = stream
    this.#onFailure = onFailure
    // The caller has the handling of errors from now on. Otherwise one would end the process.
    stream.on('error', error => this.#fail(error))
    stream.on('close', () => this.#fail(new Error('The stream was closed')))
    // The peer's end must not end our side.
    if (stream.allowHalfOpen === false) stream.allowHalfOpen = true
  }

  get buffered(): number {
    return this.#buffered
  }

  start(sink: PipeSink): void {
    inMicrotask(() => {
      this.#sink = sink
      this.#stream.on('data', bytes => this.#onData(bytes))
      this.#stream.on('end', () => {
        this.#ended = this.#endHeld = true
        this.#deliver()
        this.#closeIfDone()
      })
      this.#stream.on('finish', () => {
        this.#finished = true
        this.#closeIfDone()
      })
      this.#deliver()
      if (!this.#paused && !this.#closed) this.#stream.resume()
    })
  }

  write(bytes: Uint8Array, _more: boolean): boolean {
    const { length } = bytes
    this.#buffered += length
    const busy = this.#busy
    this.#busy = true
    try {
      this.#stream.write(bytes, error => this.#written(length, error))
    } finally {
      this.#busy = busy
    }
    if (!busy && this.#hasHeld) inMicrotask(() => this.#deliver())
    return false
  }

  end(): void {
    this.#stream.end()
  }

  abort(_reason?: unknown): void {
    this.#aborted = true
    this.#stream.destroy()
    inMicrotask(() => this.#close(undefined))
  }

  pause(): void {
    this.#paused = true
    this.#stream.pause()
  }

  resume(): void {
    this.#paused = false
    inMicrotask(() => {
      this.#deliver()
      if (!this.#paused && !this.#closed) this.#stream.resume()
    })
  }

  ref(): void {
    this.#stream.ref?.()
  }

  unref(): void {
    this.#stream.unref?.()
  }

  #onData(bytes: unknown): void {
    if (!isView(bytes)) return this.#fail(new TypeError('The stream gave something other than bytes'))
    this.#held.push(bytesOfView(bytes))
    this.#deliver()
  }

  #written(length: number, error: unknown): void {
    if (error) return
    this.#buffered -= length
    if (this.#buffered > 0 || this.#closed) return
    // Inside of `write`, where some streams call back, it would be too early.
    inMicrotask(() => {
      if (this.#buffered === 0 && !this.#closed && !this.#aborted) this.#sink?.drain()
    })
  }

  #closeIfDone(): void {
    if (this.#ended && this.#finished) this.#close(undefined)
  }

  #fail(error: unknown): void {
    this.#onFailure(error)
    this.#stream.destroy()
    this.#close(this.#aborted || (this.#ended && this.#finished) ? undefined : error)
  }

  #close(error: unknown): void {
    if (this.#closeHeld) return
    this.#closeHeld = true
    this.#error = error
    this.#deliver()
  }

  get #hasHeld(): boolean {
    return this.#held.length > 0 || this.#endHeld || this.#closeHeld
  }

  /** Passes on the held bytes, in order, unless the sink may not be called now. The close is passed on even while paused. */
  #deliver(): void {
    const sink = this.#sink
    if (sink === undefined || this.#busy || this.#closed) return
    this.#busy = true
    try {
      while (this.#held.length > 0 && !this.#paused && !this.#aborted) sink.data(this.#held.shift()!)
      if (this.#endHeld && !this.#paused && !this.#aborted) {
        this.#endHeld = false
        sink.end()
      }
    } finally {
      this.#busy = false
    }
    if (!this.#closeHeld) return
    this.#closed = true
    sink.close(this.#error)
  }
}
