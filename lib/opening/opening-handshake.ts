import type { AsyncContext } from '../host/async-context.ts'
import { host } from '../host/host.ts'
import type { URL } from '../host/host-types.ts'
import type { IoContext } from '../host/io-context.ts'
import { Deadline, now } from '../host/timers.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { type Agreement, createHandshake, type Handshake, validateResponse } from '../protocol/handshake.ts'
import { type ConnectTarget, ExplainedError, type ResolvedHost } from '../transport/connect.ts'
import type { HeaderList, Pipe, ResponseHead } from '../transport/pipe.ts'
import { abortReason, onAbort } from './abort-listeners.ts'
import { connectionQueueOf } from './connection-queue.ts'
import { documentOrigin } from './options/headers.ts'
import { ownMembers } from './options/reading.ts'
import type { Settings } from './options.ts'
import { describeRefusal } from './refusal.ts'
import { hasField, requestFields } from './request-fields.ts'
import { chooseRoute, type Way } from './route.ts'
import { hostOf, isBlockedPort, portOf } from './url.ts'

/** An opening handshake, as the session drives it. */
export interface Opening {
  /** The handler may be called before this returns. */
  start(): void
  /** Gives up, and passes `error` to the handler. Has no effect once the handler was called. */
  fail(error: ConnectionError): void
  /** Sets whether the opening keeps the process alive, as it does by default; and afterwards its connection. */
  keepAlive(wanted: boolean): void
}

/** Called by an `Opening` when it ends: one of the two, once. */
export interface OpeningHandshakeHandler {
  /** The handler, and the code of the user, are called in this context. */
  readonly context: AsyncContext
  /** The connection waits in the queue of this context. */
  readonly io: IoContext
  /** The request is about to be sent. Absent where nobody wants to know. */
  requested?(target: string, headers: HeaderList): void
  /** The connection is open. The pipe has to be started within the call. */
  established(pipe: Pipe, agreement: Agreement, head: ResponseHead): void
  failed(error: ConnectionError): void
}

/** The host's class at load: one that is put on the global scope later may be older, or part of a DOM. */
const HostAbortController = globalThis.AbortController

/** The body of a response that upgraded the connection. */
export const NO_BODY: Uint8Array = new Uint8Array(0)

/**
 * The opening of one connection: resolve the host name, wait in the connection queue, connect, shake hands. Whatever ends
 * it early releases its place in the queue, its timer, its listener on the signal, and its pipe.
 *
 * @see https://websockets.spec.whatwg.org/#concept-websocket-establish
 */
export class OpeningHandshake implements Opening {
  readonly #url: URL
  readonly #protocols: readonly string[]
  readonly #settings: Settings
  /** The value of the Origin field of ours. Read at the start: what is wrong with it is the caller's to hear. */
  readonly #origin: string | undefined
  readonly #handler: OpeningHandshakeHandler
  /** Tells the transport that nobody waits for the connection any more. */
  readonly #connecting = new HostAbortController()
  /** Set once, before the handler is called. A stage that completes afterwards only releases what it got. */
  #over = false
  /** Set while this connection waits for the abort of the option `signal`. */
  #leaveSignal: (() => void) | undefined
  /** Set while this connection has its turn in the connection queue. */
  #leaveQueue: (() => void) | undefined
  /** Milliseconds in the connection queue behind others. */
  #waited = 0
  /** Set from the request on: drops the HTTP exchange and its pipe. */
  #cancelExchange: ((reason?: unknown) => void) | undefined
  /** The time limit of the current stage. Set from `start` to the end: it is also what keeps the process alive meanwhile. */
  #deadline: Deadline | undefined
  #keepsAlive = true
  /** Set while the handshake is made over it. */
  #way: Way | undefined

  constructor(url: URL, protocols: readonly string[], settings: Settings, handler: OpeningHandshakeHandler) {
    this.#url = url
    this.#protocols = protocols
    this.#settings = settings
    this.#origin = hasField(settings.headers, 'Origin') ? undefined : (settings.origin ?? documentOrigin())
    this.#handler = handler
  }

  start(): void {
    const { signal } = this.#settings
    if (signal !== undefined) this.#leaveSignal = onAbort(signal, this.#aborted)
    if (this.#over) return
    const port = portOf(this.#url)
    if (isBlockedPort(port)) {
      const message = `Port ${port} is blocked: it belongs to another protocol`
      return this.fail(new ConnectionError('WS_ERR_BLOCKED_PORT', message))
    }
    this.#open().catch(error => {
      // What the option `connect` rejects with is a cause, whatever it is.
      if (error instanceof ConnectionError && this.#settings.connect === undefined) return this.fail(error)
      const message = `Could not connect to ${this.#url.host}: ${messageOf(error)}`
      const cause: unknown = error instanceof ExplainedError ? error.cause : error
      this.fail(new ConnectionError('WS_ERR_CONNECT', message, { cause }))
    })
  }

  fail(error: ConnectionError): void {
    if (this.#over) return
    this.#finish()
    // The caller may be a timer, a signal, or the program somewhere else.
    this.#handler.context.runInAsyncScope(this.#giveUp, this, error)
  }

  #giveUp(error: ConnectionError): void {
    this.#connecting.abort(error)
    this.#cancelExchange?.(error)
    this.#handler.failed(error)
  }

  keepAlive(wanted: boolean): void {
    this.#keepsAlive = wanted
    this.#deadline?.keepAlive(wanted)
    if (wanted) this.#way?.ref()
    else this.#way?.unref()
  }

  async #open(): Promise<void> {
    const route = chooseRoute(this.#settings)
    const name = hostOf(this.#url)
    const port = portOf(this.#url)

    // 1. Resolve the host name, unless the route does. This has a time limit of its own.
    let location: ResolvedHost | undefined
    const { handshakeTimeout } = this.#settings
    this.#startDeadline(handshakeTimeout)
    if (route.needsAddress && host.resolveHost !== undefined) {
      location = await host.resolveHost(name, port)
      if (this.#over) return
    }

    // 2. Wait in the connection queue, without a time limit: a queue is no fault of the server.
    this.#startDeadline(0)
    if (!this.#settings.connectInParallel) {
      // The queue of a host whose address is not known here is that of its name.
      await this.#enterQueue(location?.key ?? `${name} ${port}`)
      if (this.#over) return this.#leaveQueue?.()
    }
    this.#startDeadline(handshakeTimeout)

    // 3. Connect.
    const target: ConnectTarget = ownMembers({
      host: name,
      port,
      secure: this.#url.protocol === 'wss:',
      url: this.#url.href,
      signal: this.#connecting.signal,
      ...(location === undefined ? {} : { addresses: location.addresses }),
    })
    const way = await route.open(target, this.#settings, this.#handler.context)
    if (this.#over) return way.abort()

    this.#way = way
    if (!this.#keepsAlive) way.unref()

    // 4. Shake hands.
    this.#shakeHands(way)
  }

  /** Waits in the connection queue, without a time limit: a queue is no fault of the server. */
  async #enterQueue(key: string): Promise<void> {
    const queue = connectionQueueOf(this.#handler.io)
    const since = queue.isOccupied(key) ? now() : undefined
    this.#leaveQueue = await queue.enter(key)
    if (since !== undefined) this.#waited = now() - since
  }

  #shakeHands({ upgrade }: Way): void {
    const handshake = createHandshake(host.platform, {
      host: this.#url.host,
      protocols: this.#protocols,
      origin: this.#origin,
      headers: requestFields(this.#settings.headers, this.#url),
      deflate: host.platform.compression === undefined ? undefined : this.#settings.perMessageDeflate,
    })
    this.#handler.requested?.(this.#url.pathname + this.#url.search, handshake.headers)
    const request = { target: this.#url.pathname + this.#url.search, headers: handshake.headers }
    this.#cancelExchange = upgrade(request, {
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
    const message = describeRefusal(head, this.#url, body)
    this.fail(new ConnectionError('WS_ERR_UNEXPECTED_STATUS', message, { response: { ...head, body } }))
  }

  /** @param limit milliseconds; 0 for no limit */
  #startDeadline(limit: number): void {
    this.#deadline?.cancel()
    this.#deadline = new Deadline(limit, this.#timedOut, this.#keepsAlive)
  }

  #finish(): void {
    this.#over = true
    this.#deadline?.cancel()
    this.#leaveSignal?.()
    this.#leaveQueue?.()
  }

  readonly #aborted = (): void => {
    const cause = abortReason(this.#settings.signal!)
    this.fail(new ConnectionError('WS_ERR_ABORTED', 'The signal of the WebSocket was aborted', { cause }))
  }

  readonly #timedOut = (): void => {
    const message = `The opening handshake did not complete within ${this.#settings.handshakeTimeout} ms`
    const line = `, after ${Math.round(this.#waited)} ms in line behind other connections to ${this.#url.host}`
    const waited = this.#waited > 0 ? `${line}: the option "connectInParallel" does not wait for them` : ''
    this.fail(new ConnectionError('WS_ERR_HANDSHAKE_TIMEOUT', message + waited))
  }
}

/**
 * The message of an error in one line. An AggregateError, which stands for one error an address, has no message of its own;
 * those of OpenSSL end with a line break. Errors may be of any realm.
 */
function messageOf(cause: unknown): string {
  try {
    const { message, errors } = Object(cause) as { message?: unknown; errors?: unknown }
    if (typeof message !== 'string') return String(cause)
    return message === '' && Array.isArray(errors) ? errors.map(messageOf).join(', ') : message.trim()
  } catch {
    // The option `connect` may reject with anything.
    return 'for a reason that cannot be put into words'
  }
}
