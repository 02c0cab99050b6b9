import { inMicrotask } from '../host/microtask.ts'
import { Fifo } from '../protocol/fifo.ts'
import type { Pipe, PipeSink } from './pipe.ts'

/** Both ends of a connection within the process: for tests, and for servers that run in the process of their client. */
export function memoryPair(): [Pipe, Pipe] {
  const left = new MemoryPipe()
  const right = new MemoryPipe()
  left.join(right)
  right.join(left)
  return [left, right]
}

/**
 * One end of the connection. What is written here is delivered to the other end in a microtask, or once that end is started
 * and not paused. Until then it counts as buffered here.
 */
class MemoryPipe implements Pipe {
  #sink: PipeSink | undefined
  #peer: MemoryPipe = this
  /** Bytes that the other end has written, and that were not delivered yet. */
  readonly #inbox: Fifo<Uint8Array> = new Fifo()
  #inboxBytes = 0
  #paused = false
  #scheduled = false
  #mustDrain = false
  /** `end` was called here; the other end's `end` was delivered. */
  #ended = false
  #endSeen = false
  #aborted = false
  #closed = false

  join(peer: MemoryPipe): void {
    this.#peer = peer
  }

  get buffered(): number {
    return this.#peer.#inboxBytes
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    this.#schedule()
  }

  write(bytes: Uint8Array, _more: boolean): boolean {
    const peer = this.#peer
    if (this.#ended || this.#aborted || peer.#aborted || bytes.length === 0) return true
    peer.#inbox.push(bytes)
    peer.#inboxBytes += bytes.length
    peer.#schedule()
    this.#mustDrain = true
    return false
  }

  end(): void {
    this.#ended = true
    this.#schedule()
    this.#peer.#schedule()
  }

  abort(_reason?: unknown): void {
    this.#aborted = true
    // `#inboxBytes` stays: undelivered bytes are still buffered at the other end.
    this.#inbox.clear()
    this.#schedule()
    this.#peer.#schedule()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    inMicrotask(() => {
      this.#scheduled = false
      if (this.#sink !== undefined && !this.#closed) this.#deliver(this.#sink)
    })
  }

  #deliver(sink: PipeSink): void {
    const peer = this.#peer
    while (this.#inbox.length > 0 && !this.#paused && !this.#aborted) {
      const bytes = this.#inbox.shift()!
      this.#inboxBytes -= bytes.length
      sink.data(bytes)
      if (this.#inbox.length === 0) peer.#schedule()
    }
    if (this.#mustDrain && peer.#inbox.length === 0 && !this.#aborted && !peer.#aborted) {
      this.#mustDrain = false
      sink.drain()
    }
    if (peer.#ended && this.#inbox.length === 0 && !this.#endSeen && !this.#aborted) {
      this.#endSeen = true
      sink.end()
      peer.#schedule()
    }
    const finished = this.#ended && this.#endSeen && peer.#endSeen
    if (!this.#aborted && !peer.#aborted && !finished) return
    this.#closed = true
    sink.close(this.#aborted || finished ? undefined : new Error('The other end aborted the connection'))
  }
}
