import { failure, WebSocket, type WebSocketOptions } from 'whatwg-websocket'

/** A socket whose messages are JSON of these types. */
export class TypedSocket<Sent, Received> {
  readonly #socket: WebSocket

  constructor(url: string, options: WebSocketOptions = {}) {
    this.#socket = new WebSocket(url, options)
  }

  /** Resolves when messages may be sent; rejects with the reason if the connection fails. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.addEventListener('open', () => resolve(), { once: true })
      this.#socket.addEventListener('close', () => reject(failure(this.#socket)), { once: true })
    })
  }

  send(message: Sent): void {
    this.#socket.send(JSON.stringify(message))
  }

  /** The messages of the server, until the connection ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Received> {
    const messages: Received[] = []
    let wake = (): void => {}
    this.#socket.addEventListener('message', ({ data }) => {
      messages.push(JSON.parse(data as string) as Received)
      wake()
    })
    this.#socket.addEventListener('close', () => wake())
    while (this.#socket.readyState !== WebSocket.CLOSED || messages.length > 0) {
      const message = messages.shift()
      if (message !== undefined) yield message
      else await new Promise<void>(resolve => (wake = resolve))
    }
  }

  close(): void {
    this.#socket.close(1000)
  }
}
