import { host } from '../host/host.ts'
import { startTimer, type Timer } from '../host/timers.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { type Agreement, createHandshake, type Handshake, validateResponse } from '../protocol/handshake.ts'
import { getAll } from '../protocol/header-values.ts'
import type { ResolvedHost } from '../transport/connect.ts'
import { duplexPipe } from '../transport/duplex.ts'
import { upgradeOver } from '../transport/http1.ts'
import type { Duplex, HeaderList, Pipe, ResponseHead } from '../transport/pipe.ts'
import { enterConnectionQueue } from './connection-queue.ts'
import type { Settings } from './options.ts'
import { hostOf, isBlockedPort, percentDecode, portOf } from './url.ts'

/** Where `establish` reports: one of the two, once. */
export interface OpeningHandshakeHandler {
  /** The pipe is to be started within the call. */
  established(pipe: Pipe, agreement: Agreement, head: ResponseHead): void
  failed(error: ConnectionError): void
}

/** That of a response which was upgraded. */
export const NO_BODY: Uint8Array = new Uint8Array(0)

/**
 * An attempt to establish a WebSocket connection: resolve, wait in line, connect, shake hands. Anything that ends it
 * early lets go of all that it holds.
 *
 * @see https://websockets.spec.whatwg.org/#concept-websocket-establish
 */
export class OpeningHandshake {
  readonly #url: URL
  readonly #protocols: readonly string[]
  readonly #settings: Settings
  readonly #handler: OpeningHandshakeHandler
  readonly #connecting = new AbortController()
  #over = false
  #leaveQueue: (() => void) | undefined
  #cancelExchange: ((reason?: unknown) => void) | undefined
  #timer: Timer | undefined

  constructor(url: URL, protocols: readonly string[], settings: Settings, handler: OpeningHandshakeHandler) {
    this.#url = url
    this.#protocols = protocols
    this.#settings = settings
    this.#handler = handler
  }

  /** Starts the attempt. The handler may be called before this returns. */
  start(): void {
    const { signal } = this.#settings
    if (signal?.aborted) return this.#aborted()
    signal?.addEventListener('abort', this.#aborted)
    const port = portOf(this.#url)
    if (isBlockedPort(port)) {
      return this.fail(
        new ConnectionError('WS_ERR_BLOCKED_PORT', `Port ${port} is blocked: it belongs to another protocol`),
      )
    }
    this.#open().catch(cause => {
      const message = `Could not connect to ${this.#url.host}: ${messageOf(cause)}`
      this.fail(new ConnectionError('WS_ERR_CONNECT', message, { cause }))
    })
  }

  /** Gives the attempt up; the handler hears why. Without effect once it is over. */
  fail(error: ConnectionError): void {
    if (this.#over) return
    this.#finish()
    this.#connecting.abort(error)
    this.#cancelExchange?.(error)
    this.#handler.failed(error)
  }

  async #open(): Promise<void> {
    const own = this.#settings.connect
    const name = hostOf(this.#url)
    const port = portOf(this.#url)
    let location: ResolvedHost | undefined
    this.#startTimer()
    if (own === undefined && host.resolveHost !== undefined) {
      location = await host.resolveHost(name, port)
      if (this.#over) return
    }
    // Waiting in line for others is no fault of the server's, so the time starts anew when it is over.
    clearTimeout(this.#timer)
    // Without the address, the name has to stand for the remote host.
    const leaveQueue = await enterConnectionQueue(location?.key ?? `${name} ${port}`)
    if (this.#over) return leaveQueue()
    this.#leaveQueue = leaveQueue
    this.#startTimer()

    const target = {
      host: name,
      port,
      secure: this.#url.protocol === 'wss:',
      url: this.#url.href,
      signal: this.#connecting.signal,
      ...(location === undefined ? {} : { addresses: location.addresses }),
    }
    const opened = await (own === undefined ? connectByHost(target, this.#settings) : own(target))
    const pipe = asPipe(opened)
    if (this.#over) {
      pipe.start(DEAF)
      pipe.abort()
      return
    }
    this.#shakeHands(pipe)
  }

  #shakeHands(pipe: Pipe): void {
    const handshake = createHandshake(host.platform, {
      host: this.#url.host,
      protocols: this.#protocols,
      origin: this.#settings.origin ?? documentOrigin(),
      headers: withCredentials(this.#url, this.#settings.headers),
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
    const { handshakeTimeout } = this.#settings
    const message = `The opening handshake was not done within ${handshakeTimeout} ms`
    this.fail(new ConnectionError('WS_ERR_HANDSHAKE_TIMEOUT', message))
  }
}

function connectByHost(target: Parameters<NonNullable<typeof host.connect>>[0], settings: Settings): PromiseLike<Pipe> {
  if (host.connect === undefined) throw new TypeError('This host has no transport: pass the option "connect"')
  return host.connect(target, settings.tls)
}

function asPipe(opened: Pipe | Duplex): Pipe {
  if (typeof opened === 'object' && opened !== null) {
    if ('start' in opened) return opened
    if ('readable' in opened && 'writable' in opened) return duplexPipe(opened)
  }
  throw new TypeError('The option "connect" gave neither a Pipe nor an object with readable and writable')
}

/** What an error says; one for several addresses (AggregateError) says nothing itself. */
function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const { errors } = cause as { errors?: unknown[] }
  // Those of OpenSSL end with a line break.
  return cause.message === '' && errors !== undefined ? errors.map(messageOf).join(', ') : cause.message.trim()
}

/** The origin of the document or worker that this runs in, where the host has such a thing. */
function documentOrigin(): string | undefined {
  return (globalThis as { location?: { origin?: string } }).location?.origin
}

/** Credentials of the URL become basic authorization (RFC 7617), unless the caller has set his own. */
function withCredentials(url: URL, headers: HeaderList): HeaderList {
  if ((url.username === '' && url.password === '') || getAll(headers, 'authorization').length > 0) return headers
  const user = percentDecode(url.username)
  const password = percentDecode(url.password)
  const bytes = new Uint8Array(user.length + 1 + password.length)
  bytes.set(user)
  bytes[user.length] = 0x3a
  bytes.set(password, user.length + 1)
  return [['Authorization', `Basic ${host.platform.base64(bytes)}`], ...headers]
}

/** For a pipe that nobody wants any more. */
const DEAF = { data(): void {}, drain(): void {}, end(): void {}, close(): void {} }
