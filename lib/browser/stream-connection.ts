import { host } from '../host/host.ts'
import type { MessageConnection } from '../session/message-writable.ts'
import { OPEN } from '../session/ready-state.ts'
import { BufferPoll, bufferedAmountOf } from './buffer-poll.ts'
import type { HostSocket } from './host-classes.ts'

/**
 * Bytes that a socket can have handed to the network between two looks at its `bufferedAmount`: what a network of 1 Gbit/s takes in
 * the longest time between them.
 */
const MAX_AT_ONCE = 1024 * 1024

/** The stream, as seen by its connection. */
export interface ConnectionOwner {
  /** Some of what waited has left for the network. */
  onDrained(): void
  /** The socket takes no more messages, and it was not we who closed it. */
  onEnding(): void
}

/** A socket of the host as the writable side of a WebSocketStream sees a connection. The host sends each message at once. */
export class StreamConnection implements MessageConnection {
  readonly #socket: HostSocket
  readonly #owner: ConnectionOwner
  readonly #poll: BufferPoll
  /** Payload bytes of all messages. */
  #sent = 0
  /** Payload bytes that have left. Never falls. */
  #transmitted = 0
  /** Payload bytes that had left when `bufferedAmount` was read last. */
  #seen = 0
  #isClosing = false

  constructor(socket: HostSocket, owner: ConnectionOwner) {
    this.#socket = socket
    this.#owner = owner
    const isWanted = (): boolean => this.#transmitted < this.#sent && socket.readyState === OPEN
    this.#poll = new BufferPoll(socket, this.#look, isWanted)
  }

  get writable(): boolean {
    if (this.#socket.readyState === OPEN) return true
    if (!this.#isClosing) this.#owner.onEnding()
    return false
  }

  get congested(): boolean {
    return bufferedAmountOf(this.#socket) > 0
  }

  /**
   * Payload bytes that have left for the network.
   *
   * At the server's Close frame, Chromium takes the backlog that it drops out of `bufferedAmount` while the socket is still open.
   * So bytes that leave at once count up to `MAX_AT_ONCE`, and more of them if the socket is open in a later task.
   */
  get transmitted(): number {
    const left = this.#sent - bufferedAmountOf(this.#socket)
    const isCertain = this.#isClosing || this.#socket.bufferedAmount === undefined
    if (isCertain || left - this.#transmitted <= MAX_AT_ONCE) this.#transmitted = left
    return this.#transmitted
  }

  /** @returns bytes of the payload */
  sendText(text: string): number {
    const length = host.platform.utf8Length(text)
    this.#socket.send(text)
    this.#sent += length
    return length
  }

  sendBinary(bytes: Uint8Array): void {
    this.#socket.send(bytes)
    this.#sent += bytes.length
  }

  startClosingHandshake(code: number | undefined, reason: string): void {
    this.#isClosing = true
    if (code === undefined) this.#socket.close()
    else this.#socket.close(code, reason)
  }

  flush(): void {
    if (this.transmitted < this.#sent) this.#poll.start()
  }

  // Called by the poll, in a task of its own.

  readonly #look = (): void => {
    if (this.#socket.readyState === OPEN) this.#transmitted = Math.max(this.#transmitted, this.#seen)
    this.#seen = this.#sent - bufferedAmountOf(this.#socket)
    this.#owner.onDrained()
  }
}
