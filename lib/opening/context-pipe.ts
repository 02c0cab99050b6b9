import type { AsyncContext } from '../host/async-context.ts'
import type { Pipe, PipeSink } from '../transport/pipe.ts'

/** A pipe of the user's, each method of which is called in the context of the socket. */
export class ContextPipe implements Pipe {
  readonly #pipe: Pipe
  readonly #context: AsyncContext

  constructor(pipe: Pipe, context: AsyncContext) {
    this.#pipe = pipe
    this.#context = context
  }

  get buffered(): number | undefined {
    return this.#pipe.buffered
  }

  get givesBack(): boolean | undefined {
    return this.#pipe.givesBack
  }

  start(sink: PipeSink): void {
    this.#context.runInAsyncScope(this.#pipe.start, this.#pipe, sink)
  }

  write(bytes: Uint8Array, more: boolean): boolean {
    return this.#context.runInAsyncScope(this.#pipe.write, this.#pipe, bytes, more)
  }

  end(): void {
    this.#context.runInAsyncScope(this.#pipe.end, this.#pipe)
  }

  abort(reason?: unknown): void {
    this.#context.runInAsyncScope(this.#pipe.abort, this.#pipe, reason)
  }

  pause(): void {
    this.#context.runInAsyncScope(this.#pipe.pause, this.#pipe)
  }

  resume(): void {
    this.#context.runInAsyncScope(this.#pipe.resume, this.#pipe)
  }

  ref(): void {
    if (this.#pipe.ref !== undefined) this.#context.runInAsyncScope(this.#pipe.ref, this.#pipe)
  }

  unref(): void {
    if (this.#pipe.unref !== undefined) this.#context.runInAsyncScope(this.#pipe.unref, this.#pipe)
  }
}
