import { NODE_MAJOR } from '../host/node-version.ts'
import { shielded } from '../host/shielded-options.ts'
import { Deadline, startTimer, stopTimer, type Timer } from '../host/timers.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { refusalOf } from './allowed-address.ts'
import type { ConnectSignal } from './connect.ts'
import { REFUSED_STREAM } from './http2-codes.ts'
import type { Http2Session, Http2Socket, Http2Stream } from './http2-types.ts'
import type { NetworkOptions } from './network.ts'
import { clientCertificateAdvice } from './tls-advice.ts'
import type { Trace } from './trace.ts'

/**
 * Up to version 22, Node.js may end a connection whose server has broken the protocol (RFC 9113 section 5.4.1) without an event:
 * it sends its GOAWAY frame, and reads no more. There the answers to PING frames tell whether the connection is alive.
 */
const MISSES_ENDS = NODE_MAJOR < 24

/**
 * One HTTP/2 connection, as seen by the sockets that share it. A socket is a user of the connection from the promise of a stream
 * until the end of that stream. Without users the connection lets the process end, and closes itself after a while.
 */
export class Http2Connection {
  /** Why the connection was lost; undefined as long as it was not, or if the server has closed it without an error. */
  error: unknown
  /** Whether a stream was opened before. Written by `request`. */
  wasUsed = false
  readonly #session: Http2Session
  readonly #socket: Http2Socket
  readonly #trace: Trace
  readonly #idleTimeout: number
  #users = 0
  /** Users that keep the process alive. */
  #refs = 0
  #idleTimer: Timer | undefined
  /** Most streams that the server allows at the same time. Written by each SETTINGS frame. */
  #limit = Number.POSITIVE_INFINITY
  /** The server has ended TCP, which ends its side of all streams. Ours stay open, for what is still to be sent. */
  #hasEnded = false
  /** Callbacks of the open streams, called when `#hasEnded` is set. */
  readonly #onEnds = new Set<() => void>()
  /** Whether the first SETTINGS frame of the server allows extended CONNECT (RFC 8441 section 3). */
  readonly #settings: Promise<boolean>
  #hasSettings = false

  /**
   * @param session of which the first SETTINGS frame has not arrived yet
   * @param socket of the session
   * @param trace of the opening of the connection
   * @param idleTimeout milliseconds without a user after which the connection closes itself
   * @param pingInterval milliseconds after which the server is asked for a sign of life, where the host needs that; 0 for never
   */
  constructor(session: Http2Session, socket: Http2Socket, trace: Trace, idleTimeout: number, pingInterval: number) {
    this.#session = session
    this.#socket = socket
    // Each stream may add a listener, and Node.js warns of more than ten.
    socket.setMaxListeners(0)
    this.#trace = trace
    this.#idleTimeout = idleTimeout
    session.unref()
    session.on('error', error => {
      this.error ??= error
    })
    // Listens at once: Deno may have read the SETTINGS frame already.
    this.#settings = new Promise((fulfil, reject) => {
      session.on('remoteSettings', ({ maxConcurrentStreams, enableConnectProtocol }) => {
        this.#hasSettings = true
        this.#limit = Math.max(maxConcurrentStreams ?? this.#limit, 1)
        fulfil(enableConnectProtocol === true)
      })
      session.on('close', () => {
        // Node.js leaves a stream open that stands in place of a socket.
        socket.destroy()
        const advice = clientCertificateAdvice(this.error) || ': it may not speak HTTP/2 on this port'
        const message = `The server did not begin with a SETTINGS frame${advice}`
        reject(new ConnectionError('WS_ERR_HTTP2', message, { cause: this.error }))
      })
    })
    this.#settings.catch(() => {})
    socket.once('end', () => {
      this.#hasEnded = true
      // Without a user there is nothing left to send, and the first SETTINGS frame cannot come any more.
      if (this.#users === 0) socket.destroy()
      this.close()
      for (const onEnd of this.#onEnds) onEnd()
    })
    if (MISSES_ENDS && pingInterval > 0) this.#ping(pingInterval)
    // Streams that are open go on, and no stream is opened any more.
    session.on('goaway', () => this.close())
    // A server may push before it has read our SETTINGS, which forbid that (RFC 9113 section 8.4). Such a stream is refused.
    session.on('stream', stream => (stream as Http2Stream).close(REFUSED_STREAM))
  }

  /**
   * Waits for the server's first SETTINGS frame, and returns whether it allows extended CONNECT (RFC 8441 section 3).
   *
   * @param signal drops the connection when aborted before
   * @throws (rejects with) why the connection was lost, or the reason of the signal
   */
  takesWebSockets(signal: ConnectSignal): Promise<boolean> {
    return new Promise((fulfil, reject) => {
      this.#settings.then(fulfil, reject)
      signal.addEventListener('abort', () => {
        if (this.#hasSettings) return
        reject(signal.reason)
        this.#session.destroy()
      })
    })
  }

  onClose(callback: () => void): void {
    this.#session.on('close', callback)
  }

  /** Takes no more streams, and closes once those that are open are over. */
  close(): void {
    this.#session.close()
    // `close` of the session waits for ever where the server does not read, or does not close TCP.
    if (this.#users === 0) this.#idleTimer = startTimer(this.#idleTimeout, () => this.#socket.destroy())
  }

  /** Whether no stream can be opened any more. */
  get isOver(): boolean {
    return this.#session.closed || this.isLost
  }

  /** Whether nothing arrives any more on any stream. */
  get isLost(): boolean {
    return this.#hasEnded || this.#session.destroyed
  }

  /** Whether the server allows one more stream, and the option `allowAddress` of a socket the address that is connected. */
  takes(allowAddress: NetworkOptions['allowAddress']): boolean {
    return this.#users < this.#limit && refusalOf(this.#trace.remoteAddress, allowAddress) === undefined
  }

  /** Notes in the trace of a socket which way it takes. */
  tell(trace: Trace): void {
    Object.assign(trace, this.#trace, { step: trace.step })
  }

  /** Adds a user, who keeps the process alive. */
  enter(): void {
    this.#users++
    stopTimer(this.#idleTimer)
    this.ref()
  }

  /** The reverse of `enter`, behind an `unref`. */
  leave(): void {
    if (--this.#users === 0) this.#idleTimer = startTimer(this.isOver ? 0 : this.#idleTimeout, () => this.close())
  }

  /** Asks for a sign of life (RFC 9113 section 6.7) at each interval, and drops a connection that gave none. */
  #ping(interval: number): void {
    if (this.#session.destroyed) return
    let isAnswered = false
    this.#session.ping(error => {
      isAnswered = !error
    })
    new Deadline(interval, () => {
      if (isAnswered) this.#ping(interval)
      else
        this.#session.destroy(new Error(`The server did not answer a PING frame within ${interval} ms ("keepAlive")`))
    })
  }

  /**
   * Calls back once the socket takes more bytes, which may be at once. To be called when a write to a stream is done: Deno, and
   * Bun in a tunnel, write to the socket without regard for its backpressure, and report the bytes as written.
   */
  onceFlushed(callback: () => void): void {
    if (this.#socket.writableNeedDrain) this.#socket.once('drain', callback)
    else callback()
  }

  ref(): void {
    if (this.#refs++ === 0 && !this.#session.destroyed) this.#session.ref()
  }

  unref(): void {
    if (--this.#refs === 0 && !this.#session.destroyed) this.#session.unref()
  }

  /**
   * Opens a stream.
   *
   * @param onEnd called if the server ends TCP before the stream is closed: nothing follows what has arrived
   * @throws if the connection takes none any more, or for fields that HTTP/2 does not allow
   */
  request(headers: object, onEnd: () => void): Http2Stream {
    const stream = this.#session.request(headers, shielded({ endStream: false }))
    this.wasUsed = true
    this.#onEnds.add(onEnd)
    stream.on('close', () => this.#onEnds.delete(onEnd))
    return stream
  }
}
