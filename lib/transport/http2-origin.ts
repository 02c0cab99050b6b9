import type { ConnectSignal } from './connect.ts'
import type { Http2Connection } from './http2-connection.ts'
import type { Http2Mode } from './http2-types.ts'
import type { NetworkOptions } from './network.ts'
import type { Pipe } from './pipe.ts'
import type { Trace } from './trace.ts'

/** Opens a connection. Returns a pipe if the server has chosen HTTP/1.1. */
type Open = (signal: ConnectSignal, trace: Trace) => Promise<Pipe | undefined>

/** One server and its connections, shared by sockets of equal TLS options. */
export class Origin {
  /** The server is known not to take WebSockets over HTTP/2. Written when a connection to it has opened, or was of no use. */
  needsHttp1 = false
  readonly #connections = new Set<Http2Connection>()
  readonly #openings: { [Mode in Http2Mode]?: Opening } = Object.create(null)

  /** Returns a connection that takes one more stream, and that the option `allowAddress` allows. */
  find(allowAddress: NetworkOptions['allowAddress']): Http2Connection | undefined {
    for (const connection of this.#connections) {
      if (connection.isOver) this.#connections.delete(connection)
      else if (connection.takes(allowAddress)) return connection
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
    trace: Trace | undefined,
    open: Open,
  ): Promise<Pipe | undefined> {
    const pending = this.#openings[mode]
    if (pending !== undefined) {
      await pending.join(signal, trace)
      return undefined
    }
    const onOver = (): void => {
      if (this.#openings[mode] === opening) delete this.#openings[mode]
    }
    const opening: Opening = new Opening(open, onOver, trace)
    this.#openings[mode] = opening
    return opening.join(signal, trace)
  }
}

/** The host's class at load: one that is put on the global scope later may be older, or part of a DOM. */
const HostAbortController = globalThis.AbortController

/** A connection that is being opened, and those who wait for it. */
class Opening {
  readonly #controller = new HostAbortController()
  readonly #onOver: () => void
  readonly #done: Promise<Pipe | undefined>
  /** The trace of the first socket that asked for the connection. Others copy from it. */
  readonly #trace: Trace
  #waiting = 0
  #isOver = false

  constructor(open: Open, onOver: () => void, trace: Trace = { step: 'connect' }) {
    this.#onOver = onOver
    this.#trace = trace
    this.#done = open(this.#controller.signal as ConnectSignal, this.#trace).finally(() => this.#finish())
  }

  /** @param trace records the facts about the connection, and the step that failed */
  join(signal: ConnectSignal, trace: Trace | undefined): Promise<Pipe | undefined> {
    this.#waiting++
    signal.addEventListener('abort', () => {
      if (--this.#waiting > 0 || this.#isOver) return
      this.#finish()
      this.#controller.abort(signal.reason)
    })
    return this.#done.finally(() => trace !== undefined && Object.assign(trace, this.#trace))
  }

  #finish(): void {
    this.#isOver = true
    this.#onOver()
  }
}
