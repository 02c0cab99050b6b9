import { Buffer } from 'node:buffer'
import type { OnReadOpts, Socket } from 'node:net'
import { inMicrotask } from '../host/microtask.ts'
import { process } from '../host/node-process.ts'
import type { Pipe, PipeSink } from './pipe.ts'

const IS_WINDOWS = process.platform === 'win32'

/** The size of a read buffer in bytes, which is the most that one read takes. On Windows each socket owns one. */
const READ_BUFFER_SIZE = (IS_WINDOWS ? 64 : 256) * 1024

/**
 * The read buffer of all sockets. They share it, so that an idle socket owns none (bench: idle): what a read has put there is
 * handled before the next read begins. Not so on Windows, where the kernel may hold the buffer while a read is pending.
 */
const sharedReadBuffer = IS_WINDOWS ? undefined : Buffer.allocUnsafeSlow(READ_BUFFER_SIZE)

/**
 * Whether the writes of one turn are corked, to leave in one system call. Not on Bun, which copies corked bytes, and copies
 * again those of them that have to wait (bench: send binary 16 MiB).
 */
const CORKS = process.versions.bun === undefined

/** Bun reports that a socket has closed by the global `setImmediate`, which a test may have replaced. */
const MAY_CLOSE_SILENTLY = process.versions.bun !== undefined

const NOTHING = new Uint8Array(0)

/** A socket's pipe, for the listeners below: a property costs less than a closure for each event (bench: idle). */
const PIPE = Symbol('pipe')
type PipeSocket = Socket & { [PIPE]?: NodePipe }

function onError(this: PipeSocket, error: unknown): void {
  this[PIPE]!.onError(error)
}
function onEnd(this: PipeSocket): void {
  this[PIPE]!.onEnd()
}
function onClose(this: PipeSocket): void {
  this[PIPE]!.onClose()
}
/** A stream destroys itself after its last event. */
function lookForClose(this: PipeSocket): void {
  inMicrotask(() => {
    if (this.destroyed) this[PIPE]!.onClose()
  })
}

/**
 * A socket of Node.js, over TCP or TLS, as a {@link Pipe}. The types of Node.js are unknown to programs for other hosts, so the
 * declarations do not name them.
 */
export class NodePipe implements Pipe {
  /** Set by `adopt`, before the pipe is used. */
  #socket!: Socket
  #sink: PipeSink | undefined
  #error: unknown
  #paused = false
  #aborted = false

  /** Whether the socket is a TLS socket. Those never write synchronously; on Deno, an empty write to one never completes. */
  readonly #secure: boolean
  #corked = false
  /** Backpressure: written bytes wait in the socket, and the sink is still to be told when they have left. */
  #mustDrain = false
  /** Whether the kernel accepted the last turn's bytes synchronously. */
  #wroteSynchronously = true
  /** The last known value of `buffered`. It stays when the socket fails. */
  #buffered = 0
  /** The callback of all writes. Created by the first write that has to wait. */
  #onWritten: (() => void) | undefined

  // Deferred until `start` or `resume`, in this order.
  /** Bytes that were read before `start`, or were being read at the pause. */
  #held: Uint8Array[] = []
  #endHeld = false
  #closeHeld = false
  #isClosed = false

  constructor(secure: boolean) {
    this.#secure = secure
  }

  /** The `onread` option for this pipe's socket. */
  readOptions(): object {
    const ownBuffer = sharedReadBuffer ?? Buffer.allocUnsafeSlow(READ_BUFFER_SIZE)
    return {
      // Called before each read. A long message is read right to its place, not copied there (bench: receive binary 1 MiB).
      buffer: () => this.#sink?.room?.() ?? ownBuffer,
      callback: (length, buffer) => {
        const bytes = buffer.length === length ? buffer : buffer.subarray(0, length)
        if (this.#sink === undefined || this.#paused || this.#held.length > 0) {
          this.#held.push(new Uint8Array(bytes))
          return false
        }
        this.#sink.data(bytes)
        return true
      },
    } satisfies OnReadOpts
  }

  /** Takes over the socket of Node.js, which is connected and paused. */
  adopt(nodeSocket: object): void {
    const socket = nodeSocket as PipeSocket
    this.#socket = socket
    socket[PIPE] = this
    socket.on('error', onError)
    socket.on('end', onEnd)
    socket.on('close', onClose)
    if (MAY_CLOSE_SILENTLY) for (const event of ['error', 'end', 'finish']) socket.on(event, lookForClose)
  }

  onError(error: unknown): void {
    this.#error = error
    // Some errors of TLS leave the socket open.
    this.#socket.destroy()
  }

  onEnd(): void {
    // After an error, TLS reports an end that the peer has not sent.
    if (this.#error !== undefined) return
    this.#endHeld = true
    this.#deliver()
  }

  onClose(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#closeHeld = true
    this.#deliver()
  }

  get givesBack(): boolean {
    // The socket counts bytes as buffered until the system has copied them, or TLS has encrypted them.
    return true
  }

  get buffered(): number {
    // A socket that failed no longer counts the bytes that it did not send.
    if (this.#mustDrain && !this.#socket.destroyed && this.#socket.errored === null) {
      this.#buffered = this.#socket.writableLength
    }
    return this.#buffered
  }

  start(sink: PipeSink): void {
    inMicrotask(() => {
      this.#sink = sink
      this.#startReading()
    })
  }

  write(bytes: Uint8Array, more: boolean): boolean {
    const socket = this.#socket
    // A write that fails at once destroys the socket within the call. Its bytes have not left, and stay counted.
    this.#buffered = this.buffered + bytes.length
    this.#mustDrain = true
    if (more && !this.#corked && CORKS) {
      this.#corked = true
      socket.cork()
    }
    // A callback costs a tick even if the write completes at once (bench: send, 1 a turn), so it is passed only if the last
    // write did not.
    const callsBack = !more && (this.#secure || !this.#wroteSynchronously)
    socket.write(bytes, callsBack ? this.#writeCallback() : undefined)
    if (!more && this.#corked) {
      this.#corked = false
      socket.uncork()
    }
    const left = this.buffered === 0
    if (left) this.#mustDrain = false
    if (more) return left
    this.#wroteSynchronously = left
    // Without a callback on the bytes, an empty write after them tells when they have left.
    if (!left && !callsBack && !socket.destroyed) socket.write(NOTHING, this.#writeCallback())
    return left
  }

  end(): void {
    this.#socket.end()
  }

  abort(_reason?: unknown): void {
    this.#aborted = true
    this.#socket.destroy()
    if (MAY_CLOSE_SILENTLY) lookForClose.call(this.#socket)
  }

  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#held.length === 0 && !this.#endHeld) this.#socket.resume()
    else inMicrotask(() => this.#startReading())
  }

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  #startReading(): void {
    this.#deliver()
    if (!this.#paused) this.#socket.resume()
  }

  /** Passes on the held bytes, in order. The end of the connection is passed on even while paused. */
  #deliver(): void {
    const sink = this.#sink
    if (sink === undefined) return
    while (this.#held.length > 0 && !this.#paused && !this.#aborted) sink.data(this.#held.shift()!)
    if (this.#endHeld && this.#held.length === 0 && !this.#aborted) {
      this.#endHeld = false
      sink.end()
    }
    if (!this.#closeHeld) return
    this.#closeHeld = false
    sink.close(this.#error)
  }

  /** Returns the function that reports the drain. It ignores a write's error, which the socket's events report. */
  #writeCallback(): () => void {
    this.#onWritten ??= () => {
      if (!this.#mustDrain || this.buffered > 0 || this.#socket.destroyed) return
      this.#mustDrain = false
      this.#sink!.drain()
    }
    return this.#onWritten
  }
}
