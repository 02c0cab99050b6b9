import type { AbortSignalLike } from '../host/host-types.ts'
import { inMicrotask } from '../host/microtask.ts'
import type { ConnectSignal } from './connect.ts'
import { ForwardingPipe } from './forwarding-pipe.ts'
import type { Pipe, PipeSink } from './pipe.ts'

/**
 * A pipe to a proxy: first the proxy is asked for a tunnel, then the pipe is the tunnel. Whoever asks reads by `read` and `take`;
 * whoever is given the tunnel starts it. What arrives meanwhile is held, and nothing more is read: memory is bounded by a read.
 */
export class ProxyPipe extends ForwardingPipe {
  /** Set when the tunnel was started. */
  #sink: PipeSink | undefined
  /** Bytes that nobody has read. */
  #held: Uint8Array[] = []
  #endHeld = false
  #closeHeld = false
  #error: unknown
  #paused = false
  #aborted = false
  /** A write of the tunnel returned false. */
  #mustDrain = false
  /** Ends the wait of `read`. */
  #wake: (() => void) | undefined

  constructor(pipe: Pipe) {
    super(pipe)
    pipe.start({
      data: bytes => this.#onData(bytes),
      room: () => (this.#isHolding ? undefined : this.#sink?.room?.()),
      drain: () => this.#onDrain(),
      end: () => this.#onEnd(),
      close: error => this.#onClose(error),
    })
  }

  // Called by the code that asks the proxy for a tunnel.

  /** The next bytes. Rejects if none come any more. */
  async read(): Promise<Uint8Array> {
    for (;;) {
      const bytes = this.#held.shift()
      if (bytes !== undefined) return bytes
      if (this.#closeHeld || this.#endHeld) throw this.#error ?? new Error('The proxy ended the connection')
      this.pipe.resume()
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  /** The next `count` bytes. Rejects if fewer come. */
  async take(count: number): Promise<Uint8Array> {
    const taken = new Uint8Array(count)
    for (let length = 0; length < count; ) {
      const bytes = await this.read()
      const part = bytes.subarray(0, count - length)
      taken.set(part, length)
      length += part.length
      this.putBack(bytes.subarray(part.length))
    }
    return taken
  }

  /** Has bytes read once more, before all others. */
  putBack(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#held.unshift(bytes)
  }

  // The pipe, once the tunnel is open.

  start(sink: PipeSink): void {
    this.#sink = sink
    inMicrotask(() => this.#deliver())
  }

  override write(bytes: Uint8Array, more: boolean): boolean {
    const ready = this.pipe.write(bytes, more)
    if (!ready && this.#sink !== undefined) this.#mustDrain = true
    return ready
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
    if (this.#isHolding) inMicrotask(() => this.#deliver())
    else this.pipe.resume()
  }

  // Called by the pipe below.

  #onData(bytes: Uint8Array): void {
    if (this.#sink !== undefined && !this.#isHolding) return this.#sink.data(bytes)
    this.#held.push(new Uint8Array(bytes))
    this.pipe.pause()
    this.#wake?.()
  }

  #onDrain(): void {
    if (!this.#mustDrain) return
    this.#mustDrain = false
    this.#sink!.drain()
  }

  #onEnd(): void {
    this.#endHeld = true
    this.#wake?.()
    this.#deliver()
  }

  #onClose(error: unknown): void {
    this.#closeHeld = true
    this.#error = error
    this.#wake?.()
    this.#deliver()
  }

  get #isHolding(): boolean {
    return this.#held.length > 0 || this.#endHeld
  }

  /** Passes on the held bytes, in order. The end of the pipe is passed on even while paused. */
  #deliver(): void {
    const sink = this.#sink
    if (sink === undefined) return
    while (this.#held.length > 0 && !this.#paused && !this.#aborted) sink.data(this.#held.shift()!)
    if (this.#endHeld && this.#held.length === 0 && !this.#aborted) {
      this.#endHeld = false
      sink.end()
    }
    if (this.#closeHeld) {
      this.#closeHeld = false
      sink.close(this.#error)
    } else if (!this.#paused && !this.#aborted) this.pipe.resume()
  }
}

/**
 * Asks a proxy for a tunnel.
 *
 * @param pipe to the proxy, not started yet
 * @param ask speaks to the proxy; rejects if it refuses
 * @throws (rejects with) what `ask` rejects with, or the reason of the signal; the pipe is aborted then
 */
export async function openTunnel(
  pipe: Pipe,
  signal: ConnectSignal,
  ask: (proxy: ProxyPipe) => Promise<void>,
): Promise<Pipe> {
  const proxy = new ProxyPipe(pipe)
  const onAbort = (): void => proxy.abort(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    if (signal.aborted) throw signal.reason
    await ask(proxy)
    if (signal.aborted) throw signal.reason
    return proxy
  } catch (error) {
    proxy.abort(error)
    throw signal.aborted ? signal.reason : error
  } finally {
    ;(signal as AbortSignalLike).removeEventListener('abort', onAbort)
  }
}
