/** Receive backpressure: thresholds, and the class that applies them. */

/**
 * Cost of a message beside its payload, in bytes, wherever messages that wait are counted: it bounds a flood of empty ones.
 * The payload of a text message counts as its number of UTF-16 code units.
 */
export const MESSAGE_OVERHEAD = 128

/** The payload of a message that a WebSocket has delivered, in the same unit. */
export function sizeOf(message: unknown): number {
  if (typeof message === 'string') return message.length
  return (message as { readonly byteLength?: number }).byteLength ?? (message as { readonly size: number }).size
}

/** Backpressure threshold of a WebSocket: bytes of messages whose events have not been dispatched. */
export const MAX_UNDISPATCHED: number = 512 * 1024

/** Backpressure threshold of a WebSocketStream: bytes of messages that no reader has taken. */
export const MAX_UNREAD: number = 256 * 1024

/** Gives out messages. Between `pause` and `resume` it gives out none, and reads nothing from the network. */
export interface Pausable {
  pause(): void
  /** Gives out messages again, some of them maybe before it returns. */
  resume(): void
}

/**
 * Pauses the source of messages while more than `limit` bytes of them wait for the user. Resumes it when no more than half
 * of the limit waits: with a single threshold, it would pause and resume for every message.
 */
export class ReceiveBackpressure {
  readonly #limit: number
  readonly #source: Pausable
  #isPaused = false

  /** @param limit bytes */
  constructor(limit: number, source: Pausable) {
    this.#limit = limit
    this.#source = source
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** To be called after each change of the number of bytes that wait. */
  update(waiting: number): void {
    if (this.#isPaused) {
      if (waiting <= this.#limit / 2) this.release()
    } else if (waiting > this.#limit) {
      this.#isPaused = true
      this.#source.pause()
    }
  }

  /** Resumes a paused source, however much waits. */
  release(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#source.resume()
  }
}
