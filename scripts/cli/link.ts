import { type ConnectionError, failure, terminate, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { isErrorCode, mayBeRetried } from './close-codes.ts'
import type { Message, Recorder } from './exchange-record.ts'
import { messageEntry } from './exchange-record.ts'
import { type Watcher, watched } from './watch.ts'

/** What happens on a link. */
export interface LinkHandler {
  opened(socket: WebSocket): void
  message(message: Message): void
  /** A connection has ended. `retryIn` is set if there will be another one: milliseconds until then. */
  closed(closing: Closing): void
}

export interface Closing {
  readonly socket: WebSocket
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
  /** Whether a script has to know: the connection failed, or the other side closed it with the code of an error. */
  readonly isFailure: boolean
  readonly error: ConnectionError | undefined
  readonly retryIn: number | undefined
}

export interface LinkOptions {
  readonly url: string
  readonly socket: WebSocketOptions
  /** Whether a connection is made again that failed, or whose server goes away for a while. */
  readonly reconnect: boolean
  /** Milliseconds before the first new attempt; each one that fails doubles them. */
  readonly reconnectDelay: number
  readonly watcher?: Watcher | undefined
  readonly recorder?: Recorder | undefined
}

const LONGEST_DELAY = 30_000

/** A connection to a server that is made again when it fails, if that is wanted. */
export class Link {
  readonly options: LinkOptions
  /** The connection of now, or the last one. */
  socket: WebSocket
  readonly #handler: LinkHandler
  #wanted = true
  /** The code with which this side closed the connection. A server repeats it. */
  #ownCode: number | undefined
  #attempts = 0
  #retry: NodeJS.Timeout | undefined

  /** @throws what the constructor of WebSocket throws for a wrong URL, header or subprotocol */
  constructor(options: LinkOptions, handler: LinkHandler) {
    this.options = options
    this.#handler = handler
    this.socket = this.#connect()
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN
  }

  /** Whether another connection is about to be made. */
  get isWaiting(): boolean {
    return this.#retry !== undefined
  }

  send(message: Message): void {
    this.socket.send(message)
    this.options.recorder?.add(messageEntry('sent', message))
  }

  /** Closes the connection, and makes no other one. */
  close(code?: number, reason?: string): void {
    // Throws for a wrong code, with which nothing has happened.
    if (this.socket.readyState === WebSocket.CONNECTING) this.socket.close()
    else this.socket.close(code, reason)
    this.#wanted = false
    this.#ownCode = code
    this.#stopWaiting()
  }

  /** Drops the connection, and makes no other one. */
  drop(): void {
    this.#wanted = false
    this.#stopWaiting()
    terminate(this.socket)
  }

  /** Makes a connection anew. The one that is there must have ended. */
  reconnect(): void {
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#wanted = true
    this.#ownCode = undefined
    this.socket = this.#connect()
  }

  #stopWaiting(): void {
    if (this.#retry === undefined) return
    clearTimeout(this.#retry)
    this.#retry = undefined
    // The connection has ended, its failure was told, and nothing else will tell that it is over.
    const { socket } = this
    const ending = { code: 1006, reason: '', wasClean: false, isFailure: true }
    this.#handler.closed({ socket, ...ending, error: undefined, retryIn: undefined })
  }

  #connect(): WebSocket {
    const { url, socket: options, watcher, recorder } = this.options
    const construct = (): WebSocket => new WebSocket(url, options)
    const socket = watcher === undefined ? construct() : watched(watcher, construct)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      this.#attempts = 0
      recorder?.add({ event: 'open', time: new Date().toISOString(), url: socket.url, protocol: socket.protocol })
      this.#handler.opened(socket)
    }
    socket.onmessage = ({ data }) => {
      const message = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)
      recorder?.add(messageEntry('received', message))
      this.#handler.message(message)
    }
    socket.onclose = ({ code, reason, wasClean }) => {
      recorder?.add({ event: 'close', time: new Date().toISOString(), code, reason })
      const isFailure = !wasClean || (isErrorCode(code) && code !== this.#ownCode)
      const mayRetry = this.options.reconnect && this.#wanted && (!wasClean || mayBeRetried(code))
      const retryIn = mayRetry ? this.#nextDelay() : undefined
      if (retryIn !== undefined) this.#retry = setTimeout(() => this.reconnect(), retryIn)
      this.#handler.closed({ socket, code, reason, wasClean, isFailure, error: failure(socket), retryIn })
    }
    return socket
  }

  #nextDelay(): number {
    return Math.min(this.options.reconnectDelay * 2 ** this.#attempts++, LONGEST_DELAY)
  }
}
