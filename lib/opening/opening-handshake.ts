import type { AsyncContext } from '../host/async-context.ts'
import { host } from '../host/host.ts'
import type { URL } from '../host/host-types.ts'
import type { IoContext } from '../host/io-context.ts'
import { Deadline, now } from '../host/timers.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { type Agreement, createHandshake, type Handshake, validateResponse } from '../protocol/handshake.ts'
import { addressRefused, allowedOnly } from '../transport/allowed-address.ts'
import type { ConnectTarget, ResolvedHost } from '../transport/connect.ts'
import type { HeaderList, Pipe, ResponseHead, WayInfo } from '../transport/pipe.ts'
import { startTrace, type Trace } from '../transport/trace.ts'
import { abortReason, onAbort } from './abort-listeners.ts'
import { connectionQueueOf } from './connection-queue.ts'
import { cookieFields, storeCookies } from './cookies.ts'
import { failureOf } from './failure-of.ts'
import { localServer } from './local-server.ts'
import { documentOrigin } from './options/headers.ts'
import type { Settings } from './options.ts'
import { describeRefusal } from './refusal.ts'
import { hasField, requestFields } from './request-fields.ts'
import { chooseRoute } from './route.ts'
import { hostOf, isBlockedPort, portOf } from './url.ts'
import type { Route, Way } from './way.ts'

export type { Trace }

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
  /** The connection is open. The pipe has to be started within the call. The trace is the handler's from then on. */
  established(pipe: Pipe, agreement: Agreement, head: ResponseHead, trace: Trace): void
  failed(error: ConnectionError): void
}

/** The host's class at load: one that is put on the global scope later may be older, or part of a DOM. */
const HostAbortController = globalThis.AbortController

/** Most ways that are opened in turn, where servers ask for another attempt. */
const MAX_ATTEMPTS = 3

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
  /** The value of our Origin field. Read at the start, so that the constructor throws if it is invalid. */
  readonly #origin: string | undefined
  readonly #handler: OpeningHandshakeHandler
  /** Written by each stage, here and in the transport. */
  readonly #trace = startTrace('connect')
  /** The option whose code of the user, or HTTP client of the user's, is at work, whose errors are causes; or an empty string. */
  #option = ''
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
  /** Set while there is a way to the server: drops it, from the request on with the HTTP exchange. */
  #cancelExchange: ((reason?: unknown) => void) | undefined
  /** The time limit of the current stage. Set from `start` to the end: it is also what keeps the process alive meanwhile. */
  #deadline: Deadline | undefined
  #keepsAlive = true
  /** The open way to the server, while the handshake is made over it. */
  #way: Way | undefined
  #attempts = 1

  constructor(url: URL, protocols: readonly string[], settings: Settings, handler: OpeningHandshakeHandler) {
    const local = localServer(url)
    this.#url = local?.url ?? url
    this.#protocols = protocols
    this.#settings =
      local === undefined ? settings : ({ __proto__: settings, socketPath: local.socketPath } as unknown as Settings)
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
    this.#open().catch(this.#failed)
  }

  fail(error: ConnectionError): void {
    if (this.#over) return
    this.#finish()
    // The step that was under way.
    ;(error as { step?: ConnectionError['step'] }).step ??= this.#trace.step
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
    this.#way?.[wanted ? 'ref' : 'unref']()
  }

  async #open(): Promise<void> {
    const { socketPath, allowAddress } = this.#settings
    const route = chooseRoute(this.#settings, this.#url)
    this.#option = route.option ?? ''
    const name = hostOf(this.#url)
    const port = portOf(this.#url)

    // 1. Resolve the host name, unless the route does. This has a time limit of its own.
    let addresses: ResolvedHost['addresses'] | undefined
    let key = socketPath
    let hasWaited = false
    const { handshakeTimeout } = this.#settings
    this.#startDeadline(handshakeTimeout)
    if (socketPath !== undefined) {
      if (allowAddress !== undefined) throw addressRefused('a unix socket')
    } else if (route.needsAddress && host.resolveHost !== undefined) {
      this.#trace.step = 'dns'
      const resolved = await host.resolveHost(name, port, this.#settings)
      if (this.#over) return
      key = resolved.key
      addresses = allowedOnly(resolved.addresses, allowAddress)
      // An IP address needs no lookup.
      hasWaited = addresses[0]!.address !== name
    } else if (route.needsAddress && allowAddress !== undefined) throw addressRefused('an unresolved name')

    // 2. Wait in the connection queue, without a time limit: a queue is no fault of the server.
    if (!this.#settings.connectInParallel) {
      // The queue of a host whose address is not known here is that of its name.
      const queue = connectionQueueOf(this.#handler.io)
      key ??= `${name} ${port}`
      const since = queue.isOccupied(key) && now()
      if (since !== false) this.#startDeadline(0)
      this.#leaveQueue = await queue.enter(key)
      if (this.#over) return this.#leaveQueue()
      if (since !== false) {
        this.#waited = now() - since
        hasWaited = true
      }
    }
    if (hasWaited) this.#startDeadline(handshakeTimeout)

    // 3. Connect.
    this.#trace.step = 'connect'
    const target: ConnectTarget = {
      host: name,
      port,
      secure: this.#url.protocol === 'wss:',
      url: this.#url.href,
      signal: this.#connecting.signal,
      addresses,
    }
    await this.#connect(route, target)
  }

  async #connect(route: Route, target: ConnectTarget): Promise<void> {
    const way = await route.open(target, this.#settings, this.#handler.context, this.#trace)
    if (this.#over) return way.abort()

    this.#way = way
    // Not a closure: with one, minor collections of V8 keep what an opening holds, 3 KB each, until a major one (bench: idle).
    this.#cancelExchange = way.abort
    if (!this.#keepsAlive) way.unref()

    // 4. Shake hands.
    this.#option = ''
    if (!way.connects) this.#trace.step = 'handshake'
    this.#trace.http = way.http
    const { cookieJar } = this.#settings
    const cookies = cookieJar && (await cookieFields(cookieJar, this.#url, this.#settings.headers))
    if (this.#over) return
    if (way.connects) this.#option = route.option!
    this.#shakeHands(way, cookies ?? [], () => {
      // A server may ask for another attempt.
      if (this.#attempts++ === MAX_ATTEMPTS) return false
      this.#trace.step = 'connect'
      this.#connect(route, target).catch(this.#failed)
      return true
    })
  }

  #shakeHands({ upgrade, http }: Way, cookies: HeaderList, retry: () => boolean): void {
    const handshake = createHandshake(host.platform, {
      http,
      host: this.#url.host,
      protocols: this.#protocols,
      origin: this.#origin,
      headers: requestFields(this.#settings.headers, this.#url).concat(cookies),
      deflate: host.platform.compression === undefined ? undefined : this.#settings.perMessageDeflate,
    })
    const request = { target: this.#url.pathname + this.#url.search, headers: handshake.headers }
    // From here on it is the exchange that is given up.
    this.#cancelExchange = undefined
    this.#handler.requested?.(request.target, request.headers)
    this.#cancelExchange = upgrade(request, {
      upgraded: (head, upgraded) => this.#upgraded(handshake, head, upgraded),
      refused: (head, body) => this.#refused(head, body),
      failed: (error, again) => {
        if (!again || this.#over || !retry()) this.#failed(error)
      },
    })
    // Given up within the call. Without effect where the exchange is over.
    if (this.#over) this.#cancelExchange()
  }

  #upgraded(handshake: Handshake, head: ResponseHead, pipe: Pipe): void {
    this.#answered(head)
    if (this.#over) return pipe.abort()
    const agreement = validateResponse(host.platform, handshake, head)
    if (agreement instanceof ConnectionError) {
      pipe.abort(agreement)
      const response = { ...head, ...wayOf(this.#trace), body: NO_BODY }
      return this.fail(new ConnectionError(agreement.code, agreement.message, { response }))
    }
    this.#finish()
    this.#handler.established(pipe, agreement, head, this.#trace)
  }

  #refused(head: ResponseHead, body: Uint8Array): void {
    this.#answered(head)
    const response = { ...head, ...wayOf(this.#trace), body }
    const message = describeRefusal(head, this.#url, body, this.#trace.http)
    this.fail(new ConnectionError('WS_ERR_UNEXPECTED_STATUS', message, { response }))
  }

  /** Tells the cookie jar, which is code of the user and may close the socket. */
  #answered(head: ResponseHead): void {
    if (this.#over) return
    this.#trace.step = 'handshake'
    const { cookieJar } = this.#settings
    if (cookieJar !== undefined)
      this.#handler.context.runInAsyncScope(storeCookies, undefined, cookieJar, this.#url, head)
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

  readonly #failed = (error: unknown): void => {
    const { step, proxy } = this.#trace
    const option = step === 'dns' && this.#settings.lookup ? 'lookup' : this.#option
    this.fail(failureOf(error, step, this.#url.host, proxy, option, this.#option !== ''))
  }

  readonly #aborted = (): void => {
    const cause = abortReason(this.#settings.signal!)
    this.fail(new ConnectionError('WS_ERR_ABORTED', 'The signal was aborted', { cause }))
  }

  readonly #timedOut = (): void => {
    const message = `The opening handshake did not complete within ${this.#settings.handshakeTimeout} ms ("handshakeTimeout")`
    const line = `, after ${Math.round(this.#waited)} ms in line behind other connections to ${this.#url.host}`
    const waited = this.#waited > 0 ? `${line}: "connectInParallel" does not wait for them` : ''
    this.fail(new ConnectionError('WS_ERR_HANDSHAKE_TIMEOUT', message + waited))
  }
}

/** Picks the fields of a trace that `handshake(socket)` shows. */
export function wayOf({ http = '1.1', proxy, remoteAddress, tls }: Trace): WayInfo {
  return { http, proxy, remoteAddress, tls }
}
