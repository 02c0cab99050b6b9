import type { Pipe, PipeSink } from '#lib/transport/pipe.js'

/**
 * A sink that holds what a pipe does against the contract of `PipeSink`, and writes it down. What was broken stands in
 * `faults`.
 */
export class StrictSink implements PipeSink {
  readonly faults: string[] = []
  /** The calls in their order; `data` once for any number in a row. */
  readonly calls: string[] = []
  /** What `close` was given. */
  error: unknown
  dataCalls = 0
  drains = 0
  /** Called within `data`, after its bytes were taken. */
  onData: (() => void) | undefined
  onDrain: (() => void) | undefined
  /** Set while no call may come: within `start` and `write`. */
  forbidden: string | undefined
  /** Set when the pipe was aborted: there is no `data` any more. */
  aborted = false
  readonly #chunks: Buffer[] = []
  #length = 0
  #inData = false
  #waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = []

  get received(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get length(): number {
    return this.#length
  }

  data(bytes: Uint8Array): void {
    if (this.#inData) this.faults.push('data was entered again')
    if (this.aborted) this.faults.push('data came after an abort')
    if (this.calls.includes('end')) this.faults.push('data came after the end')
    this.#inData = true
    this.#chunks.push(Buffer.from(bytes))
    this.#length += bytes.length
    this.dataCalls++
    if (this.calls.at(-1) !== 'data') this.#call('data')
    this.onData?.()
    // The bytes are good for the call: nothing that is called within it may change them.
    if (!this.#chunks.at(-1)!.equals(bytes)) this.faults.push('the bytes changed during the call')
    this.#inData = false
    this.#wake()
  }

  drain(): void {
    this.drains++
    this.#call('drain')
    this.onDrain?.()
    this.#wake()
  }

  end(): void {
    if (this.calls.includes('end')) this.faults.push('a second end')
    this.#call('end')
    this.#wake()
  }

  close(error?: unknown): void {
    this.#call('close')
    this.error = error
    this.#wake()
  }

  /** Resolves when the condition holds after a call. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push({ condition, resolve }))
  }

  has(call: 'data' | 'drain' | 'end' | 'close'): Promise<void> {
    return this.until(() => this.calls.includes(call))
  }

  #call(name: string): void {
    if (this.forbidden !== undefined) this.faults.push(`${name} was called within ${this.forbidden}`)
    if (this.calls.includes('close')) this.faults.push(`${name} was called after close`)
    if (this.#inData && name !== 'data') this.faults.push(`${name} was called within data`)
    this.calls.push(name)
  }

  #wake(): void {
    this.#waiting = this.#waiting.filter(({ condition, resolve }) => {
      const holds = condition()
      if (holds) resolve()
      return !holds
    })
  }
}

/** The calls of a pipe, watched by its sink. */
export class WatchedPipe {
  readonly pipe: Pipe
  readonly sink: StrictSink = new StrictSink()
  started = false
  /** How often `write` said that bytes have to wait. */
  refusals = 0

  constructor(pipe: Pipe) {
    this.pipe = pipe
  }

  start(): void {
    this.started = true
    this.#within('start', () => this.pipe.start(this.sink))
  }

  write(bytes: Uint8Array, more = false): boolean {
    const ready = this.#within('write', () => this.pipe.write(bytes, more))
    if (!ready) this.refusals++
    return ready
  }

  abort(reason?: unknown): void {
    this.sink.aborted = true
    this.pipe.abort(reason)
  }

  #within<Result>(name: string, run: () => Result): Result {
    const before = this.sink.forbidden
    this.sink.forbidden = name
    try {
      return run()
    } finally {
      this.sink.forbidden = before
    }
  }
}
