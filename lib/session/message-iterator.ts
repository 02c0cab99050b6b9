/** The part of ReadableStreamDefaultReader that is used here. */
export interface MessageReader {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>
  cancel(reason: unknown): Promise<unknown>
  releaseLock(): void
}

/** Undefined where a compiler has made another function of it, as for React Native. */
const generatorPrototype: object | undefined = Object.getPrototypeOf(async function* () {}).prototype

export const AsyncIteratorPrototype: object =
  generatorPrototype === undefined
    ? {
        [Symbol.asyncIterator]() {
          return this
        },
      }
    : Object.getPrototypeOf(generatorPrototype)

/**
 * The async iterator of a ReadableStream of messages, used by `for await`. Unlike the host's own iterator, it takes a message
 * that has arrived already past the stream, which costs a fraction of a read (bench: stream).
 *
 * @see https://streams.spec.whatwg.org/#rs-asynciterator
 */
export class MessageIterator {
  readonly #reader: MessageReader
  /** Takes the next message past the stream; undefined if none has arrived, or older ones are in the stream's queue. */
  readonly #take: () => unknown
  readonly #preventCancel: boolean
  /** Whether the iteration is over: the lock is released. */
  #finished = false
  /** The newest call of `next` or `return` that has not settled. Each call waits for the one before. */
  #ongoing: Promise<unknown> | undefined

  constructor(reader: MessageReader, take: () => unknown, preventCancel: boolean) {
    this.#reader = reader
    this.#take = take
    this.#preventCancel = preventCancel
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    if (this.#ongoing === undefined && !this.#finished) {
      const value = this.#take()
      if (value !== undefined) return Promise.resolve({ done: false, value })
    }
    return this.#enqueue(() => this.#read())
  }

  return(value: unknown): Promise<IteratorResult<unknown, unknown>> {
    return this.#enqueue(() => this.#end(value))
  }

  /** Runs the algorithm of a call after that of the call before. */
  #enqueue<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#ongoing === undefined ? run() : this.#ongoing.then(run, run)
    const done = (): void => {
      if (this.#ongoing === result) this.#ongoing = undefined
    }
    this.#ongoing = result
    result.then(done, done)
    return result
  }

  async #read(): Promise<IteratorResult<unknown, unknown>> {
    if (this.#finished) return { done: true, value: undefined }
    try {
      const { done, value } = await this.#reader.read()
      if (!done) return { done, value }
    } catch (error) {
      this.#finish()
      throw error
    }
    this.#finish()
    return { done: true, value: undefined }
  }

  async #end(value: unknown): Promise<IteratorResult<unknown, unknown>> {
    if (this.#finished) return { done: true, value }
    const cancelled = this.#preventCancel ? undefined : this.#reader.cancel(value)
    this.#finish()
    await cancelled
    return { done: true, value }
  }

  #finish(): void {
    this.#finished = true
    this.#reader.releaseLock()
  }
}

Object.setPrototypeOf(MessageIterator.prototype, AsyncIteratorPrototype)
