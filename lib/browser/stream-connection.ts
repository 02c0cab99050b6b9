import { host } from '../host/host.ts'
import type { MessageConnection } from '../session/message-writable.ts'
import { OPEN } from '../session/ready-state.ts'
import { BufferPoll, bufferedAmountOf } from './buffer-poll.ts'
import type { HostSocket } from './host-classes.ts'

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
  /** Those that had left when somebody last asked while the socket was open. */
  #transmitted = 0
  #isClosing = false

  constructor(socket: HostSocket, owner: ConnectionOwner) {
    this.#socket = socket
    this.#owner = owner
    const isWanted = (): boolean => this.congested && socket.readyState === OPEN
    this.#poll = new BufferPoll(socket, () => owner.onDrained(), isWanted)
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
   * Payload bytes that have left for the network. Once the server has closed, browsers take the backlog out of `bufferedAmount`
   * and drop it: then the number stays as it was.
   */
  get transmitted(): number {
    if (this.#socket.readyState === OPEN || this.#isClosing) {
      this.#transmitted = this.#sent - bufferedAmountOf(this.#socket)
    }
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
    if (this.congested) this.#poll.start()
  }
}
