import { Fifo } from '../protocol/fifo.ts'
import { AsyncIteratorPrototype } from './message-iterator.ts'
import { CLOSED } from './ready-state.ts'

/** The part of a WebSocket that is used here. That of a page may be the host's. */
export interface EventSource {
  readonly readyState: number
  addEventListener(type: string, listener: (event: any) => void): void
  removeEventListener(type: string, listener: (event: any) => void): void
}

/** The socket as the iterator sees it: it is told how much waits, and tells why it failed. */
export interface IteratedSocket {
  /** A message waits in the iterator, or waits no more. Its event counts as dispatched meanwhile, but the message as unread. */
  count(message: unknown, change: 1 | -1): void
  failure(): unknown
}

interface Waiter {
  resolve(result: IteratorResult<unknown, undefined>): void
  reject(reason: unknown): void
}

/**
 * The async iterator over the message events of a WebSocket, used by `for await`. It keeps the messages that arrive from its
 * construction on. It ends when the socket has closed cleanly, behind the last message, and throws the failure otherwise.
 */
export class EventIterator {
  readonly #socket: EventSource
  readonly #counter: IteratedSocket
  /** Messages that nobody has taken. */
  readonly #messages: Fifo<{ readonly value: unknown }> = new Fifo()
  /** Calls of `next` that wait. Empty while messages do. */
  readonly #waiters: Fifo<Waiter> = new Fifo()
  /** Whether nothing more is kept: the socket has closed, or the iteration is over. */
  #isOver = false
  /** Why the socket failed, until `next` has thrown it. */
  #failure: { readonly reason: unknown } | undefined

  constructor(socket: EventSource, counter: IteratedSocket) {
    this.#socket = socket
    this.#counter = counter
    if (socket.readyState === CLOSED) this.#onClose()
    else {
      socket.addEventListener('message', this.#onMessage)
      socket.addEventListener('close', this.#onClose)
    }
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const message = this.#messages.shift()
    if (message !== undefined) {
      this.#counter.count(message.value, -1)
      return Promise.resolve({ done: false, value: message.value })
    }
    if (this.#failure !== undefined) {
      const { reason } = this.#failure
      this.#failure = undefined
      return Promise.reject(reason)
    }
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  /** Ends the iteration, as `break` does. The socket stays open. Messages that wait are dropped. */
  return(value?: unknown): Promise<IteratorResult<unknown, unknown>> {
    this.#end()
    this.#failure = undefined
    for (const message of this.#messages.clear()) this.#counter.count(message.value, -1)
    for (const { resolve } of this.#waiters.clear()) resolve({ done: true, value: undefined })
    return Promise.resolve({ done: true, value })
  }

  readonly #onMessage = ({ data }: { data: unknown }): void => {
    const waiter = this.#waiters.shift()
    if (waiter !== undefined) return waiter.resolve({ done: false, value: data })
    this.#messages.push({ value: data })
    this.#counter.count(data, 1)
  }

  readonly #onClose = (): void => {
    this.#end()
    const reason = this.#counter.failure()
    if (reason !== undefined) this.#failure = { reason }
    for (const { resolve, reject } of this.#waiters.clear()) {
      if (this.#failure === undefined) resolve({ done: true, value: undefined })
      else reject(reason)
      this.#failure = undefined
    }
  }

  #end(): void {
    this.#isOver = true
    this.#socket.removeEventListener('message', this.#onMessage)
    this.#socket.removeEventListener('close', this.#onClose)
  }
}

Object.setPrototypeOf(EventIterator.prototype, AsyncIteratorPrototype)
