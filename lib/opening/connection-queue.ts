import { type IoContext, perIoContext } from '../host/io-context.ts'

/**
 * The connection queue of RFC 6455 section 4.1, step 2: at most one connection to a remote host and port is in the state
 * CONNECTING; the others wait for their turn, in the order in which they came.
 */
class ConnectionQueue {
  /**
   * For each remote host and port with a connection being opened, a promise that resolves when the last one of its queue
   * leaves. `enter` writes an entry; the last one to leave deletes it.
   */
  readonly #tails = new Map<string, Promise<void>>()

  /** Whether a connection to the remote host and port `key` is being opened, so that another one has to wait. */
  isOccupied(key: string): boolean {
    return this.#tails.has(key)
  }

  /**
   * Waits for the turn to connect.
   *
   * @param key the remote host and port
   * @returns a function to call once the connection is open, has failed, or is no longer wanted: it lets the next one connect. Not in
   *   a promise if there is nobody to wait for
   */
  enter(key: string): (() => void) | PromiseLike<() => void> {
    const previous = this.#tails.get(key)
    let leave!: () => void
    const left = new Promise<void>(resolve => {
      leave = resolve
    })
    const tail = previous === undefined ? left : previous.then(() => left)
    this.#tails.set(key, tail)
    const leaveQueue = (): void => {
      leave()
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
    return previous === undefined ? leaveQueue : previous.then(() => leaveQueue)
  }
}

/**
 * The queue of a context of I/O. It is shared by all sockets there, since the RFC counts the connections of a client, not those
 * of one object. On workerd each request is a client: one that has ended would never leave the queue of another.
 */
export const connectionQueueOf: (context: IoContext) => ConnectionQueue = perIoContext(() => new ConnectionQueue())
