import { host } from '../host/host.ts'
import { startTimer, stopTimer, type Timer } from '../host/timers.ts'
import { ABNORMAL_CLOSURE } from '../protocol/close.ts'
import { ConnectionError, type FailureCode } from '../protocol/errors.ts'
import { CLOSED, CONNECTING, OPEN } from '../session/ready-state.ts'
import { CloseEvent, errorEvent, type HostSocket, type HostSocketEvent, HostWebSocket, scope } from './host-classes.ts'
import type { PageSettings } from './options.ts'
import { profile } from './profile.ts'

/** The host's own `close`: the method of a `configured` class calls the watch, which calls this one. */
const closeSocket = HostWebSocket.prototype.close

/** The watches of the sockets of `configured` classes and of streams, and of every socket that a function was given. */
const watches = new WeakMap<object, SocketWatch>()

/** The watch of a socket, which begins now unless it has begun before. */
export function watchOf(socket: HostSocket): SocketWatch {
  let watch = watches.get(socket)
  if (watch === undefined) {
    watch = new SocketWatch(socket)
    watches.set(socket, watch)
  }
  return watch
}

/**
 * Watches a socket of the host: knows why it failed, as far as a page may know, and enforces what the host has no option for.
 *
 * A page cannot drop a connection that is open. What is given up here is closed, and for the user it ends at once: the events
 * `error` and `close` are fired, and what the host fires later is held back.
 */
export class SocketWatch {
  /** Why the socket failed; undefined if it did not, or not yet. */
  failure: ConnectionError | undefined

  readonly #socket: HostSocket
  /** Whether the socket has been open, as far as it was watched. */
  #wasOpen: boolean
  #isGivenUp = false
  /** Whether `close` has been fired. */
  #isOver = false
  /** The event that is fired in place of the host's. */
  #ownEvent: unknown
  #timer: Timer | undefined
  #closeTimeout = 0
  #removeAbortListener: (() => void) | undefined

  constructor(socket: HostSocket) {
    this.#socket = socket
    this.#wasOpen = socket.readyState === OPEN
    this.#isOver = socket.readyState === CLOSED
    if (this.#isOver) {
      this.#readCurrentEvent()
      return
    }
    // In the capturing phase, to be called before the listeners of the user.
    for (const type of ['open', 'message', 'error', 'close']) socket.addEventListener(type, this.#listener, true)
  }

  /** Applies options to a socket that was just made. */
  limit({ signal, handshakeTimeout, closeTimeout }: PageSettings): void {
    this.#closeTimeout = closeTimeout
    if (handshakeTimeout > 0) {
      const message = `The opening handshake did not complete within ${handshakeTimeout} ms ("handshakeTimeout")`
      this.#timer = startTimer(handshakeTimeout, () => this.failOpening('WS_ERR_HANDSHAKE_TIMEOUT', message))
    }
    if (signal === undefined) return
    const abort = (): void => this.failOpening('WS_ERR_ABORTED', 'The opening handshake was aborted', signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort)
    this.#removeAbortListener = () => signal.removeEventListener('abort', abort)
  }

  /** Fails a socket that is not open yet: the host fires its events. Without effect on any other. */
  failOpening(code: FailureCode, message: string, cause?: unknown): void {
    if (this.#socket.readyState !== CONNECTING) return
    this.failure ??= new ConnectionError(code, message, { cause })
    closeSocket.call(this.#socket)
  }

  /**
   * The user has called `close`.
   *
   * @param state the ready state before
   */
  closeStarted(state: number): void {
    if (state === OPEN) this.startCloseTimer()
    if (state !== CONNECTING) return
    this.failure ??= new ConnectionError('WS_ERR_CLOSED_BEFORE_OPEN', 'The WebSocket was closed before it was open')
  }

  /** Limits the time until the host fires `close`. Begins anew with each call. */
  startCloseTimer(): void {
    if (this.#closeTimeout === 0 || this.#isOver) return
    stopTimer(this.#timer)
    const message = `The closing handshake did not complete within ${this.#closeTimeout} ms ("closeTimeout")`
    this.#timer = startTimer(this.#closeTimeout, () =>
      this.giveUp(new ConnectionError('WS_ERR_CLOSE_TIMEOUT', message)),
    )
  }

  /** Ends the socket for the user, and closes the connection as the host sees fit. */
  giveUp(failure: ConnectionError): void {
    if (this.#isOver || this.#isGivenUp) return
    this.failure ??= failure
    const wasConnecting = this.#socket.readyState === CONNECTING
    this.#isGivenUp = !wasConnecting
    closeSocket.call(this.#socket)
    // The host fails a socket that is not open at once.
    if (!wasConnecting) host.queueTask(() => this.#end())
  }

  #end(): void {
    Object.defineProperty(this.#socket, 'readyState', { value: CLOSED, configurable: true })
    this.#fire(errorEvent())
    this.#fire(new CloseEvent('close', { wasClean: false, code: ABNORMAL_CLOSURE, reason: '' }))
  }

  #fire(event: unknown): void {
    this.#ownEvent = event
    this.#socket.dispatchEvent(event)
  }

  readonly #listener = (event: HostSocketEvent): void => {
    if (this.#isGivenUp && event !== this.#ownEvent) return event.stopImmediatePropagation?.()
    if (event.type === 'open') {
      this.#wasOpen = true
      this.#stopWaiting()
    } else if (event.type === 'error') {
      this.failure ??= this.#describe(event)
    } else if (event.type === 'close') {
      // React Native may not say whether it was clean: then an error came before.
      if (event.wasClean === false) this.failure ??= this.#describe(event)
      this.#isOver = true
      this.#stopWaiting()
    }
  }

  #stopWaiting(): void {
    stopTimer(this.#timer)
    this.#removeAbortListener?.()
    this.#removeAbortListener = undefined
  }

  /** Why a socket was closed that nobody watched: the event of the page that is being dispatched tells, if it is the socket's. */
  #readCurrentEvent(): void {
    const event = scope.event as (HostSocketEvent & { readonly target?: unknown }) | undefined
    if (event?.target !== this.#socket) return
    if (event.type === 'error' || event.wasClean === false) this.failure = this.#describe(event)
  }

  /** Pages are not told why a connection fails, lest they explore the network of the user. */
  #describe({ message }: HostSocketEvent): ConnectionError {
    const told = message === undefined || message === '' ? `, and ${profile.name} does not tell why` : `: ${message}`
    return this.#wasOpen
      ? new ConnectionError('WS_ERR_CONNECTION_LOST', `The connection was lost${told}`)
      : new ConnectionError('WS_ERR_CONNECT', `The connection could not be established${told}`)
  }
}
