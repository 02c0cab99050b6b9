import { host } from '../host/host.ts'
import { startTimer, type Timer } from '../host/timers.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { type Agreement, createHandshake, type Handshake, validateResponse } from '../protocol/handshake.ts'
import type { ConnectTarget, ResolvedHost } from '../transport/connect.ts'
import { duplexPipe } from '../transport/duplex.ts'
import { GuardedPipe } from '../transport/guarded-pipe.ts'
import { upgradeOver } from '../transport/http1.ts'
import type { Duplex, Pipe, PipeSink, ResponseHead } from '../transport/pipe.ts'
import { connectionQueue } from './connection-queue.ts'
import { addCredentials } from './credentials.ts'
import { isDuplex, isPipe } from './options/connect.ts'
import type { Settings } from './options.ts'
import { hostOf, isBlockedPort, portOf } from './url.ts'

/** Called by an `OpeningHandshake` when it ends: one of the two, once. */
export interface OpeningHandshakeHandler {
  /** The connection is open. The pipe has to be started within the call. */
  established(pipe: Pipe, agreement: Agreement, head: ResponseHead): void
  failed(error: ConnectionError): void
}

/** The body of a response that upgraded the connection. */
export const NO_BODY: Uint8Array = new Uint8Array(0)

/**
 * The opening of one connection: resolve the host name, wait in the connection queue, connect, shake hands. Whatever ends
 * it early releases its place in the queue, its timer, its listener on the signal, and its pipe.
 *
 * @see https://websockets.spec.whatwg.org/#concept-websocket-establish
 */
export class OpeningHandshake {
  readonly #url: URL
  readonly #protocols: readonly string[]
  readonly #settings: Settings
  readonly #handler: OpeningHandshakeHandler
  /** Tells the transport that nobody waits for the connection any more. */
  readonly #connecting = new AbortController()
  /** Set once, before the handler is called. A stage that completes afterwards only releases what it got. */
  #over = false
  /** Set while this connection has its turn in the connection queue. */
  #leaveQueue: (() => void) | undefined
  /** Set from the request on: drops the HTTP exchange and its pipe. */
  #cancelExchange: ((reason?: unknown) => void) | undefined
  #timer: Timer | undefined

  constructor(url: URL, protocols: readonly string[], settings: Settings, handler: OpeningHandshakeHandler) {
    this.#url = url
    this.#protocols = protocols
    this.#settings = settings
    this.#handler = handler
  }

  /** Starts to open the connection. The handler may be called before this returns. */
  start(): void {
    const { signal } = this.#settings
    if (signal?.aborted) return this.#aborted()
    signal?.addEventListener('abort', this.#aborted)
    const port = portOf(this.#url)
    if (isBlockedPort(port)) {
      const message = `Port ${port} is blocked: it belongs to another protocol`
      return this.fail(new ConnectionError('WS_ERR_BLOCKED_PORT', message))
    }
    this.#open().catch(cause => {
      const message = `Could not connect to ${this.#url.host}: ${messageOf(cause)}`
      this.fail(new ConnectionError('WS_ERR_CONNECT', message, { cause }))
    })
  }

  /** Gives up, and passes `error` to the handler. Has no effect once the handler was called. */
  fail(error: ConnectionError): void {
    if (this.#over) return
    this.#finish()
    this.#connecting.abort(error)
    this.#cancelExchange?.(error)
    this.#handler.failed(error)
  }

  async #open(): Promise<void> {
    const { connect } = this.#settings
    const name = hostOf(this.#url)
    const port = portOf(this.#url)

    // 1. Resolve the host name, unless the caller's transport does. This has a time limit of its own.
    let location: ResolvedHost | undefined
    this.#startTimer()
    if (connect === undefined && host.resolveHost !== undefined) {
      location = await host.resolveHost(name, port)
      if (this.#over) return
    }
    clearTimeout(this.#timer)

    // 2. Wait in the connection queue, without a time limit: a queue is no fault of the server. The queue of a host whose
    // address is not known here is that of its name.
    const leaveQueue = await connectionQueue.enter(location?.key ?? `${name} ${port}`)
    if (this.#over) return leaveQueue()
    this.#leaveQueue = leaveQueue
    this.#startTimer()

    // 3. Connect.
    const target: ConnectTarget = {
      host: name,
      port,
      secure: this.#url.protocol === 'wss:',
      url: this.#url.href,
      signal: this.#connecting.signal,
      ...(location === undefined ? {} : { addresses: location.addresses }),
    }
    const pipe = connect === undefined ? await connectByHost(target, this.#settings) : asPipe(await connect(target))
    if (this.#over) {
      pipe.start(NULL_SINK)
      pipe.abort()
      return
    }

    // 4. Shake hands.
    this.#shakeHands(pipe)
  }

  #shakeHands(pipe: Pipe): void {
    const handshake = createHandshake(host.platform, {
      host: this.#url.host,
      protocols: this.#protocols,
      origin: this.#settings.origin ?? documentOrigin(),
      headers: addCredentials(this.#settings.headers, this.#url),
      deflate: host.platform.compression === undefined ? undefined : this.#settings.perMessageDeflate,
    })
    const request = { target: this.#url.pathname + this.#url.search, headers: handshake.headers }
    this.#cancelExchange = upgradeOver(pipe)(request, {
      upgraded: (head, upgraded) => this.#upgraded(handshake, head, upgraded),
      refused: (head, body) => this.#refused(head, body),
      failed: error => this.fail(error as ConnectionError),
    })
  }

  #upgraded(handshake: Handshake, head: ResponseHead, pipe: Pipe): void {
    if (this.#over) return pipe.abort()
    const agreement = validateResponse(host.platform, handshake, head)
    if (agreement instanceof ConnectionError) {
      pipe.abort(agreement)
      const response = { ...head, body: NO_BODY }
      return this.fail(new ConnectionError(agreement.code, agreement.message, { response }))
    }
    this.#finish()
    this.#handler.established(pipe, agreement, head)
  }

  #refused(head: ResponseHead, body: Uint8Array): void {
    const status = `${head.status} ${head.statusText}`.trimEnd()
    const message = `The server answered the handshake with status ${status} instead of 101`
    this.fail(new ConnectionError('WS_ERR_UNEXPECTED_STATUS', message, { response: { ...head, body } }))
  }

  #startTimer(): void {
    this.#timer = startTimer(this.#settings.handshakeTimeout, this.#timedOut)
  }

  #finish(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#settings.signal?.removeEventListener('abort', this.#aborted)
    this.#leaveQueue?.()
  }

  readonly #aborted = (): void => {
    const cause = this.#settings.signal?.reason
    this.fail(new ConnectionError('WS_ERR_ABORTED', 'The signal of the WebSocket was aborted', { cause }))
  }

  readonly #timedOut = (): void => {
    const message = `The opening handshake did not complete within ${this.#settings.handshakeTimeout} ms`
    this.fail(new ConnectionError('WS_ERR_HANDSHAKE_TIMEOUT', message))
  }
}

function connectByHost(target: ConnectTarget, settings: Settings): PromiseLike<Pipe> {
  if (host.connect === undefined) throw new TypeError('This host has no transport: pass the option "connect"')
  return host.connect(target, settings.tls)
}

/** The pipe of the option `connect`. */
function asPipe(opened: Pipe | Duplex): Pipe {
  if (isPipe(opened)) return new GuardedPipe(opened)
  if (isDuplex(opened)) return new GuardedPipe(duplexPipe(opened))
  throw new TypeError('The option "connect" returned neither a Pipe nor an object with readable and writable')
}

/**
 * The message of an error in one line. An AggregateError, which stands for one error an address, has no message of its own;
 * those of OpenSSL end with a line break.
 */
function messageOf(cause: unknown): string {
  try {
    if (!(cause instanceof Error)) return String(cause)
    const { errors } = cause as { errors?: unknown[] }
    return cause.message === '' && errors !== undefined ? errors.map(messageOf).join(', ') : cause.message.trim()
  } catch {
    // The option `connect` may reject with anything.
    return 'for a reason that cannot be put into words'
  }
}

/** The origin of the document or worker that this runs in; undefined where the host has no location. */
function documentOrigin(): string | undefined {
  return (globalThis as { location?: { origin?: string } }).location?.origin
}

/** The sink of a pipe that came too late: it ignores everything. */
const NULL_SINK: PipeSink = { data() {}, drain() {}, end() {}, close() {} }
