import type { AsyncContext } from '../host/async-context.ts'
import { attempt } from '../host/attempt.ts'
import { inMicrotask } from '../host/microtask.ts'
import type { Pipe, PipeSink } from './pipe.ts'

/**
 * Stands before a pipe that is not the library's own. What its methods throw, or reject with, counts as the loss of its
 * connection, and reaches nobody else: one call may stand between many connections and their work. They are called in the context
 * of the socket.
 */
export class GuardedPipe implements Pipe {
  readonly givesBack: boolean
  readonly #pipe: Pipe
  readonly #context: AsyncContext
  #sink: PipeSink | undefined
  /** The pipe has closed, or has failed. Nothing more goes through in either direction, but for one `close`. */
  #closed = false
  /** The last known value of the pipe's `buffered`. */
  #buffered: number | undefined
  /** Bytes of writes that threw, or came after the end of the pipe. They count as buffered. */
  #refused = 0

  constructor(pipe: Pipe, context: AsyncContext) {
    this.#pipe = pipe
    this.#context = context
    this.givesBack = pipe.givesBack === true
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    this.#call('start', {
      data: bytes => {
        if (!this.#closed) sink.data(bytes)
      },
      room: () => (this.#closed ? undefined : sink.room?.()),
      drain: () => {
        if (!this.#closed) sink.drain()
      },
      end: () => {
        if (!this.#closed) sink.end()
      },
      close: error => {
        if (this.#closed) return
        this.#closed = true
        sink.close(error)
      },
    } satisfies PipeSink)
  }

  write(bytes: Uint8Array, more: boolean): boolean {
    // A stream below may transfer the bytes, which leaves a length of 0 here.
    const { length } = bytes
    try {
      if (!this.#closed) {
        const ready = this.#context.runInAsyncScope(this.#pipe.write, this.#pipe, bytes, more)
        if (typeof ready !== 'boolean') attempt(() => ready, this.#fail)
        return ready
      }
    } catch (error) {
      this.#fail(error)
    }
    this.#refused += length
    return false
  }

  end(): void {
    this.#call('end')
  }

  abort(reason?: unknown): void {
    this.#call('abort', reason)
  }

  pause(): void {
    this.#call('pause')
  }

  resume(): void {
    this.#call('resume')
  }

  ref(): void {
    this.#call('ref')
  }

  unref(): void {
    this.#call('unref')
  }

  get buffered(): number | undefined {
    try {
      if (!this.#closed) this.#buffered = this.#context.runInAsyncScope(() => this.#pipe.buffered, undefined)
    } catch (error) {
      this.#fail(error)
    }
    return this.#buffered === undefined ? undefined : this.#buffered + this.#refused
  }

  #call(method: Method, argument?: unknown): void {
    if (!this.#closed) this.#attempt(method, argument)
  }

  /** A method may be an async function, although none has to be. */
  #attempt(method: Method, argument: unknown): void {
    const pipe = this.#pipe as Partial<Record<Method, (argument: unknown) => unknown>>
    this.#context.runInAsyncScope(attempt, undefined, () => pipe[method]?.(argument), this.#fail)
  }

  /** Reports the loss, once, and drops the pipe. */
  readonly #fail = (error: unknown): void => {
    if (this.#closed) return
    this.#closed = true
    // Nothing may be reported within a call of the library.
    inMicrotask(() => this.#sink?.close(error))
    // The pipe has failed already: what `abort` throws adds nothing.
    this.#attempt('abort', error)
  }
}

type Method = 'start' | 'end' | 'abort' | 'pause' | 'resume' | 'ref' | 'unref'
