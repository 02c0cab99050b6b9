import type { ConnectSignal } from './connect.ts'
import type { Http2Connection } from './http2-connection.ts'
import type { Pipe } from './pipe.ts'

/** `auto` takes HTTP/1.1 with servers that do not take WebSockets over HTTP/2; `only` takes nothing else. */
export type Http2Mode = 'auto' | 'only'

/** What is known of one server, for sockets of equal TLS options. */
export class Origin {
  /** The server is known not to take WebSockets over HTTP/2. Written when a connection to it has opened, or was of no use. */
  needsHttp1 = false
  readonly #connections = new Set<Http2Connection>()
  readonly #openings: { [Mode in Http2Mode]?: Opening } = {}

  /** Returns a connection that takes one more stream. */
  find(): Http2Connection | undefined {
    for (const connection of this.#connections) {
      if (connection.isOver) this.#connections.delete(connection)
      else if (connection.hasRoom) return connection
    }
    return undefined
  }

  add(connection: Http2Connection): void {
    this.needsHttp1 = false
    this.#connections.add(connection)
    connection.onClose(() => this.#connections.delete(connection))
  }

  /**
   * Waits until a connection was opened, by `open` or by an earlier call. It is given up when all who wait for it have left.
   *
   * @returns a pipe if the server has chosen HTTP/1.1, to the caller whose `open` was called
   */
  async opened(
    mode: Http2Mode,
    signal: ConnectSignal,
    open: (signal: ConnectSignal) => Promise<Pipe | undefined>,
  ): Promise<Pipe | undefined> {
    const pending = this.#openings[mode]
    if (pending !== undefined) {
      await pending.join(signal)
      return undefined
    }
    const opening = new Opening(open, () => {
      if (this.#openings[mode] === opening) delete this.#openings[mode]
    })
    this.#openings[mode] = opening
    return opening.join(signal)
  }
}

/** The host's class at load: one that is put on the global scope later may be older, or part of a DOM. */
const HostAbortController = globalThis.AbortController

/** A connection that is being opened, and those who wait for it. */
class Opening {
  readonly #controller = new HostAbortController()
  readonly #onOver: () => void
  readonly #done: Promise<Pipe | undefined>
  #waiting = 0
  #isOver = false

  constructor(open: (signal: ConnectSignal) => Promise<Pipe | undefined>, onOver: () => void) {
    this.#onOver = onOver
    this.#done = open(this.#controller.signal as ConnectSignal).finally(() => this.#finish())
  }

  join(signal: ConnectSignal): Promise<Pipe | undefined> {
    this.#waiting++
    signal.addEventListener('abort', () => {
      if (--this.#waiting > 0 || this.#isOver) return
      this.#finish()
      this.#controller.abort(signal.reason)
    })
    return this.#done
  }

  #finish(): void {
    this.#isOver = true
    this.#onOver()
  }
}
